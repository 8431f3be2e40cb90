"""The compiled entrypoint: its exact output, and its errors for wrong usage."""

import json
import re

import pyarrow as pa
import pytest

from datacontainer import __version__
from datacontainer.catalog.nonerows import NONE_MARK
from tools.engines import Tool
from tools.entrypoint import SUMMARY, one_line
from tools.fruit import AVOCADO, SIX_USES, TOMATO, fruit_catalog
from tools.workflow import ROOT

FRUIT = ROOT / "examples/fruit"


@pytest.fixture(scope="module")
def fruit(entrypoint_of) -> Tool:
    """The entrypoint of the example, with an embedded index."""
    return Tool((entrypoint_of(fruit_catalog()),))


@pytest.fixture
def odd(entrypoint) -> Tool:
    """An entrypoint with names and values that contain separators and quotes."""
    table = pa.table({"path": ['a,"b"', "b\nc", "c\td", "d"], "size": pa.array([1, 2, 3, 4], pa.int64())})
    table = table.append_column("note", pa.array(["", None, 'x,\t"y"\n', "\r"], pa.string()))
    return entrypoint(
        table.append_column(pa.field("seen", pa.bool_(), metadata=NONE_MARK), [[True, None, False, None]])
    )


MORE_USES = {
    "-get a/to": TOMATO,
    "--get=/data/t": TOMATO,
    "-get /data": AVOCADO + TOMATO,
    "-metric size -desc": b"Order by size\n" + AVOCADO.replace(b" ", b": ", 1) + TOMATO.replace(b" ", b": ", 1),
    "-metric sha256 -search 327b -ls": b"/data/avocado.txt\n",
    "-limit 1": AVOCADO,
    "-where size>8": AVOCADO,
    "-desc -ls": b"/data/tomato.txt\n/data/avocado.txt\n",
    "-ls -null": b"/data/avocado.txt\0/data/tomato.txt\0",
    "-count": b"2\n",
    "-count -get pear -limit 0": b"0\n",
    "-tree": "/data/\n├── avocado.txt (9 B)\n└── tomato.txt (8 B)\n\n0 folders, 2 files, 17 bytes\n".encode(),
    "-version": f"fruit 1.0 (data container, entrypoint 1, datacontainer {__version__})\n".encode(),
    "-info": json.dumps(SUMMARY, indent=2).encode() + b"\n",
    "-schema": b"field   type     files that have it\npath    text     2\nsize    integer  2\nsha256  digest   2\n",
}


@pytest.mark.parametrize("arguments", [*SIX_USES, *MORE_USES])
def test_entrypoint_of_fruit_prints_the_specified_bytes(fruit, arguments):
    status = 1 if "pear" in arguments else 0
    done = fruit.run(*arguments.split(), status=status)
    assert done.stdout == (SIX_USES | MORE_USES)[arguments]
    assert done.stderr == b""


def test_entrypoint_of_fruit_has_the_specified_digests():
    assert b'/data/avocado.txt {"size": 9, "sha256": "327b' in AVOCADO
    assert b'/data/tomato.txt {"size": 8, "sha256": "3b77' in TOMATO


@pytest.mark.parametrize(
    "arguments",
    ["-get pear", "-get /data/pear", "-metric size -search 7", "-where size>9", "-where size>9 -format csv"],
)
def test_query_without_matches_prints_nothing_and_exits_with_1(fruit, arguments):
    done = fruit.run(*arguments.split(), status=1)
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-metric colour", 'unknown metric "colour": the metrics are size, sha256'),
        ("-metric Size", 'unknown metric "Size": did you mean "size"? The metrics are size, sha256'),
        ("-colour", "unknown flag -colour; the flags are -"),
        ("ls", 'unexpected argument "ls": the entrypoint takes flags only; the flags are -'),
        ("-metric", "flag needs an argument: -metric; the flags are "),
        ("-limit some", 'invalid value "some" for flag -limit: '),
        ("-limit -3", "-limit -3 is negative: use 0 or more"),
        ("-search 8", "-search needs -metric: it searches the values of that metric"),
        ("-format yaml", '-format "yaml" is not one of text, json, jsonl, csv, tsv, parquet'),
        ("-count -tree", "-count and -tree cannot be combined: use one of them"),
        ("-null -format json", "-null and -format json cannot be combined"),
    ],
)
def test_wrong_usage_prints_the_remedy_and_exits_with_2(fruit, arguments, message):
    done = fruit.run(*arguments.split(), status=2)
    assert one_line(done.stderr).startswith(message)
    assert done.stdout == b""


def test_where_wrong_condition_prints_a_caret_below_the_error(fruit):
    done = fruit.run("-where", 'size > 8 and size > "é"', status=2)
    assert done.stdout == b""
    assert done.stderr.decode() == (
        'error: -where, column 21: "size" has the type integer, but "é" is not a number\n'
        '  size > 8 and size > "é"\n'
        "                      ^\n"
    )


def test_help_and_unknown_flag_list_every_flag(fruit):
    listed = one_line(fruit.run("-no-such-flag", status=2).stderr).partition("the flags are ")[2].partition(";")[0]
    printed = fruit.text("-help")
    assert len(listed.split()) >= 20
    for flag in listed.split():
        assert re.search(rf"(^|[ ,]){flag}($|[ ,])", printed, re.MULTILINE), flag
    for flag in re.findall(r"^  (-[a-z-]+)", printed.partition("Conditions:")[0], re.MULTILINE):
        assert flag in listed.split()
    assert fruit.text("--help") == fruit.text("-h") == printed


def test_schema_as_json_has_fields_types_and_counts(odd):
    assert json.loads(odd("-schema", "-format", "json")) == [
        {"field": "path", "type": "text", "files": 4},
        {"field": "size", "type": "integer", "files": 4},
        {"field": "note", "type": "text", "files": 3},
        {"field": "seen", "type": "boolean", "files": 2},
    ]


def test_format_csv_and_tsv_distinguish_empty_from_missing_text(odd):
    assert odd("-format", "csv") == (
        b'path,size,note,seen\n"/data/a,""b""",1,"",true\n"/data/b\nc",2,,\n/data/c\td,3,"x,\t""y""\n",false\n/data/d,4,"\r",\n'
    )
    assert odd("-format", "tsv", "-limit", "3") == (
        b'path\tsize\tnote\tseen\n"/data/a,""b"""\t1\t""\ttrue\n"/data/b\nc"\t2\t\t\n"/data/c\td"\t3\t"x,\t""y""\n"\tfalse\n'
    )


def test_list_none_is_null_and_absent_value_is_left_out(odd):
    assert odd() == (
        b'/data/a,"b" {"size": 1, "note": "", "seen": true}\n'
        b'"/data/b\\nc" {"size": 2, "seen": null}\n'
        b'"/data/c\\td" {"size": 3, "note": "x,\\t\\"y\\"\\n", "seen": false}\n'
        b'/data/d {"size": 4, "note": "\\r", "seen": null}\n'
    )


def test_list_without_files_prints_a_note_to_stderr(entrypoint):
    empty = entrypoint(fruit_catalog().slice(0, 0))
    done = empty.run()
    assert (done.stdout, done.stderr) == (b"", b"fruit 1.0 contains no files\n")
    assert empty("-format", "json") == b"[]\n"
    assert empty("-metric", "size") == b"Order by size\n"
    assert empty("-format", "csv") == b"path,size,sha256\n"
    assert empty.run("-get", "x", "-format", "csv", status=1).stdout == b""
