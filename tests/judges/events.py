"""Judges the audit trail as a stranger would: DuckDB reads the Parquet, hashlib the chain, and
openssl the signed heads. Nothing here is taken from the program but the names of the columns, which
`schemas/events.rs` documents.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys

import duckdb

COLUMNS = (
    "seq prev_hash event_uid province ingest_month occurred_at stage action subject_kind "
    "subject_uid source_uid version dossier_uid dossier_code agency_code agency_uid unit_code "
    "unit_uid actor_kind actor_ref source_addr duration_ms attempt outcome error_code trace_id "
    "details schema_version"
).split()


def row_hash(values):
    row = dict(zip(COLUMNS, values))
    if row["schema_version"] == 1 and row["dossier_code"] is None:
        del row["dossier_code"]
        form = "sohoa-event-1"
    else:
        form = "sohoa-event-2"
    text = json.dumps([form, *row.values()], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def chains(files):
    """The hash of every event, by province and place."""
    named = [f"epoch_us({c})" if c == "occurred_at" else c for c in COLUMNS]
    rows = duckdb.sql(
        f"select {', '.join(named)}, row_hash from read_parquet({files!r}, hive_partitioning = true,"
        " union_by_name = true,"
        " hive_types_autocast = false) order by province, seq"
    ).fetchall()
    found = {}
    for *values, stated in rows:
        seq, before, province = values[0], values[1], values[3]
        chain = found.setdefault(province, {})
        if before != chain.get(seq - 1, "0" * 64) or seq != len(chain) + 1:
            sys.exit(f"{province}: event {seq} does not build on the one before it")
        if row_hash(values) != stated:
            sys.exit(f"{province}: event {seq} has another hash than it states")
        chain[seq] = stated
    return found


def heads(output, root):
    """What the signed heads say, as openssl finds them signed."""
    for path in sorted(pathlib.Path(output).glob("evidence/*/heads/*.p7m")):
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(path)]
        command += ["-CAfile", root, "-purpose", "any"]
        opened = subprocess.run(command, capture_output=True, text=True)
        if opened.returncode != 0:
            sys.exit(f"{path}: {opened.stderr}")
        yield path, json.loads(opened.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sohoa", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("output")
    arguments = parser.parse_args()
    files = subprocess.run(
        [arguments.sohoa, "index", "files", "events", "--output", arguments.output],
        check=True, capture_output=True, text=True,
    ).stdout.split("\n")[:-1]
    found = chains(files)
    signed = 0
    for path, head in heads(arguments.output, arguments.root):
        if found.get(head["province"], {}).get(head["seq"]) != head["row_hash"]:
            sys.exit(f"{path} signs another chain")
        signed += 1
    print({province: len(chain) for province, chain in found.items()}, f"{signed} signed heads")
    if not found or not signed:
        sys.exit("there is nothing to judge")


main()
