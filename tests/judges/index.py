"""Judges the index with DuckDB: as Delta Lake tables, and as plain Parquet from `index files`.

Both must have the same rows, every document its children, and every page exactly one outcome.
"""

import argparse
import pathlib
import subprocess
import sys

import duckdb

TABLES = ["documents", "document_versions", "pages", "page_text", "findings", "signatures", "intake",
          "events"]


def extension(name):
    """Loads an extension that came as a package, without any download."""
    package = __import__(f"duckdb_extension_{name}")
    found = list(pathlib.Path(package.__file__).parent.rglob(f"{name}.duckdb_extension"))
    return str(found[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sohoa", required=True)
    parser.add_argument("output")
    arguments = parser.parse_args()
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"load '{extension('delta')}'")
    counts = {}
    for table in TABLES:
        files = subprocess.run(
            [arguments.sohoa, "index", "files", table, "--output", arguments.output],
            check=True, capture_output=True, text=True,
        ).stdout.split("\n")[:-1]
        folder = f"{arguments.output}/index/{table}"
        database.execute(f"create view {table} as select * from delta_scan('{folder}')")
        delta = database.sql(f"select count(*) from {table}").fetchone()[0]
        parquet = database.sql(
            f"select count(*) from read_parquet({files!r}, hive_partitioning = true)"
        ).fetchone()[0]
        if delta != parquet:
            sys.exit(f"{table}: {delta} rows as Delta, {parquet} as Parquet")
        counts[table] = delta
    print(counts)
    questions = {
        "documents without pages": """select count(*) from documents d where not exists
            (select 1 from pages p where p.document_uid = d.document_uid)""",
        "documents twice": "select count(*) - count(distinct document_uid) from documents",
        "pages lost": """select coalesce(sum(pages - pages_published - pages_quarantined
            - pages_held), 0) from intake""",
        "pages without a row": """select (select sum(pages) from intake where outcome = 'published'
            and duplicate_of is null) - (select count(*) from pages)""",
        "records without a valid agency signature": """select count(*) from documents
            where confidence_level <> '01' and signature_state <> 'ok'""",
    }
    bad = [name for name, sql in questions.items() if database.sql(sql).fetchone()[0] != 0]
    if bad or counts["documents"] == 0:
        sys.exit(f"wrong: {bad}, {counts['documents']} documents")


if __name__ == "__main__":
    main()
