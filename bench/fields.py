#!/usr/bin/env python3
"""Values of the index against known metadata: fields.py TRUTH.jsonl SOHOA RECORDS

For each field, printed and handwritten apart: right, wrong and missing values of the index (what
passed the accept line), then the same of everything that was read. Text is compared without case,
diacritics and punctuation; a subject is right from a similarity of 0.95 on.
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
    ("signer_title", "signer_title", None),
]


def fold(text):
    text = unicodedata.normalize("NFD", str(text).lower().replace("đ", "d"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9/]+", " ", text).strip()


def same(field, truth, value):
    truth, value = fold(truth), fold(value)
    if field == "subject":
        truth, value = (re.sub(r"^(v/v|ve viec) ", "", t) for t in (truth, value))
        return difflib.SequenceMatcher(None, truth, value, autojunk=False).ratio() >= 0.95
    return truth == value


def main():
    truth_file, sohoa, records = sys.argv[1:4]
    columns = ", ".join(f"d.{column}" for _, column, _ in FIELDS)
    sql = f"""select i.uri, {columns} from documents d join intake i on i.source_uid = d.source_uid
              where d.page_from = 1"""
    out = subprocess.run(
        [sohoa, "query", "--output", records, "--format", "json", sql],
        check=True, capture_output=True, text=True,
    ).stdout
    rows = {row["uri"].split("/")[-1]: row for row in map(json.loads, out.splitlines())}
    table, wrong = {}, []
    for one in map(json.loads, open(truth_file, encoding="utf-8")):
        row = rows.get(one["file"].split("/")[-1])
        if row is None:
            wrong.append(f"{one['file']}: no row")
            continue
        for field, column, hand in FIELDS:
            kind = "handwritten" if hand and one.get(hand) else "printed"
            counts = table.setdefault((field, kind), {"right": 0, "wrong": 0, "null": 0, "no truth": 0})
            value, truth = row.get(column), one.get(field)
            if truth is None:
                counts["no truth"] += 1
                if value is not None and field in ("number", "notation", "issued_date"):
                    wrong.append(f"{one['file']} {field}: {value!r}, unreadable to the eye")
            elif value is None:
                counts["null"] += 1
            elif same(field, truth, value):
                counts["right"] += 1
            else:
                counts["wrong"] += 1
                wrong.append(f"{one['file']} {field}: {value!r} for {truth!r}")
    print(f"{'field':<14}{'kind':<13}{'right':>6}{'wrong':>7}{'null':>6}{'no truth':>10}")
    for (field, kind), counts in table.items():
        print(f"{field:<14}{kind:<13}{counts['right']:>6}{counts['wrong']:>7}{counts['null']:>6}"
              f"{counts['no truth']:>10}")
    print("\nwrong values past the accept line:")
    print("\n".join(wrong) or "none")


main()
