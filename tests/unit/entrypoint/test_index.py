"""The index, read by an independent reader, equals the catalog."""

import hashlib
import json
import math
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.fields import DIGEST_MARK, JSON_MARK
from datacontainer.catalog.nonerows import NONE_MARK
from datacontainer.entrypoint.frontcoding import BLOCK_ROWS
from datacontainer.entrypoint.index import BATCH_ROWS, occurs_inside, write_index
from datacontainer.runtime.errors import DataError, UsageError
from tools import index_reader
from tools.catalogs import none_rows
from tools.examples import tried
from tools.index_reader import BOOLEAN, DIGEST, FLOAT, INTEGER, JSON, TEXT, Index
from tools.trees import names

LONG = [b"d" * 254, b"d" * 255, b"d" * 256, b"d" * 255 + b"/" + b"e" * 300, b"d" * 255 + b"/" + b"e" * 299 + b"f"]
paths = st.one_of(names, st.sampled_from(LONG), st.integers(0, 99).map(b"sub/%d".__mod__))
words = st.one_of(st.sampled_from(["", "left", 'a "quoted"\nline', "\0", "漢字 🍅", "\x7f"]), st.text(max_size=6))
integers = st.one_of(
    st.integers(0, 9), st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1]), st.integers(-(2**63), 2**63 - 1)
)
floats = st.one_of(st.sampled_from([0.0, -0.0, 1.5]), st.floats())
objects = st.dictionaries(words, st.lists(st.one_of(st.none(), floats), max_size=2), max_size=2)
# A column's name, Arrow type and metadata, its values, and the type it has in the index.
COLUMNS = [
    ("size", pa.int64(), None, st.integers(0, 2**40), INTEGER),
    ("sha256", pa.string(), DIGEST_MARK, st.binary(min_size=32, max_size=32).map(bytes.hex), DIGEST),
    ("sha1", pa.string(), None, st.sampled_from(["00" * 20, "00" * 19 + "01", "ab" * 8 + "00" * 12]), DIGEST),
    ("crc32c", pa.string(), None, st.binary(min_size=4, max_size=4).map(bytes.hex), DIGEST),
    ("link", pa.binary(), None, st.one_of(st.binary(max_size=5), st.just(b"\xff../x")), TEXT),
    ("long", pa.int64(), None, integers, INTEGER),
    ("mean", pa.float64(), None, floats, FLOAT),
    ("odd", pa.bool_(), None, st.booleans(), BOOLEAN),
    ("word", pa.string(), None, words, TEXT),
    ("a.b", pa.string(), None, st.just("the same text in every row"), TEXT),
    ("a", pa.string(), NONE_MARK, st.none(), TEXT),
    ("", pa.string(), JSON_MARK, objects.map(json.dumps), JSON),
    ("näme\n", pa.string(), {**JSON_MARK, **NONE_MARK}, st.sampled_from(["[1, 2]", "null", "{}"]), JSON),
]


@st.composite
def catalogs(draw):
    """A catalog with the columns that aggregate writes, of up to three blocks of names."""
    keys = sorted(draw(st.sets(paths, max_size=3 * BLOCK_ROWS)))
    fields, arrays = [], []
    for name, kind, metadata, values, _ in COLUMNS:
        missing = draw(st.sampled_from([st.nothing(), st.none()])) if name != "size" else st.nothing()
        column = draw(st.lists(values | missing, min_size=len(keys), max_size=len(keys)))
        fields.append(pa.field(name, kind, metadata=metadata))
        arrays.append(pa.array(column, kind))
    times = pa.array(range(len(keys)), pa.timestamp("ns", "UTC"))
    fields = [pa.field("path", pa.binary()), fields[0], pa.field("mtime", times.type), *fields[1:]]
    schema = pa.schema(fields, metadata={b"none_rows:a": none_rows([row % 3 == 0 for row in range(len(keys))])})
    return pa.table([pa.array(keys, pa.binary()), arrays[0], times, *arrays[1:]], schema)


@pytest.fixture
def indexed(tmp_path):
    """Writes the index of a catalog; returns its bytes."""

    def run(table, mount="/data", rows_at_once=7):
        pq.write_table(table, tmp_path / "catalog.parquet", row_group_size=rows_at_once)
        write_index(tmp_path / "catalog.parquet", tmp_path / "out" / "index.bin", mount)
        assert [file.name for file in (tmp_path / "out").iterdir()] == ["index.bin"]
        return (tmp_path / "out" / "index.bin").read_bytes()

    return run


def one_column(values, kind, name="field", metadata=None):
    """Returns a catalog with a path and one more column."""
    keys = [f"{row:06d}" for row in range(len(values))]
    schema = pa.schema([pa.field("path", pa.string()), pa.field(name, kind, metadata=metadata)])
    return pa.table([pa.array(keys, pa.string()), pa.array(values, kind)], schema)


def expected_values(column, kind):
    """Returns the catalog's values, in the types of the reader."""
    values = column.to_pylist()
    if kind == DIGEST:
        return [None if value is None else bytes.fromhex(value) for value in values]
    if kind in {TEXT, JSON}:
        return [value.encode() if isinstance(value, str) else value for value in values]
    return values


def expected_order(values):
    def key(row):
        value = values[row]
        is_nan = isinstance(value, float) and math.isnan(value)
        return (value is None, is_nan, 0 if value is None or is_nan else value)

    return sorted(range(len(values)), key=key)


def bits(values):
    """Returns the values, floats as bytes, because NaN != NaN and -0.0 == 0.0."""
    return [struct.pack("<d", value) if isinstance(value, float) else value for value in values]


@tried(60)
@given(catalogs())
def test_write_index_any_catalog_reads_back_equal(indexed, catalog):
    index = Index(indexed(catalog))
    assert index.names == catalog["path"].to_pylist()
    assert index.mount == b"/data"
    assert list(index.fields) == [name for name, *_ in COLUMNS]
    for name, _, metadata, _, kind in COLUMNS:
        field, values = index.fields[name], expected_values(catalog[name], kind)
        assert field.type == kind
        assert bits(field.values) == bits(values)
        assert field.order == expected_order(values)
        assert field.nulls == [
            b"none" in (metadata or {}) and (name != "a" or row % 3 == 0) for row in range(index.rows)
        ]


def test_write_index_two_files_has_the_bytes_of_the_documentation(indexed):
    data = indexed(pa.table({"path": ["avocado.txt", "avocet.txt"], "size": pa.array([9, 8], pa.int64())}))
    head = 56 + 4 * 24 + 32 + 4 + 5 + 4
    assert data[:12] == b"DCINDEX\n\x02\0\0\0"
    assert data[16:56] == struct.pack("<QQQIIII", head + 48, head, 2, 2, 1, 4, 5)
    assert data[152:193] == struct.pack("<BBH5Iq", 1, 0, 4, 2, 0, 3, 0, 0, 8) + b"size/data"
    names = b"\0\x0bavocado.txt\x04\x06et.txt".ljust(24, b"\0")
    assert data[head:] == names + b"\0\x15".ljust(8, b"\0") + b"\1\0".ljust(8, b"\0") + b"\1\0".ljust(8, b"\0")


@pytest.mark.parametrize("kind", [pa.string(), pa.binary()])
def test_write_index_empty_catalog_is_valid(indexed, kind):
    fields = [pa.field("path", kind)] + [pa.field(name, kind, metadata=marks) for name, kind, marks, *_ in COLUMNS]
    index = Index(indexed(pa.schema(fields).empty_table()))
    assert index.names == []
    assert {field.type for field in index.fields.values()} == {INTEGER, FLOAT, BOOLEAN, TEXT, JSON, DIGEST}
    assert all(field.values == field.order == [] for field in index.fields.values())


def test_write_index_names_of_several_batches_read_back_equal(indexed):
    keys = ["data/first", *sorted(f"sub-{row % 90}/run-{row}" for row in range(3 * BATCH_ROWS + 5))]
    index = Index(indexed(pa.table({"path": keys}), rows_at_once=BATCH_ROWS + 3))
    assert index.names == [key.encode() for key in keys]
    assert index.mount_inside


@pytest.mark.parametrize("rows", [0, 1, *range(20, 44), 250, 300])
@pytest.mark.parametrize("text", ["", "x", "xy"])
def test_write_index_text_has_a_dictionary_if_smaller(indexed, rows, text):
    values, missing = [text] * rows, [None] * (rows % 3)
    field = Index(indexed(one_column(values + missing, pa.string()))).fields["field"]

    def filled(*sizes):
        return sum(-(-size // 8) * 8 for size in sizes)

    all_rows, heap = rows + rows % 3, rows * len(text)
    plain = filled(heap, (all_rows + 1) * (2 if heap > 255 else 1))
    coded = filled(len(text) if rows else 0, 2, all_rows) + index_reader.SECTION_BYTES
    assert field.has_dictionary == (coded < plain)
    assert field.values == [text.encode()] * rows + missing


def test_write_index_repeated_text_takes_as_much_as_small_integers(indexed):
    values = ["derivatives/left", "derivatives/right"] * 5000
    texts, places = indexed(one_column(values, pa.string())), indexed(one_column([1, 2] * 5000, pa.int64()))
    assert len(texts) - len(places) < 100


@pytest.mark.parametrize("name", DIGEST_BYTES)
def test_write_index_digest_of_every_kind_is_stored_as_bytes(indexed, name):
    digests = [bytes([row]) * DIGEST_BYTES[name] for row in (3, 1, 2)]
    field = Index(indexed(one_column([digest.hex() for digest in digests], pa.string(), name))).fields[name]
    assert (field.type, field.values, field.order) == (DIGEST, digests, [1, 2, 0])


@pytest.mark.parametrize("odd", ["", "0" * 31, "A0" * 16, "g0" * 16, "0" * 33, "0" * 64, "é" * 16])
def test_write_index_digest_column_with_other_text_is_text(indexed, odd):
    field = Index(indexed(one_column(["00" * 16, None, odd], pa.string(), "md5"))).fields["md5"]
    assert (field.type, field.values) == (TEXT, [b"00" * 16, None, odd.encode()])


def test_write_index_equal_digests_are_sorted_by_row(indexed):
    content = [hashlib.sha256(b"%d" % (row % 7)).hexdigest() for row in range(1000)]
    content += [content[0][:16] + hashlib.sha1(b"%d" % (row % 5)).hexdigest() + "00" * 4 for row in range(200)]
    field = Index(indexed(one_column(content, pa.string(), "sha256"))).fields["sha256"]
    assert field.order == expected_order(field.values)
    assert field.values == list(map(bytes.fromhex, content))


@pytest.mark.parametrize(
    ("low", "high", "width"), [(7, 7, 1), (-128, 127, 1), (1000, 1256, 2), (-(2**63), 2**63 - 1, 8)]
)
def test_write_index_integers_are_as_wide_as_their_range(indexed, low, high, width):
    index = Index(indexed(one_column([high, None, low], pa.int64())))
    assert index.fields["field"].values == [high, None, low]
    assert [section.width for section in index.sections].count(width) >= 1
    assert {section.width for section in index.sections} <= {0, 1, width}


def test_write_index_same_rows_gives_the_same_bytes(indexed):
    table = one_column(["left", None, "right", "left"] * 500, pa.string())
    assert indexed(table) == indexed(table) == indexed(table, rows_at_once=333)


def test_write_index_ten_thousand_files_take_at_most_110_bytes_each(indexed):
    keys = sorted(
        f"study-of-imaging/derivatives/sub-{hashlib.md5(b'%d' % row).hexdigest()[:24]}.nii.gz" for row in range(10000)
    )
    assert {len(key) for key in keys} == {64}
    table = pa.table(
        {
            "path": keys,
            "size": pa.array(np.random.default_rng(1).integers(0, 2**32, len(keys))),
            "sha256": [hashlib.sha256(key.encode()).hexdigest() for key in keys],
        }
    )
    data = indexed(table, rows_at_once=1000)
    assert len(data) <= 110 * len(keys)
    assert Index(data).names == [key.encode() for key in keys]


def test_write_index_field_with_a_long_name_fails(indexed):
    with pytest.raises(
        UsageError, match=r"the name of the field 'k{40}'… has 65536 bytes, at most 65535 are allowed: shorten"
    ):
        indexed(one_column([1], pa.int64(), "k" * 65536))
    assert list(Index(indexed(one_column([1], pa.int64(), "k" * 65535))).fields) == ["k" * 65535]


def test_write_index_unknown_type_fails_and_writes_nothing(indexed, tmp_path):
    with pytest.raises(
        DataError, match=r"column 'field' has the type int32, expected bool, int64, .* binary: delete the"
    ):
        indexed(one_column([1], pa.int32()))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("mount", "path", "inside"),
    [
        ("/data", b"data/x", True),
        ("/data", b"data", True),
        ("/data", b"dat", False),
        ("/data", b"sub/datasets", True),
        ("/a/a", b"a/x", True),
        ("/a/a", b"x/a", False),
        ("/a/b/a", b"b/a.txt", True),
        ("/a/b/a", b"c/a/b/a", True),
        ("/data", b"\xff/data", True),
    ],
)
def test_write_index_mount_inside_a_key_sets_the_flag(indexed, mount, path, inside):
    table = pa.table({"path": pa.array(sorted([b"~", path]), pa.binary())})
    index = Index(indexed(table, mount))
    assert (index.mount, index.mount_inside) == (mount.encode(), inside)


few_letters = st.text("ab/", max_size=7).map(str.encode)


@given(few_letters.map(b"/".__add__), st.lists(few_letters, max_size=3))
@tried(500)
def test_occurs_inside_any_mount_and_paths_equals_a_search(mount, paths):
    expected = any(mount in (mount + b"/" + path)[1:] for path in paths)
    assert occurs_inside(mount, pa.array(paths, pa.large_binary())) == expected


@pytest.mark.parametrize("odd", ["", "\x1f", "\x7f", "é", "\n"])
def test_write_index_plain_is_set_if_all_names_are_printable_ascii(indexed, odd):
    paths = [" first", *(f"sub/{i:05d}" for i in range(2 * BATCH_ROWS)), f"~last{odd}"]
    assert Index(indexed(pa.table({"path": paths}))).plain == (odd == "")
