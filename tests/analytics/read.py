"""Reads every dataset with the tools of analysts, and prints what they found as JSON:
{how: {dataset: {"types": {column: type}, "rows": [{column: value}]}}}.

    read.py FOLDER DATABASE

FOLDER holds exported files, DATABASE is projections.db, which a server writes meanwhile.
"""

import json
import sqlite3
import sys
import tempfile
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import duckdb_extension_sqlite
import pandas
import pyarrow.parquet


def plain(value):
    """The value as the views have it."""
    if isinstance(value, datetime):
        utc = value.astimezone(timezone.utc)
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if pandas.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def found(types, rows):
    rows = [{name: plain(value) for name, value in row.items()} for row in rows]
    return {"types": types, "rows": rows}


def of_relation(relation):
    types = {name: str(kind) for name, kind in zip(relation.columns, relation.types)}
    return found(types, relation.to_arrow_table().to_pylist())


def of_frame(frame):
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    return found(types, frame.to_dict("records"))


def duckdb_with_sqlite(database):
    """DuckDB with its extension for SQLite, which a package brought: it fetches nothing."""
    beside = Path(duckdb_extension_sqlite.__file__).parent
    [extension] = beside.glob("extensions/*/*.duckdb_extension")
    connection = duckdb.connect()
    # DuckDB knows what is in an extension by the name of its file.
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder, "sqlite_scanner.duckdb_extension")
        named.symlink_to(extension)
        connection.execute(f"LOAD '{named}'")
    connection.execute(f"ATTACH '{database}' AS pawl (TYPE sqlite, READ_ONLY)")
    return connection


def main(folder, database):
    files = sorted(Path(folder).glob("*.parquet"))
    attached = duckdb_with_sqlite(database)
    opened = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    answer = {}

    def note(how, name, what):
        answer.setdefault(how, {})[name] = what

    for file in files:
        name, table = file.stem, file.with_suffix(".csv")
        view = f"analytics_{name}"
        note("duckdb parquet", name, of_relation(duckdb.read_parquet(str(file))))
        note("duckdb csv", name, of_relation(duckdb.read_csv(str(table))))
        note("duckdb sqlite", name, of_relation(attached.sql(f"FROM pawl.{view}")))
        frame = pandas.read_parquet(file, dtype_backend="pyarrow")
        note("pandas parquet", name, of_frame(frame))
        frame = pandas.read_csv(table, dtype_backend="pyarrow")
        note("pandas csv", name, of_frame(frame))
        frame = pandas.read_sql(f"SELECT * FROM {view}", opened, dtype_backend="pyarrow")
        note("pandas sqlite", name, of_frame(frame))
        metadata = pyarrow.parquet.read_metadata(file).metadata
        said = {key.decode(): value.decode() for key, value in metadata.items()}
        note("said", name, said)
        columns = {
            column.name: [column.nullable, column.metadata[b"description"].decode()]
            for column in pyarrow.parquet.read_schema(file)
        }
        note("columns", name, columns)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
