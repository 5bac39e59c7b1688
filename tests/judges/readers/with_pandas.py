"""pandas reads the index through `deltalake`: whole columns into memory, so name those you need."""

import os
import sys

from deltalake import DeltaTable

output = sys.argv[1]
options = {"allow_http": "true"} | {
    name.lower(): os.environ[name]
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT"]
    if output.startswith("s3://")
}


def table(name, columns):
    on_s3 = output.startswith("s3://")
    stored = DeltaTable(f"{output}/index/{name}", storage_options=options if on_s3 else None)
    return stored.to_pandas(columns=columns)


documents = table(
    "documents",
    ["document_uid", "version", "type_name", "document_year", "page_count", "code_full", "subject"],
)
pages = table("pages", ["document_uid", "version", "ocr_word_count"])


def show(title, frame):
    print(title)
    for row in frame.itertuples(index=False):
        print(*row, sep="|")


named = documents.fillna({"type_name": "", "document_year": 0}).astype({"document_year": int})
show(
    "documents by kind and year",
    named.groupby(["type_name", "document_year"])
    .agg(documents=("document_uid", "size"), pages=("page_count", "sum"))
    .reset_index()
    .sort_values(["type_name", "document_year"]),
)
show(
    "pages of the current versions",
    documents.merge(pages, on=["document_uid", "version"])
    .groupby("document_uid")
    .agg(pages=("ocr_word_count", "size"), words=("ocr_word_count", "sum"))
    .reset_index()
    .sort_values("document_uid"),
)
some = documents[documents["document_year"].between(2000, 2020)]
show(
    "one year",
    some[["document_uid", "code_full", "subject"]].fillna("").sort_values("document_uid"),
)
