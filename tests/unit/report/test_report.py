"""Report: counts compared with DuckDB, the history, and the texts of names and numbers."""

import hashlib
import math
from datetime import UTC, datetime
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.catalog.fields import JSON_MARK
from datacontainer.config.formats import ARCHIVE, SIF
from datacontainer.report.columns import read_columns
from datacontainer.report.counts import Count, Counts, count_values
from datacontainer.report.findings import findings
from datacontainer.report.history import State, add_state
from datacontainer.report.images import Package, package
from datacontainer.report.page import (
    bars,
    bound_text,
    bytes_text,
    class_text,
    count_text,
    fitting_values,
    growth_points,
    more_text,
    name_text,
    steps,
    value_text,
)
from datacontainer.runtime.errors import DataError
from tools.trees import ODD_NAMES

FIRST = State("1.0", 2, 17, "sha256:aa")
SECOND = State("1.0", 3, 10, "sha256:bb")


def write_catalog(path, rows, links=()):
    """Writes a catalog of files (path, content) and symlinks (path, target), in row groups of 700."""
    rows = sorted(
        [(name, content, None) for name, content in rows] + [(name, target, target) for name, target in links]
    )
    table = pa.table(
        {
            "path": pa.array([row[0] for row in rows], pa.binary()),
            "size": pa.array([len(row[1]) for row in rows], pa.int64()),
            "sha256": [hashlib.sha256(row[1]).hexdigest() for row in rows],
            "link": pa.array([row[2] for row in rows], pa.binary()),
        }
    )
    pq.write_table(table, path, row_group_size=700)
    return path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """A catalog of symlinks and of 2,000 files: many sizes, many duplicates, folders with odd names."""
    chance = Random(1)
    folders = [b"top-", *(name + b"/" for name in ODD_NAMES), *(b"sub-%02d/run/" % number for number in range(9))]
    files = []
    for number in range(2000):
        content = bytes([chance.randrange(9)]) * chance.choice([0, 1, 9, 10, 99, 100, 999, 1000, 10_000])
        files.append((chance.choice(folders) + b"%04d" % number, content))
    links = [(b"sub-01/link-%d" % number, b"..") for number in range(50)]
    catalog = tmp_path_factory.mktemp("mixed") / "catalog.parquet"
    return write_catalog(catalog, files, links)


@pytest.fixture(autouse=True)
def _many_batches(monkeypatch):
    monkeypatch.setattr("datacontainer.report.counts.BATCH_ROWS", 300)


@pytest.mark.parametrize(
    ("bids", "expected"),
    [
        (7, []),
        ({"validator": {"version": "3", "error": "it ended"}}, [("BIDS validator 3: no verdict, as it ended", [])]),
        (
            {"validator": {"version": "3", "errors": {"A": 1, "B": 2000}, "warnings": {}}},
            [("BIDS validator 3: 2,001 errors", [("B", 2000), ("A", 1)]), ("BIDS validator 3: 0 warnings", [])],
        ),
    ],
)
def test_findings_have_failures_and_the_verdict(bids, expected):
    described = {"metadata": {"bids": bids}, "errors": {"nifti": 3}}
    failures = ("Files on which a metadata function failed", [("nifti", 3)])
    assert list(findings(described)) == [failures, *expected]
    assert not list(findings({"metadata": {}}))


def queried(catalog, query):
    return duckdb.sql(query.format(f"(select * from '{catalog}' where link is null)")).fetchall()


def test_folders_equal_duckdbs(mixed):
    # DuckDB has no regular expressions over bytes: the part before the first slash, through hexadecimal digits.
    top = "case when hex(path) not like '%2F%' then '' else split_part(regexp_replace(hex(path), '(..)', '\\1 ', 'g')"
    query = f"select replace({top}, '2F ', 1) end, ' ', '') as top, count(*), sum(size) from {{}} group by top"
    expected = sorted(queried(mixed, query), key=lambda row: (-row[2], bytes.fromhex(row[0])))
    folders, others = Counts(mixed).folders(5)
    found = [(one.key.hex().upper(), one.files, one.size_bytes) for one in folders]
    assert found == expected[:5]
    rest = expected[5:]
    assert others == Count(len(rest), sum(row[1] for row in rest), sum(row[2] for row in rest))


def test_size_classes_equal_duckdbs(mixed):
    digits = "case when size = 0 then 0 else length(size::varchar) end"
    expected = queried(
        mixed, f"select {digits} as digits, count(*), sum(size) from {{}} group by digits order by digits"
    )
    assert Counts(mixed).size_classes() == [Count(*row) for row in expected]


def test_duplicates_equal_duckdbs(mixed):
    query = (
        "select sha256, count(*), size, (count(*) - 1) * size as wasted, array_sort(array_agg(hex(path)))[:3] "
        "from {} where size > 0 group by sha256, size having count(*) > 1 order by wasted desc, sha256"
    )
    expected = [
        (row[0], row[1], row[2], row[3], [bytes.fromhex(name) for name in row[4]]) for row in queried(mixed, query)
    ]
    found = Counts(mixed).duplicates(len(expected) + 1, 3)
    assert Counts(mixed).duplicates(2, 3) == found[:2]
    assert [(one.sha256, one.files, one.size_bytes, one.wasted_bytes, one.names) for one in found] == expected


def test_counts_catalog_without_files_is_empty(tmp_path):
    catalog = write_catalog(tmp_path / "catalog.parquet", [])
    counts = Counts(catalog)
    assert [column.rows for column in read_columns(catalog, 3)] == [0, 0, 0, 0]
    assert counts.folders(5) == ([], Count(0, 0, 0))
    assert counts.size_classes() == counts.duplicates(5, 3) == []


def write_table(path, values, marks=()):
    """Writes a catalog of these columns, a row group per row; columns in `marks` contain JSON."""
    table = pa.table(values)
    fields = [field.with_metadata(JSON_MARK) if field.name in marks else field for field in table.schema]
    pq.write_table(table.cast(pa.schema(fields)), path, row_group_size=1)
    return path


def test_read_columns_have_bounds_of_numbers_and_times(tmp_path):
    values = {"n": [3, None, -7], "x": [0.5, math.nan, -2.5], "text": ["a", "b", None], "huge": [math.inf, 1.0, 0.0]}
    times = [1_354_282_196_000_000_001, -1_000_000_000_000_000_000, None]
    values |= {"size": [1, 1, 1], "mtime": pa.array(times, pa.timestamp("ns", "UTC"))}
    catalog = write_table(tmp_path / "catalog.parquet", values)
    found = {column.name: column[1:5] for column in read_columns(catalog, 9)}
    assert found["n"] == ("int64", 2, -7, 3)
    assert found["x"] == ("double", 3, -2.5, 0.5)
    assert found["text"] == ("string", 2, None, None)
    assert found["huge"] == ("double", 3, None, None)
    first, last = datetime(1938, 4, 24, 22, 13, 20, tzinfo=UTC), datetime(2012, 11, 30, 13, 29, 56, tzinfo=UTC)
    assert found["mtime"] == ("timestamp[ns, tz=UTC]", 2, first, last)
    assert [bound_text(bound) for bound in (last, 1234, 0.5)] == ["2012-11-30 13:29:56", "1\u202f234", "0.5"]


def test_read_columns_have_the_most_frequent_values_of_text_and_boolean_columns(tmp_path):
    values = {
        "path": ["a", "b", "c", "d", "e"],
        "size": [1, 2, 4, 8, 16],
        "a": ["T1w", "bold", None, "bold", "T1w"],
        "a.b": ["", "x", "y", "x", "x"],
        "ok": [True, None, False, False, False],
        "link": [None, None, None, None, "a"],
    }
    found = {one.name: one for one in read_columns(write_table(tmp_path / "catalog.parquet", values), 2)}
    assert (found["a"].distinct, found["a"].frequent) == (2, [Count("bold", 2, 10), Count("T1w", 1, 1)])
    assert (found["a.b"].distinct, found["a.b"].frequent) == (3, [Count("x", 2, 10), Count("", 1, 1)])
    assert (found["ok"].distinct, found["ok"].frequent) == (2, [Count("false", 2, 12), Count("true", 1, 1)])
    assert found["path"].distinct is found["size"].distinct is found["link"].distinct is None


def test_count_values_of_too_many_distinct_values_stops(tmp_path, monkeypatch):
    keys = [f"{number:09}" for number in range(900)]
    values = {"size": [1] * 900, "unique": keys, "repeated": [key[-1] for key in keys]}
    pq.write_table(pa.table(values), tmp_path / "catalog.parquet")
    digits = [Count("0", 90, 90), Count("1", 90, 90)]
    assert count_values(tmp_path / "catalog.parquet", "unique", 1) == ([Count(keys[0], 1, 1)], 900)
    # Exceeded after three batches of 10 distinct values.
    monkeypatch.setattr("datacontainer.report.counts.LARGEST_COUNTED_BYTES", 3 * 10 * (1 + 4 + 8 + 8))
    assert count_values(tmp_path / "catalog.parquet", "repeated", 2) == (digits, 10)
    assert count_values(tmp_path / "catalog.parquet", "unique", 2) == ([], 300)


def test_fitting_values_fill_three_lines():
    assert fitting_values([Count(f"{number:02}", 7, 0) for number in range(99)])[-1] == ("33", 7)
    assert fitting_values([Count("x" * 1000, 10**240, 0), Count("y", 1, 0)]) == [("x" * 60 + "…", 10**240)]


def test_add_state_is_appended_only_if_it_differs_from_the_last(tmp_path):
    history = tmp_path / "history.tsv"
    assert add_state(history, FIRST) == [FIRST]
    assert add_state(history, FIRST) == [FIRST]
    assert add_state(history, SECOND) == [FIRST, SECOND]
    assert add_state(history, FIRST) == [FIRST, SECOND, FIRST]
    assert history.read_text() == (
        "version\tfiles\tbytes\tdigest\n1.0\t2\t17\tsha256:aa\n1.0\t3\t10\tsha256:bb\n1.0\t2\t17\tsha256:aa\n"
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "expected the first line 'version\\tfiles\\tbytes\\tdigest', found ''"),
        (b"version\tfiles\tbytes\tdigest\n1.0\ttwo\t17\tsha256:aa\n", "invalid literal for int"),
        (b"version\tfiles\tbytes\tdigest\n1.0\t2\t17\n", "missing 1 required positional argument: 'digest'"),
        (b"\xff\n", "found '\\\\xff'"),
    ],
)
def test_add_state_to_a_damaged_history_fails_and_keeps_the_file(tmp_path, content, cause):
    history = tmp_path / "history.tsv"
    history.write_bytes(content)
    with pytest.raises(DataError) as caught:
        add_state(history, FIRST)
    assert f"'{history}' is not a history that a report wrote (" in str(caught.value)
    assert cause in str(caught.value)
    assert str(caught.value).endswith("): delete it, or restore it from a backup")
    assert history.read_bytes() == content


def test_steps_and_growth_points_are_those_of_the_bytes():
    differences = [(step.more_files, step.more_bytes) for step in steps([FIRST, SECOND, SECOND])]
    assert differences == [(None, None), (1, -7), (0, 0)]
    half = State("1.0", 1, 5, "")
    assert growth_points([SECOND, half, SECOND._replace(size_bytes=0)]) == "0.0,0.0 300.0,50.0 600.0,100.0"
    assert growth_points([half._replace(size_bytes=0)] * 2) == "0.0,100.0 600.0,100.0"


def test_bars_are_in_proportion_to_files_or_bytes():
    lines = [("a", 1, 300), ("b", 4, 100), ("c", 0, 0)]
    assert [bar.width for bar in bars(lines, "bytes")] == [100, 33.33, 0]
    assert [bar.width for bar in bars(lines, "files")] == [25, 100, 0]
    assert [bar.width for bar in bars([("empty", 1, 0)], "bytes")] == [0]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        (bytes_text, 0, "0 B"),
        (bytes_text, 999, "999 B"),
        (bytes_text, 1000, "1 kB"),
        (bytes_text, 1234, "1.23 kB"),
        (bytes_text, 99_950, "100 kB"),
        (bytes_text, 999_499, "999 kB"),
        (bytes_text, 999_500, "1 MB"),
        (bytes_text, 123_456_789_012, "123 GB"),
        (bytes_text, 2**63 - 1, "9.22 EB"),
        (count_text, 1234567, "1\u202f234\u202f567"),
        (more_text, None, ""),
        (more_text, 0, "±0"),
        (more_text, 1200, "+1\u202f200"),
        (more_text, -3, "\u22123"),
        (class_text, 0, "empty"),
        (class_text, 1, "1 to 9 B"),
        (class_text, 3, "100 to 999 B"),
        (class_text, 4, "1 kB to 10 kB"),
        (class_text, 6, "100 kB to 1 MB"),
        (class_text, 16, "1 PB to 10 PB"),
        (name_text, b"sub-01/a b.txt", "sub-01/a b.txt"),
        (name_text, "漢字 🍅".encode(), "漢字 🍅"),
        (name_text, b"back\\slash", "back\\slash"),
        (name_text, b"line\nbreak", "'line\\nbreak'"),
        (name_text, b"not utf-8 \xff", "'not utf-8 \\udcff'"),
        (name_text, b" space ", "' space '"),
        (name_text, b"'quoted'", "\"'quoted'\""),
        (name_text, "e\u202egnp.exe".encode(), "'e\\u202egnp.exe'"),
        (name_text, b"", "''"),
        (value_text, "x" * 60, "x" * 60),
        (value_text, "x" * 61, "x" * 60 + "…"),
        (value_text, "a\n", "'a\\n'"),
    ],
)
def test_texts_of_sizes_numbers_and_names(text, value, expected):
    assert text(value) == expected


def test_package_larger_than_the_limit_is_not_read(tmp_path):
    sif = tmp_path / "fruit.sif"
    sif.write_bytes(b"123")
    assert package(SIF, sif, 3).sha256 == hashlib.sha256(b"123").hexdigest()
    assert package(SIF, sif, 2) == package(ARCHIVE, sif) == Package("fruit.sif", 3, None)
