"""Differences of drawn catalogs, compared with a loop over dictionaries, and known answers from DuckDB."""

import json
import math
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.compare.catalog import Missing, open_catalog
from datacontainer.compare.difference import Change, Difference
from datacontainer.runtime.errors import DataError
from tools.catalogs import COLUMNS, catalog_of, paths

DIGESTS = ["%064x" % number for number in range(4)]


def changes(before: Path, after: Path) -> list[Change]:
    with open_catalog("a", before) as one, open_catalog("b", after) as other:
        return list(Difference(one, other).changes())


@st.composite
def pairs(draw: st.DrawFn) -> tuple[pa.Table, pa.Table]:
    """Two catalogs with common paths, few different contents, and not always the same columns."""
    pool, random = sorted(draw(st.sets(paths, max_size=12))), Random(draw(st.integers(0, 2**32)))
    values = [draw(st.lists(one.values, min_size=1, max_size=2)) if one.name != "never" else [] for one in COLUMNS]
    made = []
    for _ in range(2):
        keys = [key for key in pool if random.random() < 0.7]
        cells = [
            random.choices(
                DIGESTS if one.name == "sha256" else several if one.name == "size" else [*several, None], k=len(keys)
            )
            for one, several in zip(COLUMNS, values, strict=True)
        ]
        table = catalog_of(keys, cells, pa.binary())
        dropped = [one.name for one in COLUMNS if one.name not in ("size", "sha256") and random.random() < 0.1]
        table = table.drop_columns(dropped)
        if "mean" not in dropped and random.random() < 0.2:
            # A column may have another type: floats as integers.
            place = table.schema.get_field_index("mean")
            table = table.set_column(
                place, "mean", pa.array(random.choices([0, 1, 2**53 + 1, None], k=len(keys)), pa.int64())
            )
        made.append(table)
    return made[0], made[1]


def rows_of(table: pa.Table) -> dict[bytes, dict[str, Any]]:
    """The values of each file; JSON texts as values, whose kind is in the pair's first place."""
    columns, metadata = {one.name: one for one in COLUMNS}, table.schema.metadata or {}
    found = {}
    for number, row in enumerate(table.to_pylist()):
        key, values = row.pop("path"), {}
        del row["mtime"]
        for name, value in row.items():
            if value is None:
                none = columns[name].marks and columns[name].is_none(number) and table.schema.field(name).metadata
                values[name] = None if none else Missing
            else:
                values[name] = json.loads(value) if columns[name].kind == "json" else value
        found[key] = values
    assert metadata is not None
    return found


def printed(value: Any) -> str:
    """A text that is equal for values that a listing prints alike."""
    if value is Missing:
        return "missing"
    if isinstance(value, bytes):
        return repr(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "nan" if math.isnan(value) else repr(float(value) + 0.0)
    return json.dumps(value)


def content(row: dict[str, Any]) -> Any:
    link = row.get("link", Missing)
    return row["sha256"] if link is Missing else link


def expected(one: pa.Table, other: pa.Table) -> dict[tuple[str, bytes, bytes | None], set[str]]:
    """The changes and the names of the columns that differ."""
    before, after = rows_of(one), rows_of(other)
    compared = (set(one.column_names) | set(other.column_names)) - {"path", "mtime"}
    compared -= {"crc32c"} & (set(one.column_names) ^ set(other.column_names))
    gone, origin = defaultdict(list), {path: path for path in after if path in before}
    for path in sorted(before.keys() - after.keys()):
        gone[content(before[path])].append(path)
    for path in sorted(after.keys() - before.keys()):
        if same := gone[content(after[path])]:
            origin[path] = same.pop(0)
    found: dict[tuple[str, bytes, bytes | None], set[str]] = {
        ("removed", path, None): set() for several in gone.values() for path in several
    }
    for path, row in after.items():
        if path not in origin:
            found["added", path, None] = set()
            continue
        old = before[origin[path]]
        differ = {name for name in compared if printed(old.get(name, Missing)) != printed(row.get(name, Missing))}
        if origin[path] != path:
            found["renamed", path, origin[path]] = differ
        elif content(old) != content(row):
            found["changed", path, None] = differ
        elif differ:
            found["metadata", path, None] = differ
    return found


@given(pairs())
def test_changes_drawn_catalogs_are_those_of_dictionaries(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("catalogs")
    for table, name in zip(drawn, "ab", strict=True):
        pq.write_table(table, folder / name)
    found = changes(folder / "a", folder / "b")
    assert {(one.kind, one.path, one.earlier): set(one.fields) for one in found} == expected(*drawn)
    assert [one.path for one in found] == sorted(one.path for one in found)
