#!/usr/bin/env python3
"""Independent judges of PDF signatures: pyHanko and poppler's pdfsig.

    signatures.py ROOT.pem FILE.pdf...

Prints one JSON line a file: `valid` (every signature is, for both judges, under the given root),
`intact`, `coverage` of each signature, how many there are, and what is wrong otherwise.
Exit 0 when every file is valid, 1 when one is not, 2 on wrong use, 77 when a judge is missing.
Needs `pip install pyhanko` and Debian's poppler-utils.
"""

import json
import logging
import shutil
import subprocess
import sys

try:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext
except ImportError as error:
    print(f"signatures.py: pyHanko is missing: {error}", file=sys.stderr)
    sys.exit(77)


def by_pyhanko(path, root):
    """Field, judgement and coverage of every signature."""
    with open(path, "rb") as stream:
        reader = PdfFileReader(stream, strict=True)
        found = []
        for signature in reader.embedded_signatures:
            # Test roots publish no revocation data, so none is asked for.
            context = ValidationContext(trust_roots=[root], allow_fetching=False)
            status = validate_pdf_signature(signature, context)
            found.append(
                {
                    "field": signature.field_name,
                    "valid": bool(status.valid and status.trusted and status.bottom_line),
                    "intact": bool(status.intact),
                    "coverage": status.coverage.name.lower(),
                }
            )
        return found


def by_pdfsig(path):
    """Signatures pdfsig calls valid, and all it sees. It knows no root of ours."""
    run = subprocess.run(
        ["pdfsig", "-nocert", path], capture_output=True, text=True, check=False, timeout=120
    )
    lines = [line for line in run.stdout.splitlines() if "Signature Validation:" in line]
    return sum("Signature is Valid." in line for line in lines), len(lines)


def judge(path, root):
    line = {"file": path, "valid": False, "intact": False, "coverage": [], "signatures": 0}
    try:
        found = by_pyhanko(path, root)
        good, seen = by_pdfsig(path)
    # A judge that gives up on a file has judged it; the reason is part of the answer.
    except Exception as error:  # pylint: disable=broad-exception-caught
        line["problem"] = f"{type(error).__name__}: {error}"
        return line
    line["signatures"] = len(found)
    line["coverage"] = [signature["coverage"] for signature in found]
    line["intact"] = bool(found) and all(signature["intact"] for signature in found)
    last_covers_all = bool(found) and "entire_file" in line["coverage"]
    every = bool(found) and all(signature["valid"] for signature in found)
    line["valid"] = every and last_covers_all and good == seen == len(found)
    if not line["valid"]:
        line["problem"] = {"pyhanko": found, "pdfsig": f"{good} of {seen} valid"}
    return line


def main(arguments):
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if shutil.which("pdfsig") is None:
        print("signatures.py: pdfsig is missing (poppler-utils)", file=sys.stderr)
        return 77
    logging.disable(logging.CRITICAL)
    root = load_cert_from_pemder(arguments[0])
    lines = [judge(path, root) for path in arguments[1:]]
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    return 0 if all(line["valid"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
