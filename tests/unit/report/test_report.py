"""Report: counts against DuckDB's, the history, and how names and numbers are shown."""

import hashlib
import math
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.config.formats import ARCHIVE, SIF
from datacontainer.report.columns import columns
from datacontainer.report.counts import Count, Counts
from datacontainer.report.history import State, remember
from datacontainer.report.images import Package, package
from datacontainer.report.page import (
    bars,
    bytes_text,
    class_text,
    count_text,
    growth_points,
    more_text,
    name_text,
    steps,
)
from datacontainer.runtime.errors import DataError
from tools.trees import ODD_NAMES

FIRST = State("1.0", 2, 17, "sha256:aa")
SECOND = State("1.0", 3, 10, "sha256:bb")


def write_catalog(path, rows, links=()):
    """A catalog of these files (path, content) and links, in row groups of 700."""
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
    """A catalog of 2,000 files of many sizes in folders of odd names, many of them alike, and of links."""
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


def asked(catalog, query):
    return duckdb.sql(query.format(f"(select * from '{catalog}' where link is null)")).fetchall()


def test_folders_are_those_of_duckdb(mixed):
    # DuckDB has no regular expressions over bytes: the part before the first slash, through hexadecimal digits.
    top = "case when hex(path) not like '%2F%' then '' else split_part(regexp_replace(hex(path), '(..)', '\\1 ', 'g')"
    query = f"select replace({top}, '2F ', 1) end, ' ', '') as top, count(*), sum(size) from {{}} group by top"
    expected = sorted(asked(mixed, query), key=lambda row: (-row[2], bytes.fromhex(row[0])))
    folders, others = Counts(mixed).folders(5)
    found = [(one.key.hex().upper(), one.files, one.size_bytes) for one in folders]
    assert found == expected[:5]
    rest = expected[5:]
    assert others == Count(len(rest), sum(row[1] for row in rest), sum(row[2] for row in rest))


def test_size_classes_are_those_of_duckdb(mixed):
    digits = "case when size = 0 then 0 else length(size::varchar) end"
    expected = asked(mixed, f"select {digits} as digits, count(*), sum(size) from {{}} group by digits order by digits")
    assert Counts(mixed).size_classes() == [Count(*row) for row in expected]


def test_repeated_are_those_of_duckdb(mixed):
    query = (
        "select sha256, count(*), size, (count(*) - 1) * size as wasted, array_sort(array_agg(hex(path)))[:3] "
        "from {} where size > 0 group by sha256, size having count(*) > 1 order by wasted desc, sha256"
    )
    expected = [
        (row[0], row[1], row[2], row[3], [bytes.fromhex(name) for name in row[4]]) for row in asked(mixed, query)
    ]
    found = Counts(mixed).repeated(len(expected) + 1, 3)
    assert Counts(mixed).repeated(2, 3) == found[:2]
    assert [(one.sha256, one.files, one.size_bytes, one.wasted_bytes, one.names) for one in found] == expected


def test_counts_no_files_are_empty(tmp_path):
    catalog = write_catalog(tmp_path / "catalog.parquet", [])
    counts = Counts(catalog)
    assert [column.values for column in columns(catalog)] == [0, 0, 0, 0]
    assert counts.folders(5) == ([], Count(0, 0, 0))
    assert counts.size_classes() == counts.repeated(5, 3) == []


def test_columns_have_bounds_of_numbers_only(tmp_path):
    values = {"n": [3, None, -7], "x": [0.5, math.nan, -2.5], "text": ["a", "b", None], "huge": [math.inf, 1.0, 0.0]}
    table = pa.table({**values, "mtime": pa.array([1, 2, 3], pa.timestamp("ns", "UTC"))})
    pq.write_table(table, tmp_path / "catalog.parquet", row_group_size=1)
    found = {column.name: column[1:] for column in columns(tmp_path / "catalog.parquet")}
    assert found["n"] == ("int64", 2, -7, 3)
    assert found["x"] == ("double", 3, -2.5, 0.5)
    assert found["text"] == ("string", 2, None, None)
    assert found["huge"] == ("double", 3, None, None)
    assert found["mtime"] == ("timestamp[ns, tz=UTC]", 3, None, None)


def test_remember_adds_what_is_new_and_nothing_twice(tmp_path):
    history = tmp_path / "history.tsv"
    assert remember(history, FIRST) == [FIRST]
    assert remember(history, FIRST) == [FIRST]
    assert remember(history, SECOND) == [FIRST, SECOND]
    assert remember(history, FIRST) == [FIRST, SECOND, FIRST]
    assert history.read_text() == (
        "version\tfiles\tbytes\tdigest\n1.0\t2\t17\tsha256:aa\n1.0\t3\t10\tsha256:bb\n1.0\t2\t17\tsha256:aa\n"
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "the first line is '' and not 'version\\tfiles\\tbytes\\tdigest'"),
        (b"version\tfiles\tbytes\tdigest\n1.0\ttwo\t17\tsha256:aa\n", "invalid literal for int"),
        (b"version\tfiles\tbytes\tdigest\n1.0\t2\t17\n", "missing 1 required positional argument: 'digest'"),
        (b"\xff\n", "the first line is '\\\\xff' and not"),
    ],
)
def test_remember_damaged_history_is_refused_and_kept(tmp_path, content, cause):
    history = tmp_path / "history.tsv"
    history.write_bytes(content)
    with pytest.raises(DataError) as caught:
        remember(history, FIRST)
    assert f"'{history}' is not a history that a report wrote (" in str(caught.value)
    assert cause in str(caught.value)
    assert str(caught.value).endswith("): delete it, or put it back as it was")
    assert history.read_bytes() == content


def test_steps_tell_what_came_to_each_state():
    assert [(step.more_files, step.more_bytes) for step in steps([FIRST, SECOND, SECOND])] == [
        (None, None),
        (1, -7),
        (0, 0),
    ]


def test_growth_points_are_as_high_as_the_bytes():
    half = State("1.0", 1, 5, "")
    assert growth_points([SECOND, half, SECOND._replace(size_bytes=0)]) == "0.0,0.0 300.0,50.0 600.0,100.0"
    assert growth_points([half._replace(size_bytes=0)] * 2) == "0.0,100.0 600.0,100.0"


def test_bars_are_as_long_as_what_they_stand_for():
    lines = [("a", 1, 300), ("b", 4, 100), ("c", 0, 0)]
    assert [bar.width for bar in bars(lines, "bytes")] == [100, 33.33, 0]
    assert [bar.width for bar in bars(lines, "files")] == [25, 100, 0]
    assert [bar.width for bar in bars([("empty", 1, 0)], "bytes")] == [0]


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (123_456_789_012, "123 GB"),
        (2**63 - 1, "9.22 EB"),
    ],
)
def test_bytes_text_has_three_digits_and_a_unit(size_bytes, expected):
    assert bytes_text(size_bytes) == expected


def test_numbers_are_shown_with_thousands_and_signs():
    assert count_text(1234567) == "1\u202f234\u202f567"
    assert [more_text(number) for number in (None, 0, 1200, -3)] == ["", "±0", "+1\u202f200", "\u22123"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "empty"),
        (1, "1 to 9 B"),
        (3, "100 to 999 B"),
        (4, "1 kB to 10 kB"),
        (6, "100 kB to 1 MB"),
        (16, "1 PB to 10 PB"),
    ],
)
def test_class_text_names_the_bounds(number, expected):
    assert class_text(number) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"sub-01/a b.txt", "sub-01/a b.txt"),
        ("漢字 🍅".encode(), "漢字 🍅"),
        (b"back\\slash", "back\\slash"),
        (b"line\nbreak", "'line\\nbreak'"),
        (b"not utf-8 \xff", "'not utf-8 \\udcff'"),
        (b" space ", "' space '"),
        (b"'quoted'", "\"'quoted'\""),
        ("e\u202egnp.exe".encode(), "'e\\u202egnp.exe'"),
        (b"", "''"),
    ],
)
def test_name_text_is_quoted_where_it_would_not_show(name, expected):
    assert name_text(name) == expected


def test_package_larger_than_the_limit_is_not_read(tmp_path):
    sif = tmp_path / "fruit.sif"
    sif.write_bytes(b"123")
    assert package(SIF, sif, 3).sha256 == hashlib.sha256(b"123").hexdigest()
    assert package(SIF, sif, 2) == package(ARCHIVE, sif) == Package("fruit.sif", 3, None)
