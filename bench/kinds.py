"""Kinds of PDF to be signed, each made of one PDF/A-2b: how its cross-references are written, which
version its header names, and what it holds already. Every maker takes the document, where the kind
goes, and a function that signs a file."""

import os
import re
import shutil
import subprocess
import zlib

# What PDF/A asks of streams, and qpdf leaves out.
PDF_A = "--newline-before-endstream"

EMPTY_FORM = b"<</Type/XObject/Subtype/Form/BBox[0 0 60 20]/Length 0>>\nstream\n\nendstream"


def not_pdf_a(file):
    """PDF/A-2 is built on PDF 1.7; version 2.0 cannot be one."""
    return "pdf-2_0" in os.path.basename(file)


def qpdf(*options):
    def make(document, to, _):
        subprocess.run(["qpdf", PDF_A, *options, document, to], check=True)

    return make


def plain(document):
    """The document with a classic cross-reference table, and its bytes."""
    return subprocess.run(
        ["qpdf", PDF_A, "--object-streams=disable", document, "-"], check=True, capture_output=True
    ).stdout


def trailer(data):
    """Size, root and place of the newest cross-reference table."""
    size = int(re.findall(rb"/Size (\d+)", data)[-1])
    root = int(re.findall(rb"/Root (\d+) 0 R", data)[-1])
    start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    identity = re.findall(rb"/ID ?\[.*?\]", data, re.S)[-1]
    return size, root, start, identity


def body(data, number):
    """An object of a file without object streams."""
    found = re.search(rb"(?:^|\n)%d 0 obj\s+(.*?)\s+endobj" % number, data, re.S)
    return found.group(1)


def with_entry(dictionary, entry):
    at = dictionary.rindex(b">>")
    return dictionary[:at] + entry + b">>"


def versioned(data, version):
    return b"%PDF-" + version + data[8:]


def appended(data, objects, hidden=None):
    """A further revision with these objects; `hidden` go into an object stream, which only the
    cross-reference stream beside the table knows."""
    size, root, start, identity = trailer(data)
    out = bytearray(data if data.endswith(b"\n") else data + b"\n")
    rows = {}
    for number, content in objects.items():
        rows[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    further = b""
    if hidden:
        packed, own = size + len(objects) + len(hidden), size + len(objects) + len(hidden) + 1
        head, contents = b"", b""
        for number, content in hidden.items():
            head += b"%d %d " % (number, len(contents))
            contents += content + b" "
        stream = zlib.compress(head + contents)
        at = len(out)
        out += b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n" % (
            packed, len(hidden), len(head), len(stream),
        )
        out += stream + b"\nendstream\nendobj\n"
        lines = [(number, bytes([2]) + packed.to_bytes(4, "big") + i.to_bytes(2, "big"))
                 for i, number in enumerate(hidden)]
        lines.append((packed, bytes([1]) + at.to_bytes(4, "big") + bytes(2)))
        lines.append((own, bytes([1]) + len(out).to_bytes(4, "big") + bytes(2)))
        index = b" ".join(b"%d 1" % number for number, _ in lines)
        data_rows = b"".join(row for _, row in lines)
        xref_stream = len(out)
        out += b"%d 0 obj\n<</Type/XRef/W[1 4 2]/Index[%s]/Size %d/Root %d 0 R%s/Length %d>>\n" % (
            own, index, own + 1, root, identity, len(data_rows),
        )
        out += b"stream\n" + data_rows + b"\nendstream\nendobj\n"
        further = b"/XRefStm %d" % xref_stream
        size = own + 1
    table = len(out)
    out += b"xref\n"
    for number, place in sorted(rows.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    size = max(size, max(rows) + 1)
    out += b"trailer\n<</Size %d/Root %d 0 R/Prev %d%s%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        size, root, start, identity, further, table,
    )
    return bytes(out)


def write(to, data):
    with open(to, "wb") as file:
        file.write(data)


def hybrid(document, to, _):
    """The viewer's preferences lie where only readers of cross-reference streams find them."""
    data = versioned(plain(document), b"1.6")
    size, root, _, _ = trailer(data)
    preferences = size + 1
    catalog = with_entry(body(data, root), b"/ViewerPreferences %d 0 R" % preferences)
    hidden = {preferences: b"<</DisplayDocTitle true>>"}
    # One number is left out, as editors leave them.
    write(to, appended(data, {root: catalog}, hidden))


def form(document, to, _):
    """A form with a text field on page 1."""
    data = plain(document)
    size, root, _, _ = trailer(data)
    page = int(re.search(rb"/Kids ?\[ ?(\d+) 0 R", data).group(1))
    field, look = size, size + 1
    widget = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(so_den)/F 4/Rect[40 40 100 60]/P %d 0 R"
        b"/AP<</N %d 0 R>>>>" % (page, look)
    )
    objects = {
        root: with_entry(body(data, root), b"/AcroForm<</Fields[%d 0 R]>>" % field),
        page: with_entry(body(data, page), b"/Annots[%d 0 R]" % field),
        field: widget,
        look: EMPTY_FORM,
    }
    write(to, appended(data, objects))


def signed(document, to, sign):
    sign(document, to)


def as_it_is(document, to, _):
    shutil.copyfile(document, to)


KINDS = {
    "composed": as_it_is,
    "pdf-1_4-table": qpdf("--object-streams=disable", "--force-version=1.4"),
    "pdf-1_5-stream": qpdf("--object-streams=generate", "--force-version=1.5"),
    "pdf-1_6-hybrid": hybrid,
    "pdf-1_7-linearised": qpdf("--linearize", "--object-streams=generate", "--force-version=1.7"),
    "pdf-1_7-form": form,
    "pdf-2_0-stream": qpdf("--object-streams=generate", "--force-version=2.0"),
    "signed": signed,
}
