"""Polars reads the index: lazily, so that only the columns and files that are asked for are read."""

import os
import sys

import polars as pl

output = sys.argv[1]
options = {"allow_http": "true"} | {
    name.lower(): os.environ[name]
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT"]
    if output.startswith("s3://")
}


def table(name):
    on_s3 = output.startswith("s3://")
    return pl.scan_delta(f"{output}/index/{name}", storage_options=options if on_s3 else None)


documents, pages = table("documents"), table("pages")


def show(title, frame):
    print(title)
    for row in frame.collect().iter_rows():
        print(*row, sep="|")


show(
    "documents by kind and year",
    documents.group_by(pl.col("type_name").fill_null(""), pl.col("document_year").fill_null(0))
    .agg(pl.len(), pl.col("page_count").sum())
    .sort("type_name", "document_year"),
)
show(
    "pages of the current versions",
    documents.join(pages, on=["document_uid", "version"])
    .group_by("document_uid")
    .agg(pl.len(), pl.col("ocr_word_count").sum())
    .sort("document_uid"),
)
show(
    "one year",
    documents.filter(pl.col("document_year").is_between(2000, 2020))
    .select("document_uid", pl.col("code_full").fill_null(""), pl.col("subject").fill_null(""))
    .sort("document_uid"),
)
