"""An index beside the entrypoint that is missing, of another kind, or not as it was written."""

import random
import struct
import zlib

import pytest

from datacontainer.entrypoint.names import BESIDE
from tools.catalogs import nasty_catalog
from tools.engines import Tool, require_root
from tools.entrypoint import one_line

QUERIES = [
    [],
    ["-metric", "mean", "-desc", "-ls"],
    ["-where", 'name ~ "e" or good = true', "-format", "csv"],
    ["-self-check"],
]
INDEX = "the index in this image"
DAMAGED = f"{INDEX} is damaged: "
ADVICE = "; pull or build the image again"
FLIPS = 200


@pytest.fixture
def program(entrypoint) -> Tool:
    """An entrypoint with an index of every type of field beside it."""
    return entrypoint(nasty_catalog(plain=False).slice(0, 700))


@pytest.fixture
def index(program):
    return program.command[0].with_name(BESIDE)


def failure(program: Tool, *arguments: str) -> str:
    done = program.run(*arguments, status=1)
    assert done.stdout == b""
    return one_line(done.stderr)


def with_other_version(data: bytes) -> bytes:
    """The index, with its checksum right, but of the version before."""
    (head_bytes,) = struct.unpack_from("<Q", data, 24)
    head = bytearray(data[:head_bytes])
    struct.pack_into("<II", head, 8, 1, 0)
    struct.pack_into("<I", head, 12, zlib.crc32(head))
    return bytes(head) + data[head_bytes:]


@pytest.mark.parametrize("arguments", ["", "-ls", "-count", "-schema", "-get x", "-cat x", "-tree", "-self-check"])
def test_ask_without_index_beside_is_told_which_file_is_missing(program, index, arguments):
    index.unlink()
    missing = f"cannot open the index of this image: open {index}: no such file or directory{ADVICE}"
    assert failure(program, *arguments.split()) == missing


@pytest.mark.parametrize("flag", ["-help", "-version", "-info"])
def test_ask_without_index_what_needs_none_is_answered(program, index, flag):
    index.unlink()
    assert program(flag)


def test_list_index_of_another_version_is_told_both(program, index):
    index.write_bytes(with_other_version(index.read_bytes()))
    assert failure(program) == f"{INDEX} has version 1, but this program reads version 2{ADVICE}"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data[:0], 'it does not begin with "DCINDEX\\n"'),
        (lambda data: data[:55], 'it does not begin with "DCINDEX\\n"'),
        (lambda data: b"\x7fELF" + data, 'it does not begin with "DCINDEX\\n"'),
        (lambda data: data[:-1], "expected {size} bytes, found {less}"),
        (lambda data: data[:56], "expected {size} bytes, found 56"),
        (lambda data: data + data[:1], "expected {size} bytes, found {more}"),
        (lambda data: data[:40] + b"\7" + data[41:], "checksum mismatch in the head"),
        (lambda data: data[:-9] + b"!" + data[-8:], "checksum mismatch in bytes {last} to {body} of the body"),
    ],
)
def test_check_index_that_was_changed_is_told_how(program, index, change, problem):
    data = index.read_bytes()
    index.write_bytes(change(data))
    (head_bytes,) = struct.unpack_from("<Q", data, 24)
    body = len(data) - head_bytes
    sizes = {
        "size": len(data),
        "less": len(data) - 1,
        "more": len(data) + 1,
        "body": body,
        "last": body // 16384 * 16384,
    }
    assert failure(program, "-self-check") == DAMAGED + problem.format(**sizes) + ADVICE


def test_list_index_that_is_a_folder_is_an_error(program, index):
    index.unlink()
    index.mkdir()
    assert str(index) in failure(program)


def test_list_index_that_may_not_be_read_is_an_error(program, index):
    require_root("becoming another user")
    index.chmod(0)
    done = program.run(status=1, user=65534, group=65534, extra_groups=[])
    assert one_line(done.stderr) == f"cannot open the index of this image: open {index}: permission denied{ADVICE}"


def test_ask_index_with_a_flipped_bit_answers_right_or_says_damaged(program, index):
    """What is printed before the damage is met is right as well."""
    rows, data = random.Random(1), index.read_bytes()
    (head_bytes,) = struct.unpack_from("<Q", data, 24)
    right = [program.run(*query, status=None) for query in QUERIES]
    told = 0
    for flip in range(FLIPS):
        query = flip % len(QUERIES)
        at = rows.randrange(head_bytes if flip % 8 < 2 else len(data))
        index.write_bytes(data[:at] + bytes([data[at] ^ 1 << rows.randrange(8)]) + data[at + 1 :])
        done = program.run(*QUERIES[query], status=None)
        if done.returncode == right[query].returncode and done.stderr == right[query].stderr:
            assert done.stdout == right[query].stdout
            continue
        told += 1
        assert done.returncode == 1
        assert one_line(done.stderr).startswith(INDEX)
        assert right[query].stdout.startswith(done.stdout)
    assert told > FLIPS / 4
