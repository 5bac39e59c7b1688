#!/usr/bin/env python3
"""Values of the index against known metadata: fields.py TRUTH.jsonl SOHOA RECORDS

For each field, printed and handwritten apart: right, wrong and missing values of the index (what
passed the accept line), and how many have no truth; then every wrong value. Text is compared
without case, diacritics and punctuation; `UBND` is `ủy ban nhân dân`; a subject is right from a
similarity of 0.95 on. The truth's `KT. GIÁM ĐỐC - PHÓ GIÁM ĐỐC` is two columns: authority KT,
title PHÓ GIÁM ĐỐC; an authority where the truth has none is wrong.
`fields.py TRUTH.jsonl ROWS.jsonl` takes the rows from a file instead, as the extraction's example
`evaluate` writes them.
"""

import difflib
import json
import re
import subprocess
import sys
import unicodedata

FIELDS = [
    ("doc_type", "type_name", None),
    ("number", "code_number", "number_handwritten"),
    ("notation", "code_full", "number_handwritten"),
    ("issued_date", "issued_date", "date_handwritten"),
    ("issuing_org", "organ_name", None),
    ("parent_org", "parent_organ_name", None),
    ("place", "issued_place", None),
    ("subject", "subject", None),
    ("signer_name", "signer_name", None),
    ("authority", "signer_authority", None),
    ("signer_title", "signer_title", None),
]
COUNTS = ("right", "wrong", "null", "no truth")


def fold(text):
    text = unicodedata.normalize("NFD", str(text).lower().replace("đ", "d"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"[^a-z0-9/]+", " ", text).strip()
    return text.replace("uy ban nhan dan", "ubnd")


def same(field, truth, value):
    truth, value = fold(truth), fold(value)
    if field == "subject":
        truth, value = (re.sub(r"^(v/v|ve viec) ", "", t) for t in (truth, value))
        return difflib.SequenceMatcher(None, truth, value, autojunk=False).ratio() >= 0.95
    return truth == value


def in_columns(one):
    """The truth with the signer's office cut into authority and title."""
    if one.get("signer_title") is None:
        return one | {"authority": None}
    authority, own = None, []
    for part in one["signer_title"].split(" - "):
        # The innermost authority is the signer's; offices it is held for are not his own.
        if found := re.match(r"(KT|TL|TM|TUQ|Q)\. ", part):
            authority, own = found[1], []
        else:
            own.append(part)
    return one | {"authority": authority, "signer_title": " - ".join(own) or None}


def rows_of(sources):
    columns = ", ".join(f"d.{column}" for _, column, _ in FIELDS)
    if len(sources) == 1:
        lines = open(sources[0], encoding="utf-8").read()
    else:
        sohoa, records = sources
        sql = f"""select i.uri, {columns} from documents d
                  join intake i on i.source_uid = d.source_uid where d.page_from = 1"""
        lines = subprocess.run(
            [sohoa, "query", "--output", records, "--format", "json", sql],
            check=True, capture_output=True, text=True,
        ).stdout
    return list(map(json.loads, lines.splitlines()))


def judge(field, truth, value, known):
    """One of COUNTS; `known` says that a missing truth means there is nothing on the page."""
    if truth is None:
        return "wrong" if known and value is not None else "no truth"
    if value is None:
        return "null"
    return "right" if same(field, truth, value) else "wrong"


def main():
    truth_file, *sources = sys.argv[1:]
    rows = {row["uri"]: row for row in rows_of(sources)}
    table, wrong, totals = {}, [], dict.fromkeys(COUNTS, 0)
    for one in map(json.loads, open(truth_file, encoding="utf-8")):
        # The input may be any folder above the file.
        parts = one["file"].split("/")
        ends = ("/".join(parts[at:]) for at in range(len(parts)))
        row = next((rows[end] for end in ends if end in rows), None)
        if row is None:
            wrong.append(f"{one['file']}: no row")
            continue
        titled, one = one.get("signer_title") is not None, in_columns(one)
        for field, column, hand in FIELDS:
            kind = "handwritten" if hand and one.get(hand) else "printed"
            counts = table.setdefault((field, kind), dict.fromkeys(COUNTS, 0))
            value, truth = row.get(column), one.get(field)
            verdict = judge(field, truth, value, field == "authority" and titled)
            counts[verdict] += 1
            totals[verdict] += 1
            if verdict == "wrong":
                wrong.append(f"{one['file']} {field}: {value!r} for {truth!r}")
            elif (verdict == "no truth" and value is not None
                    and field in ("number", "notation", "issued_date")):
                wrong.append(f"{one['file']} {field}: {value!r}, unreadable to the eye")
    print(f"{'field':<14}{'kind':<13}{'right':>6}{'wrong':>7}{'null':>6}{'no truth':>10}")
    for (field, kind), counts in table.items():
        print(f"{field:<14}{kind:<13}{counts['right']:>6}{counts['wrong']:>7}{counts['null']:>6}"
              f"{counts['no truth']:>10}")
    print("\nwrong values past the accept line:")
    print("\n".join(wrong) or "none")
    print(f"\ntotal: {totals['right']} right, {totals['wrong']} wrong, {totals['null']} null")


if __name__ == "__main__":
    main()
