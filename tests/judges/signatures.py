#!/usr/bin/env python3
"""Independent judges of PDF signatures: pyHanko and poppler's pdfsig.

    signatures.py ROOT.pem FILE.pdf...

Prints one JSON line a file: `valid` (every signature and document time-stamp is, for both judges,
under the given root), `intact`, `coverage` of each signature, how many there are, `stamps` how many
of them are document time-stamps, and what is wrong otherwise. ROOT.pem may hold several roots.
Exit 0 when every file is valid, 1 when one is not, 2 on wrong use, 77 when a judge is missing.
Needs `pip install pyhanko` and Debian's poppler-utils.
"""

import json
import logging
import shutil
import subprocess
import sys

try:
    from pyhanko.keys import load_certs_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
    from pyhanko_certvalidator import ValidationContext
except ImportError as error:
    print(f"signatures.py: pyHanko is missing: {error}", file=sys.stderr)
    sys.exit(77)


def by_pyhanko(path, roots):
    """Field, kind, judgement and coverage of every signature and document time-stamp."""
    with open(path, "rb") as stream:
        reader = PdfFileReader(stream, strict=True)
        found = []
        for signature in reader.embedded_signatures:
            # Test roots publish no revocation data, so none is asked for.
            context = ValidationContext(trust_roots=roots, allow_fetching=False)
            stamp = signature.sig_object_type == "/DocTimeStamp"
            if stamp:
                status = validate_pdf_timestamp(signature, context)
                good = status.valid and status.trusted
            else:
                status = validate_pdf_signature(signature, context, context)
                good = status.valid and status.trusted and status.bottom_line
            found.append(
                {
                    "field": signature.field_name,
                    "stamp": stamp,
                    "valid": bool(good),
                    "intact": bool(status.intact),
                    "coverage": status.coverage.name.lower(),
                    "later": status.modification_level.name.lower(),
                }
            )
        return found


def by_pdfsig(path):
    """Signatures pdfsig calls valid, those it judges, and those of a kind it does not know, which are
    document time-stamps. It knows no root of ours."""
    run = subprocess.run(
        ["pdfsig", "-nocert", path], capture_output=True, text=True, check=False, timeout=120
    )
    unknown = run.stdout.count("Signature Type: unknown")
    lines = [line for line in run.stdout.splitlines() if "Signature Validation:" in line]
    good = sum("Signature is Valid." in line for line in lines)
    return good, len(lines) - unknown, unknown


def judge(path, roots):
    line = {"file": path, "valid": False, "intact": False, "coverage": [], "signatures": 0}
    try:
        found = by_pyhanko(path, roots)
        good, seen, stamps = by_pdfsig(path)
    # A judge that gives up on a file has judged it; the reason is part of the answer.
    except Exception as error:  # pylint: disable=broad-exception-caught
        line["problem"] = f"{type(error).__name__}: {error}"
        return line
    line["signatures"] = len(found)
    line["stamps"] = sum(signature["stamp"] for signature in found)
    line["coverage"] = [signature["coverage"] for signature in found]
    line["intact"] = bool(found) and all(signature["intact"] for signature in found)
    # Nothing but validation data (/DSS) may follow the last of them.
    covers_all = any(
        signature["coverage"] == "entire_file" or signature["later"] == "lta_updates"
        for signature in found
    )
    every = bool(found) and all(signature["valid"] for signature in found)
    line["valid"] = every and covers_all and good == seen > 0
    line["valid"] = line["valid"] and (seen, stamps) == (len(found) - line["stamps"], line["stamps"])
    if not line["valid"]:
        line["problem"] = {"pyhanko": found, "pdfsig": f"{good} of {seen} valid, {stamps} stamps"}
    return line


def main(arguments):
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if shutil.which("pdfsig") is None:
        print("signatures.py: pdfsig is missing (poppler-utils)", file=sys.stderr)
        return 77
    logging.disable(logging.CRITICAL)
    roots = list(load_certs_from_pemder([arguments[0]]))
    lines = [judge(path, roots) for path in arguments[1:]]
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    return 0 if all(line["valid"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
