#!/usr/bin/env python3
"""Signatures a second by pyHanko, in memory: signing.py FOLDER SECONDS, after the example `speed`."""

import glob
import io
import json
import logging
import os
import sys
import time

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter


def main(folder, seconds):
    logging.disable(logging.CRITICAL)
    chain = sorted(glob.glob(os.path.join(folder, "chain-*.der")))
    signer = signers.SimpleSigner.load(
        os.path.join(folder, "key.pem"), chain[0], ca_chain_files=chain[1:], prefer_pss=True
    )
    with open(os.path.join(folder, "in.pdf"), "rb") as file:
        document = file.read()
    metadata = signers.PdfSignatureMetadata(
        field_name="AgencySignature", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    count, began = 0, time.monotonic()
    while time.monotonic() - began < seconds:
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        signers.sign_pdf(writer, metadata, signer=signer)
        count += 1
    print(json.dumps({"pyhanko_invisible": count / (time.monotonic() - began)}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
