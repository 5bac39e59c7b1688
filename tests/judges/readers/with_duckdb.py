"""DuckDB reads the index: the extension `delta` knows its tables, on disk and on S3."""

import os
import sys

import duckdb
from extensions import load

output = sys.argv[1]

# In an installation with access to the network: INSTALL delta; LOAD delta; INSTALL httpfs; LOAD httpfs
database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
load(database, "delta")
if output.startswith("s3://"):
    load(database, "httpfs")
    endpoint = os.environ["AWS_ENDPOINT"]
    database.execute(
        f"""create secret (type s3, key_id '{os.environ["AWS_ACCESS_KEY_ID"]}',
            secret '{os.environ["AWS_SECRET_ACCESS_KEY"]}', region '{os.environ["AWS_REGION"]}',
            endpoint '{endpoint.split("://")[1]}', url_style 'path',
            use_ssl {endpoint.startswith("https")})"""
    )
for table in ["documents", "pages"]:
    database.execute(f"create view {table} as from delta_scan('{output}/index/{table}')")

print("documents by kind and year")
for row in database.sql(
    """select coalesce(type_name, ''), coalesce(document_year, 0), count(*), sum(page_count)
       from documents group by 1, 2 order by 1, 2"""
).fetchall():
    print(*row, sep="|")

print("pages of the current versions")
for row in database.sql(
    """select d.document_uid, count(*), sum(p.ocr_word_count)
       from documents d join pages p using (document_uid, version) group by 1 order by 1"""
).fetchall():
    print(*row, sep="|")

print("one year")
for row in database.sql(
    """select document_uid, coalesce(code_full, ''), coalesce(subject, '')
       from documents where document_year between 2000 and 2020 order by 1"""
).fetchall():
    print(*row, sep="|")
