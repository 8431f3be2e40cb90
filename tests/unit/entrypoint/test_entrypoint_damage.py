"""An index that is damaged or of another version, and a program that is too short."""

import os
import random
import struct
import zlib
from pathlib import Path

import pytest

from tools.catalogs import nasty_catalog
from tools.engines import Tool
from tools.entrypoint import index_of, one_line

QUERIES = [
    [],
    ["-metric", "mean", "-desc", "-ls"],
    ["-where", 'name ~ "e" or good = true', "-format", "csv"],
    ["-values", "näme\n", "-where", "name like '*e*'"],
    ["-count", "-by", "suffix,mean", "-format", "parquet"],
    ["-self-check"],
    ["-info"],
    ["-version"],
]
INDEX = "the index in this image"
FACTS = "dataset.json, the name or a version in this image is damaged: expected the checksum "
DAMAGED = f"{INDEX} is damaged: "
ADVICE = "; pull or build the image again"
FLIPS = 200


@pytest.fixture
def index(tmp_path) -> bytes:
    """An index that has a field of each type."""
    return index_of(nasty_catalog(plain=False, rows=700), tmp_path)


def failure(program: Tool, *arguments: str) -> str:
    done = program.run(*arguments, status=1)
    assert done.stdout == b""
    return one_line(done.stderr)


def with_other_version(data: bytes) -> bytes:
    """Returns the index with the previous version number, and a correct checksum."""
    (head_bytes,) = struct.unpack_from("<Q", data, 24)
    head = bytearray(data[:head_bytes])
    struct.pack_into("<II", head, 8, 1, 0)
    struct.pack_into("<I", head, 12, zlib.crc32(head))
    return bytes(head) + data[head_bytes:]


def test_list_index_of_another_version_prints_both_versions(with_index, index):
    other = with_index(with_other_version(index))
    assert failure(other) == f"{INDEX} has version 1, but this program reads version 2{ADVICE}"
    # The summary of the dataset is not in the index.
    assert other.run("-info").stdout == with_index(index).run("-info").stdout != b""


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
def test_self_check_changed_index_prints_the_difference(with_index, index, change, problem):
    data = index
    (head_bytes,) = struct.unpack_from("<Q", data, 24)
    body = len(data) - head_bytes
    sizes = {
        "size": len(data),
        "less": len(data) - 1,
        "more": len(data) + 1,
        "body": body,
        "last": body // 16384 * 16384,
    }
    assert failure(with_index(change(data)), "-self-check") == DAMAGED + problem.format(**sizes) + ADVICE


@pytest.mark.parametrize("missing", [1, 5000, 20_000])
@pytest.mark.parametrize("arguments", ["-self-check", "-format csv"])
def test_query_program_that_is_too_short_fails(with_index, index, missing, arguments):
    program = with_index(index)
    os.truncate(program.command[0], program.command[0].stat().st_size - missing)
    assert failure(program, *arguments.split()).startswith(DAMAGED)


@pytest.mark.slow
def test_query_binary_with_a_flipped_bit_is_correct_or_fails(entrypoint_of):
    """The output before the error is correct too. Flips a bit in each byte of the facts, and some bits of the index."""
    binary = entrypoint_of(nasty_catalog(plain=False, rows=700))
    data, program, rows = binary.read_bytes(), Tool((binary,)), random.Random(1)
    texts = (binary.parent.parent / "rendered/facts.bin").read_bytes()
    facts = range(data.index(texts), data.index(texts) + len(texts))
    start = data.index(b"DCINDEX\n\x02")
    size, head = struct.unpack_from("<QQ", data, start + 16)
    index = [start + rows.randrange(size if flip % 8 else head) for flip in range(FLIPS)]
    right = [program.run(*query, status=None) for query in QUERIES]
    failed = 0
    for number, at in enumerate([*facts, *index]):
        query, expected = QUERIES[number % len(QUERIES)], right[number % len(QUERIES)]
        replace(binary, at, bytes([data[at] ^ 1 << rows.randrange(8)]))
        done = program.run(*query, status=None)
        replace(binary, at, data[at : at + 1])
        if at not in facts and (done.returncode, done.stderr) == (expected.returncode, expected.stderr):
            assert done.stdout == expected.stdout
            continue
        failed += 1
        assert done.returncode == 1
        assert one_line(done.stderr).startswith(FACTS if at in facts else INDEX)
        assert expected.stdout.startswith(done.stdout)
    assert failed > len(facts) + FLIPS / 4


def replace(file: Path, at: int, byte: bytes) -> None:
    with open(file, "r+b") as target:
        os.pwrite(target.fileno(), byte, at)
