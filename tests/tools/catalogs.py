"""Catalogs of odd names and values for tests: one made by hand, and any number made by hypothesis."""

import json
import math
from dataclasses import dataclass
from random import Random
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from datacontainer.catalog.fields import DIGEST_MARK, JSON_MARK, NONE_MARK
from tools.trees import ODD_NAMES, names

WORDS = ["", "left", "lefts", 'a "quoted"\nline', "\0", "\x7f", "it's", "漢字 🍅", "\u2028", "a,b\tc\rd", "é"]
WORDS += ["true", "null"]
INTEGERS = [0, 8, 9, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**63) + 1]
FLOATS = [0.0, -0.0, 1.0, -2.5, 0.1, 1e15, 1e16, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308]
FLOATS += [math.nan, math.inf, -math.inf]
# Names that hold the mount's, or almost; with suffixes that look like others; with characters that show nothing.
NAMES = [b"data", b"data/x", b"x/data/y", b"x/data.tar.gz", b"dat/a/b.nii.gz", b"a/data", b"ata/b"]
NAMES += [b".gz", b"a.", b"b.b-c.xz", b"c..bz2", b".tar.gz", b"d.txt.xz", b"e.zst", b".f.gz", b"g.GZ", b"h.a.b"]
NAMES += [
    word.encode() for word in ("\u200b", "\u2028", "\x7f", "e\u0301", "\U000e0001", "\ufffd", "\xa0", "\ue000", "\x80")
]

words = st.one_of(st.sampled_from(WORDS), st.text(max_size=5))
integers = st.one_of(st.sampled_from(INTEGERS), st.integers(0, 9), st.integers(-(2**63), 2**63 - 1))
floats = st.one_of(st.sampled_from(FLOATS), st.floats())
objects = st.recursive(
    st.one_of(st.none(), st.booleans(), integers, floats, words),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
digests = st.one_of(st.sampled_from([bytes(32), b"\xff" * 32, b"\x12\x34" * 16]), st.binary(min_size=32, max_size=32))
paths = st.one_of(names, st.sampled_from(NAMES), st.integers(0, 99).map(b"sub/run-%d.nii.gz".__mod__))

INTEGER, FLOAT, BOOLEAN, TEXT, JSON, DIGEST = "integer", "float", "boolean", "text", "json", "digest"


@dataclass(frozen=True)
class Column:
    """A column of the catalogs: its name, the kind of its values, how Parquet holds them, and which there are."""

    name: str
    kind: str
    type: pa.DataType
    values: st.SearchStrategy[Any]
    marks: dict[bytes, bytes] | None = None

    @property
    def null_shown(self) -> bool:
        return NONE_MARK.items() <= (self.marks or {}).items()


COLUMNS = [
    Column("size", INTEGER, pa.int64(), st.one_of(st.integers(0, 99), st.integers(0, 2**50))),
    Column("sha256", DIGEST, pa.string(), digests.map(bytes.hex), DIGEST_MARK),
    Column("crc32c", DIGEST, pa.string(), st.sampled_from(["00000000", "000000ff", "ffffffff"]), DIGEST_MARK),
    Column("link", TEXT, pa.binary(), st.one_of(st.sampled_from([b"../x", b"", b"\xff\xfe"]), st.binary(max_size=4))),
    Column("count", INTEGER, pa.int64(), integers, NONE_MARK),
    Column("mean", FLOAT, pa.float64(), floats),
    Column("a.mean", FLOAT, pa.float64(), st.sampled_from([0.5, math.nan]), NONE_MARK),
    Column("good", BOOLEAN, pa.bool_(), st.booleans()),
    # Hides what a condition calls so.
    Column("name", TEXT, pa.string(), words),
    Column("the `odd` name", TEXT, pa.string(), words, NONE_MARK),
    Column("not", TEXT, pa.string(), st.just("the same in all rows")),
    Column("", JSON, pa.string(), objects.map(json.dumps), JSON_MARK),
    Column("näme\n", JSON, pa.string(), st.sampled_from(["[1, 2]", "null", "{}"]), {**JSON_MARK, **NONE_MARK}),
    Column("never", TEXT, pa.string(), st.nothing()),
]


def catalog_of(keys: list[bytes], values: list[list[Any]], path_type: pa.DataType) -> pa.Table:
    """The catalog, as aggregate writes them, of these paths and of values for each of COLUMNS."""
    marked = [pa.field(column.name, column.type, metadata=column.marks) for column in COLUMNS]
    arrays = [pa.array(cells, column.type) for cells, column in zip(values, COLUMNS, strict=True)]
    times = pa.array(range(len(keys)), pa.timestamp("ns", "UTC"))
    fields = [pa.field("path", path_type), marked[0], pa.field("mtime", times.type), *marked[1:]]
    return pa.table([pa.array(keys, pa.binary()).cast(path_type), arrays[0], times, *arrays[1:]], pa.schema(fields))


@st.composite
def catalogs(draw: st.DrawFn) -> pa.Table:
    """A catalog of up to three blocks of names, with a few different values in each column, any but a size missing."""
    keys = sorted(draw(st.sets(paths, min_size=draw(st.sampled_from([0, 1, 15, 30])), max_size=40)))
    random, values = Random(draw(st.integers(0, 2**32))), []
    for column in COLUMNS:
        pool = [None] if column.name == "never" else draw(st.lists(column.values, min_size=1, max_size=6))
        values.append(random.choices(pool if column.name == "size" else [*pool, None], k=len(keys)))
    decodable = all(key.decode("utf-8", "ignore").encode() == key for key in keys)
    return catalog_of(keys, values, draw(st.sampled_from([pa.binary(), pa.string()] if decodable else [pa.binary()])))


def nasty_catalog(plain: bool) -> pa.Table:
    """A catalog of thousands of files with every odd value beside a missing one and, unless plain, with odd names."""
    odd = [] if plain else [*ODD_NAMES, *(b"sub/" + name for name in ODD_NAMES), *NAMES]
    keys = sorted([*odd, *(b"sub-%03d/run-%d" % (row % 97, row) for row in range(5000)), b"z" * 4000])

    def repeated(values: list[Any]) -> list[Any]:
        return [([*values, None])[row % (len(values) + 1)] for row in range(len(keys))]

    nested = [json.dumps(value) for value in ({"a": [1, None, math.nan]}, [], "é", 1e16, {"": {"b\n": True}}, None)]
    values = {
        "size": [row % 12 * 1000 for row in range(len(keys))],
        "sha256": repeated([bytes([row]).hex() * 32 for row in range(0, 256, 40)]),
        "crc32c": repeated(["00000000", "000000ff", "ffffffff"]),
        "link": repeated([b"../x", b"", b"\xff\xfe"]),
        "count": repeated(INTEGERS),
        "mean": repeated(FLOATS),
        "a.mean": repeated([0.5, math.nan]),
        "good": repeated([True, False]),
        "name": repeated(WORDS),
        "the `odd` name": repeated([*reversed(WORDS), *WORDS[::2]]),
        "not": repeated(["the same in all rows"]),
        "": repeated(nested),
        "näme\n": repeated(["[1, 2]", "null", "{}"]),
        "never": repeated([]),
    }
    return catalog_of(keys, [values[column.name] for column in COLUMNS], pa.binary())
