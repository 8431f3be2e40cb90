"""Differences of drawn catalogs, compared with a loop over dictionaries, and known answers from DuckDB."""

import json
import math
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.compare.catalog import Missing, open_catalog
from datacontainer.compare.difference import Change, Difference
from datacontainer.compare.shown import write_records
from datacontainer.compare.versions import Comparison, DatasetChange, Version
from datacontainer.runtime.errors import DataError
from tools.catalogs import COLUMNS, catalog_of, paths

# A damaged catalog may lack a digest, which is not equal to any.
DIGESTS = [*(f"{number:064x}" for number in range(3)), None]


def written(folder: Path, *tables: pa.Table) -> list[Path]:
    """Files with the catalogs."""
    files = [folder / str(number) for number in range(len(tables))]
    for table, file in zip(tables, files, strict=True):
        pq.write_table(table, file)
    return files


def changes(before: Path, after: Path) -> list[Change]:
    """The changes; with so few rows at a time, a small catalog has several batches."""
    with (
        mock.patch("datacontainer.compare.difference.BATCH_ROWS", 5),
        open_catalog("a", before) as one,
        open_catalog("b", after) as other,
    ):
        return list(Difference(one, other).changes())


@st.composite
def pairs(draw: st.DrawFn) -> tuple[pa.Table, pa.Table]:
    """Two catalogs with common paths, few different contents, and not always the same columns."""
    pool, random = (
        sorted(draw(st.sets(paths, min_size=draw(st.sampled_from([0, 8, 20])), max_size=24))),
        Random(draw(st.integers(0, 2**32))),
    )
    values = [draw(st.lists(one.values, min_size=1, max_size=2)) if one.name != "never" else [] for one in COLUMNS]
    made = []
    for _ in range(2):
        keys = [key for key in pool if random.random() < 0.5]
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
        if content(after[path]) is not Missing and (same := gone[content(after[path])]):
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
        elif content(old) != content(row) or content(row) is Missing:
            found["changed", path, None] = differ
        elif differ:
            found["metadata", path, None] = differ
    return found


@given(pairs())
def test_changes_drawn_catalogs_are_those_of_dictionaries(tmp_path_factory, drawn):
    found = changes(*written(tmp_path_factory.mktemp("catalogs"), *drawn))
    assert {(one.kind, one.path, one.earlier): set(one.fields) for one in found} == expected(*drawn)
    assert [one.path for one in found] == sorted(one.path for one in found)


def many(rows: int, seed: int) -> pa.Table:
    """A catalog in which some paths and some contents depend on the seed."""
    random = Random(seed)
    paths = sorted(f"{'' if random.random() < 0.9 else 'moved/'}run-{row:06d}" for row in range(rows))
    digests = [f"{row if random.random() < 0.9 else random.randrange(30):064x}" for row in range(rows)]
    return pa.table({"path": paths, "size": pa.array(range(rows), pa.int64()), "sha256": digests})


def test_counts_two_catalogs_are_those_of_duckdb(tmp_path):
    before, after = written(tmp_path, many(5000, 1), many(5000, 2))
    with open_catalog("a", before) as one, open_catalog("b", after) as other:
        counts = Difference(one, other).counts()
    database = duckdb.connect()
    for name, file in (("a", before), ("b", after)):
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{file}')")
    database.execute("CREATE TABLE gone AS SELECT * FROM a ANTI JOIN b USING (path)")
    database.execute("CREATE TABLE come AS SELECT * FROM b ANTI JOIN a USING (path)")
    number = "row_number() OVER (PARTITION BY sha256 ORDER BY path) AS number"
    renamed = f"(SELECT *, {number} FROM gone) g JOIN (SELECT *, {number} FROM come) c USING (sha256, number)"
    questions = {
        "renamed": f"SELECT count(*), sum(c.size) FROM {renamed}",
        "changed": "SELECT count(*), sum(b.size) FROM a JOIN b USING (path) WHERE a.sha256 <> b.sha256",
        "removed": f"SELECT count(*), sum(size) FROM gone WHERE path NOT IN (SELECT g.path FROM {renamed})",
        "added": f"SELECT count(*), sum(size) FROM come WHERE path NOT IN (SELECT c.path FROM {renamed})",
    }
    assert {kind: database.sql(query).fetchone() for kind, query in questions.items()} == {
        kind: counts[kind] for kind in questions
    }
    assert all(files for files, _ in (counts[kind] for kind in questions))


def small(paths: list[bytes], **more: list[Any]) -> pa.Table:
    columns = {"path": pa.array(paths), "size": pa.array([1] * len(paths)), "sha256": ["0" * 64] * len(paths)}
    return pa.table(columns | more)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (small([b"b", b"a"]), "its paths are not in increasing order"),
        (small([b"a", b"a"]), "its paths are not in increasing order"),
        (small([b"a"]).drop_columns(["size"]), "it has no column 'size'"),
        (small([b"/else/a"]).replace_schema_metadata({"mount": "/data"}), "a path is not below the mount '/data'"),
        (small([b"a"]).set_column(0, "path", pa.array([[1]])), "its column 'path' cannot be read"),
        (small([b"a"], odd=[[1]]), "its column 'odd' has the type list"),
        (small([b"a"]).set_column(1, "size", pa.array(["many"])), "its column 'size' cannot be read"),
        (None, "it is no Parquet file"),
    ],
)
def test_changes_damaged_catalog_is_one_line(tmp_path, table, expected):
    good, wrong = written(tmp_path, small([b"a"]), small([b"a"]) if table is None else table)
    if table is None:
        wrong.write_bytes(good.read_bytes()[:-20])
    with pytest.raises(DataError) as caught:
        changes(good, wrong)
    assert str(caught.value).startswith(f"the catalog of 'b' is damaged: {expected}")
    assert "\n" not in str(caught.value)


def version(folder: Path, name: str, table: pa.Table, **described: Any) -> Version:
    (file,) = written(folder, table)
    return Version(name, file.rename(folder / name), described, {"io.datacontainer.mount": f"/{name}"})


def test_records_hostile_names_and_values_are_escaped_in_text_and_exact_in_json(tmp_path):
    escape = "\x1b[31m"
    before = small([b"a", b"b\xff\n", b"c\td"], note=["x", "1", None], link=[b"to\x1b", None, None])
    after = small([b"a", b"e", b"c\td"][:2], note=[escape, "1"], link=[b"to", None])
    comparison = Comparison(
        version(
            tmp_path, "a", before, mount="/a", about={"title": "first"}, fields={"note": "string", "link": "x"}, files=3
        ),
        version(tmp_path, "b", after, mount="/b", about={"title": escape, "year": math.nan}, fields={"note": "string"}),
    )
    text = [one.to_text() for one in comparison.records()]
    assert text == [
        'dataset\tabout.title\tfirst → "\\x1b[31m"',
        "dataset\tabout.year\tmissing → null",
        "dataset\tmount\t/a → /b",
        'changed\ta\tlink: "to\\x1b" → to, note: x → "\\x1b[31m"',
        'removed\t"c\\td"\t1 B',
        'renamed\te\tfrom "b\\xff\\n"',
        "1 removed (1 B), 1 changed (0 B), 1 renamed (1 B), 3 of the dataset",
    ]
    found = [json.loads(json.dumps(one.to_json())) for one in comparison.records()]
    assert found[0] == {"change": "dataset", "key": "about.title", "from": "first", "to": escape}
    assert found[1] == {"change": "dataset", "key": "about.year", "to": None}
    assert found[3]["fields"] == {"link": {"from": "to\x1b", "to": "to"}, "note": {"from": "x", "to": escape}}
    assert found[5] == {"change": "renamed", "path": "e", "from": "b\udcff\n", "size": 1}
    assert found[6]["removed"] == {"files": 1, "bytes": 1}


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_write_records_each_format_can_be_read(form, count, capfdbinary):
    write_records([DatasetChange("key", "\udc80", number) for number in range(count)], form)
    printed = capfdbinary.readouterr().out
    if form == "text":
        assert printed == b"".join(b'dataset\tkey\t"\\x80" \xe2\x86\x92 %d\n' % number for number in range(count))
        return
    found = json.loads(printed) if form == "json" else [json.loads(line) for line in printed.splitlines()]
    assert found == [{"change": "dataset", "key": "key", "from": "\udc80", "to": number} for number in range(count)]
