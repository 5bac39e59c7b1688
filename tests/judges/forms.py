#!/usr/bin/env python3
"""Forms that pyHanko certifies and fills in, judged by `sohoa verify` and by pyHanko.

    forms.py --sohoa PROGRAM FOLDER

Makes a root, a signer and a form of two fields in FOLDER, certifies the form with what it allows and
what it locks, does something to it, and has both judge the result. Where they are to differ the table
says so: pyHanko does not weigh annotations, and lets a filled field show whatever it will.
Exit 0 when every judgement is as the table has it, 1 when one is not, 2 on wrong use.
"""

import io
import json
import logging
import os
import subprocess
import sys

try:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name as name
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import (
        FieldMDPAction,
        FieldMDPSpec,
        MDPPerm,
        SigFieldSpec,
        SigSeedSubFilter,
    )
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext
except ImportError as error:
    print(f"forms.py: pyHanko is missing: {error}", file=sys.stderr)
    sys.exit(77)

WRITTEN = b"/Tx BMC q BT /F1 12 Tf 0 g 2 4 Td (142) Tj ET Q EMC"
SURFACE = b"1 g 0 0 200 20 re f"


def numbers(*values):
    return generic.ArrayObject(map(generic.NumberObject, values))


def look(writer, content):
    font = {name("/Type"): name("/Font"), name("/Subtype"): name("/Type1")}
    font[name("/BaseFont")] = name("/Helvetica")
    fonts = generic.DictionaryObject({name("/F1"): generic.DictionaryObject(font)})
    entries = {
        name("/Type"): name("/XObject"),
        name("/Subtype"): name("/Form"),
        name("/BBox"): numbers(0, 0, 200, 20),
        name("/Resources"): generic.DictionaryObject({name("/Font"): fonts}),
    }
    return writer.add_object(generic.StreamObject(entries, stream_data=content))


def form():
    """A page with an arrival number and its date to be filled in."""
    writer = PdfFileWriter(stream_xrefs=False)
    content = writer.add_object(generic.StreamObject(stream_data=b"0 0 1 rg 20 20 99 99 re f"))
    page = PageObject(contents=content, media_box=generic.ArrayObject(numbers(0, 0, 595, 842)))
    page = writer.insert_page(page)
    fields = generic.ArrayObject()
    for at, field in enumerate(["so", "ngay"]):
        entries = {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/Widget"),
            name("/FT"): name("/Tx"),
            name("/T"): generic.pdf_string(field),
            name("/Rect"): numbers(100, 700 - 40 * at, 300, 720 - 40 * at),
            name("/F"): generic.NumberObject(4),
            name("/P"): page,
        }
        fields.append(writer.add_object(generic.DictionaryObject(entries)))
    page.get_object()[name("/Annots")] = generic.ArrayObject(fields)
    entries = generic.DictionaryObject({name("/Fields"): fields})
    writer.root[name("/AcroForm")] = writer.add_object(entries)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def certified(signer, allowed, locked):
    meta = signers.PdfSignatureMetadata(
        field_name="Certification",
        certify=True,
        docmdp_permissions=allowed,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
    )
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=locked) if locked else None
    spec = SigFieldSpec("Certification", field_mdp_spec=lock)
    work = signers.PdfSigner(meta, signer, new_field_spec=spec)
    return work.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(form()))).getvalue()


def number(writer):
    return writer.root["/AcroForm"]["/Fields"][0]


def filled(writer, content=WRITTEN):
    number(writer)[name("/V")] = generic.pdf_string("142")
    looks = {name("/N"): look(writer, content)}
    number(writer)[name("/AP")] = generic.DictionaryObject(looks)
    writer.update_container(number(writer))


def moved(writer):
    filled(writer)
    number(writer)[name("/Rect")] = numbers(20, 20, 570, 800)


def noted(writer, further=()):
    page = writer.root["/Pages"]["/Kids"][0]
    note = {
        name("/Type"): name("/Annot"),
        name("/Subtype"): name("/FreeText"),
        name("/Rect"): numbers(9, 9, 99, 99),
        name("/Contents"): generic.pdf_string("seen"),
        **dict(further),
    }
    page["/Annots"].append(writer.add_object(generic.DictionaryObject(note)))
    writer.update_container(page["/Annots"])
    writer.update_container(page)


def covered(writer):
    looks = generic.DictionaryObject({name("/N"): look(writer, SURFACE)})
    noted(writer, [(name("/AP"), looks)])


def surfaced(writer):
    filled(writer, SURFACE)


FORMS, NOTES, NOTHING = MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE, MDPPerm.NO_CHANGES
# What it is, what is certified, what is locked, what is done, and whether sohoa and pyHanko take it.
CASES = [
    ("certified for forms, filled in", FORMS, [], filled, True, True),
    ("one field locked, the other filled in", FORMS, ["ngay"], filled, True, True),
    ("certified for notes, filled in", NOTES, [], filled, True, True),
    ("certified for notes, and one added", NOTES, [], noted, True, False),
    ("certified for notes, one with a look added", NOTES, [], covered, False, False),
    ("certified as closed, filled in", NOTHING, [], filled, False, False),
    ("a locked field filled in", FORMS, ["so"], filled, False, False),
    ("certified for forms, a note added", FORMS, [], noted, False, False),
    ("a filled field moved", FORMS, [], moved, False, False),
    ("a surface in a filled field", FORMS, [], surfaced, False, True),
]


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def holder(folder):
    """A root and a certificate of its own below it."""
    key = ["-newkey", "rsa:2048", "-nodes", "-days", "30"]
    openssl(folder, "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-subj",
            "/CN=Forms test root", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl(folder, "req", "-x509", *key, "-keyout", "own.key", "-out", "own.pem", "-subj",
            "/CN=Forms test agency", "-CA", "root.pem", "-CAkey", "root.key", "-addext",
            "basicConstraints=critical,CA:FALSE", "-addext",
            "keyUsage=critical,digitalSignature,nonRepudiation")  # fmt: skip
    paths = [os.path.join(folder, file) for file in ("own.key", "own.pem", "root.pem")]
    return signers.SimpleSigner.load(paths[0], paths[1], ca_chain_files=(paths[2],)), paths[2]


def by_pyhanko(file, root):
    context = ValidationContext(trust_roots=[load_cert_from_pemder(root)], allow_fetching=False)
    [signature] = PdfFileReader(io.BytesIO(file)).embedded_signatures
    status = validate_pdf_signature(signature, context)
    return bool(status.bottom_line and status.docmdp_ok)


def by_sohoa(program, path, root):
    # Nobody could be asked, here and there.
    command = [program, "verify", path, "--json", "--root", root, "--accept-unknown-revocation"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(ran.stdout)["report"]
    return ran.returncode == 0, report["signatures"][0]["later_changes"]


def main(program, folder):
    logging.disable(logging.CRITICAL)
    folder = os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    signer, root = holder(folder)
    wrong = 0
    for what, allowed, locked, change, ours, theirs in CASES:
        writer = IncrementalPdfFileWriter(io.BytesIO(certified(signer, allowed, locked)))
        change(writer)
        out = io.BytesIO()
        writer.write(out)
        path = os.path.join(folder, "form.pdf")
        with open(path, "wb") as file:
            file.write(out.getvalue())
        taken, later = by_sohoa(program, path, root)
        judged = (taken, by_pyhanko(out.getvalue(), root))
        print(f"{what:<40} sohoa {judged[0]!s:<5} ({later})  pyHanko {judged[1]}")
        wrong += judged != (ours, theirs)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "--sohoa":
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[2:]))
