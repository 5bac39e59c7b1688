#!/usr/bin/env python3
"""An independent judge of PAdES levels: pyHanko's validation by EN 319 102-1, with no network.

    levels.py [--years N] ROOT.pem FILE.pdf...

The level of a file is the highest that holds for its newest signature under the given root:
B-B intact and trusted, B-T with a trusted time-stamp, B-LT when the file's evidence is enough to
judge it by in N years (10), when all of it is out of date and the signers' certificates expired,
B-LTA when a valid document time-stamp over the whole file proves how old that evidence is.
Prints one JSON line a file: `level`, and why it is no higher.
pyHanko 0.38 finds no level above B-T without a time-stamp of the signature itself, and does not know
who issued a list, once it is out of date, when that is an authority below the root; files that rest
on such lists are judged for today with `--years 0`.
A name that begins with a level (`B-LT.anything.pdf`) is what the file should be. Exit 0 when every
file is of the level its name says, 1 when one is not, 2 on wrong use, 77 without pyHanko.
"""

import asyncio
import json
import logging
import os
import sys
from datetime import datetime, timedelta, timezone

try:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.ades.report import AdESPassed
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
    from pyhanko.sign.validation.ades import (
        ades_lta_validation,
        simulate_future_ades_lta_validation,
    )
    from pyhanko.sign.validation.policy_decl import (
        PdfSignatureValidationSpec,
        RevinfoOnlineFetchingRule,
        RevocationInfoGatheringSpec,
        SignatureValidationSpec,
    )
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import (
        REQUIRE_REVINFO,
        CertRevTrustPolicy,
    )
    from pyhanko_certvalidator.registry import SimpleTrustManager
except ImportError as error:
    print(f"levels.py: pyHanko is missing: {error}", file=sys.stderr)
    sys.exit(77)


def rules(root):
    """Evidence is wanted for every certificate, and only the file may give it."""
    certificates = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[root]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    gathering = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=certificates, revinfo_gathering_policy=gathering
        )
    )


def offline(root):
    return ValidationContext(trust_roots=[root], allow_fetching=False)


def judge(path, root, years):
    """The level, and what stands in the way of the next."""
    with open(path, "rb") as stream:
        reader = PdfFileReader(stream, strict=True)
        # pyHanko judges files with both kinds of cross-references where it is not strict alone.
        if reader.xrefs.hybrid_xrefs_present:
            reader = PdfFileReader(stream, strict=False)
        signature = reader.embedded_regular_signatures[-1]
        status = validate_pdf_signature(signature, offline(root), offline(root))
        if not (status.valid and status.intact and status.trusted and status.bottom_line):
            return None, status.pretty_print_details()
        stamp = status.timestamp_validity
        stamps = reader.embedded_timestamp_signatures
        # A time-stamp over the document proves the signature's time as well as one of its own.
        proofs = [stamp] if stamp is not None else []
        proofs += [validate_pdf_timestamp(stamp, offline(root)) for stamp in stamps]
        if not any(proof.valid and proof.trusted for proof in proofs):
            return "B-B", "no trusted time-stamp"
        later = datetime.now(tz=timezone.utc) + timedelta(days=365 * years)
        then = asyncio.run(simulate_future_ades_lta_validation(signature, rules(root), later))
        if then.ades_subindic != AdESPassed.OK:
            return "B-T", f"{then.ades_subindic}: {then.failure_msg}"
        if not stamps:
            return "B-LT", "no document time-stamp"
        for stamp in stamps:
            status = validate_pdf_timestamp(stamp, offline(root))
            if not (status.valid and status.intact and status.trusted):
                return "B-LT", status.pretty_print_details()
        if stamps[-1].evaluate_signature_coverage().name != "ENTIRE_FILE":
            return "B-LT", "the last document time-stamp does not cover the file"
        now = asyncio.run(ades_lta_validation(signature, rules(root)))
        proven = now.oldest_evidence_record_timestamp is not None
        if now.ades_subindic != AdESPassed.OK or not proven:
            return "B-LT", f"{now.ades_subindic}: {now.failure_msg}"
        return "B-LTA", None


def line_of(path, root, years):
    expected = os.path.basename(path).split(".")[0]
    try:
        level, why = judge(path, root, years)
    # A judge that gives up on a file has judged it; the reason is part of the answer.
    except Exception as error:  # pylint: disable=broad-exception-caught
        level, why = None, f"{type(error).__name__}: {error}"
    line = {"file": path, "level": level, "right": level == expected}
    if why is not None:
        line["why"] = why
    return line


def main(arguments):
    years = 10
    if arguments[:1] == ["--years"] and len(arguments) > 1 and arguments[1].isdigit():
        years, arguments = int(arguments[1]), arguments[2:]
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    logging.disable(logging.CRITICAL)
    root = load_cert_from_pemder(arguments[0])
    lines = [line_of(path, root, years) for path in arguments[1:]]
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    return 0 if all(line["right"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
