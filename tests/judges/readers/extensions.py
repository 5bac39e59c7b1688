"""DuckDB's extensions, where they came as packages and nothing may be downloaded."""

import pathlib


def path(name):
    package = __import__(f"duckdb_extension_{name}")
    found = list(pathlib.Path(package.__file__).parent.rglob(f"{name}.duckdb_extension"))
    return str(found[0])


def load(database, name):
    database.execute(f"load '{path(name)}'")
