"""Tests of the reader of tars: tars of GNU tar and of Python's tarfile, and damaged tars."""

import hashlib
import io
import os
import random
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.runtime.errors import DataError
from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.tar import READ_BYTES, Member, members, reading
from tools.engines import require_tool
from tools.examples import tried
from tools.trees import ODD_NAMES, fill

LONG = [b"n" * 100, b"d" * 90 + b"/" + b"n" * 90, b"n" * 255, b"d" * 200 + b"/" + b"\xff" * 250]


def read(path: Path) -> list[Member]:
    with reading(path, lambda _: None) as tar:
        found = list(members(tar))
        assert tar.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert tar.size_bytes == path.stat().st_size
    return found


def tar_of(path: Path, contents: Mapping[bytes, bytes], **header: object) -> Path:
    """A tar with the files, written by Python's tarfile."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(os.fsdecode(name))
            member.size = len(content)
            for key, value in header.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_members_of_tarfile_are_read_as_they_were_written(tmp_path):
    contents = {name: name * 5 for name in ODD_NAMES + LONG} | {b"": b"", b"empty": b"", b"512": bytes(512)}
    contents[b"large"] = random.Random(1).randbytes(3 * READ_BYTES + 1)
    found = read(tar_of(tmp_path / "tar", contents, mode=0o640))
    with tarfile.open(tmp_path / "tar") as tar:
        offsets = [member.offset_data for member in tar]
    expected = [
        (name, FILE, 0o640, len(one), b"", hashlib.sha256(one).hexdigest(), offset)
        for (name, one), offset in zip(contents.items(), offsets, strict=True)
    ]
    assert found == expected


def test_members_long_name_in_two_fields_of_the_header_is_joined(tmp_path):
    name = b"d" * 120 + b"/" + b"n" * 90
    tar = tarfile.TarInfo(name.decode()).tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
    (tmp_path / "tar").write_bytes(tar)
    assert name not in tar
    assert [member.name for member in read(tmp_path / "tar")] == [name]


def test_members_of_gnu_tar_equal_the_folder(dataset, tmp_path):
    fill(dataset, {b"sub/" + name: name for name in [*ODD_NAMES, b"n" * 200]})
    (dataset / "link").symlink_to("../" * 60 + "sub")
    (dataset / "void").mkdir(mode=0o700)
    # Without this option, tar writes records with times, which no layer of a data container contains.
    delete = "--pax-option=delete=atime,delete=ctime,delete=mtime"
    command = [require_tool("tar"), "--format=posix", delete, "-cf", tmp_path / "tar", "-C", dataset, "."]
    subprocess.run(command, check=True)
    found = {member.name: member for member in read(tmp_path / "tar")}
    assert set(found) == {b"./", b"./sub/", b"./link", b"./void/"} | {
        b"./sub/" + name for name in [*ODD_NAMES, b"n" * 200]
    }
    assert found[b"./link"][1:5] == (LINK, 0o777, 0, b"../" * 60 + b"sub")
    assert found[b"./void/"][1:5] == (FOLDER, 0o700, 0, b"")
    for name in ODD_NAMES:
        assert found[b"./sub/" + name].sha256 == hashlib.sha256(name).hexdigest()


def test_members_size_of_an_extended_header_overrides_the_header(tmp_path):
    header = tarfile.TarInfo("large")
    header.size, header.pax_headers = 0, {"size": "3"}
    (tmp_path / "tar").write_bytes(header.tobuf(tarfile.PAX_FORMAT) + b"abc".ljust(512, b"\0") + bytes(1024))
    (found,) = read(tmp_path / "tar")
    assert (found.size_bytes, found.sha256) == (3, hashlib.sha256(b"abc").hexdigest())


def test_members_size_of_too_many_digits_is_refused(tmp_path):
    header = tarfile.TarInfo("large")
    header.pax_headers = {"size": "1" * 5000}
    (tmp_path / "tar").write_bytes(header.tobuf(tarfile.PAX_FORMAT) + bytes(1024))
    with pytest.raises(DataError, match=f"b'{'1' * 20}' is not a number in base 10"):
        read(tmp_path / "tar")


def test_take_of_a_long_file_reports_progress(tmp_path):
    (tmp_path / "tar").write_bytes(bytes(2 * READ_BYTES + 5))
    sizes: list[int] = []
    with reading(tmp_path / "tar", sizes.append) as tar:
        assert tar.take(READ_BYTES + 5) == bytes(READ_BYTES + 5)
        assert tar.at() == READ_BYTES + 5
    assert sizes == [READ_BYTES, READ_BYTES]


def with_checksum(header: bytes) -> bytes:
    """The header with its correct checksum."""
    header = header[:148] + b" " * 8 + header[156:]
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def field(start: int, content: bytes) -> Callable[[bytes], bytes]:
    """A change of the first header, which keeps its checksum correct."""
    return lambda tar: with_checksum(tar[:start] + content + tar[start + len(content) : 512]) + tar[512:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:10] + b"x" + t[11:], "before byte 512: checksum mismatch: the header contains "),
        (field(257, b"posix"), r"a header contains b'posix\x00', expected b'ustar\x00'"),
        (field(156, b"3"), "b'one' has the type b'3'; only files, symlinks and folders are expected"),
        (field(156, b"1"), "b'one' has the type b'1'"),
        (field(156, b"L"), "b'one' has the type b'L'"),
        (field(156, b"5"), "b'one' is a folder, but has 3 bytes of data"),
        (field(124, b"0000000000x"), "b'0000000000x' is not a number in base 8"),
        (field(124, b"\x80" + bytes(11)), r"b'\x80' is not a number in base 8"),
        (field(124, b"77777777777"), ", 8589933055 bytes early"),
        (field(100, b"\0" * 8), "b'' is not a number in base 8"),
        (lambda t: t[:515] + b"x" + t[516:], "expected only zeros, found b'x'"),
        (lambda t: t[:1024] + bytes(512) + b"x" * 512, "one block of zeros instead of the two that end a tar"),
        (lambda t: t + bytes(READ_BYTES) + b"behind", "expected only zeros, found b'behind'"),
        (lambda t: t[:1024], "is truncated at byte 1024, 512 bytes early"),
        (lambda t: t[:1536], "is truncated at byte 1536, 512 bytes early"),
        (lambda t: t[:600], "is truncated at byte 600, 424 bytes early"),
        (lambda _: b"", "is truncated at byte 0, 512 bytes early"),
    ],
)
def test_members_damaged_tar_names_the_position_and_the_damage(tmp_path, change, message):
    path = tar_of(tmp_path / "tar", {b"one": b"abc"})
    path.write_bytes(change(path.read_bytes()[:2048]))
    with pytest.raises(DataError) as caught:
        read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (b"11 mtime=1\n", r"b'11 mtime=1\n' is not an expected record"),
        (b"12 path=one\n\0", "b'\\x00' is not a number in base 10"),
        (b"99 path=one\n", "is not an expected record"),
        (b"12 path:one\n", "is not an expected record"),
        (b"11 path=one\n", "is not an expected record"),
        (b"0 path=one\n", "b'' is not an expected record"),
        (b"x path=one\n", "b'x' is not a number in base 10"),
        (b"1" * 5000, f"b'{'1' * 20}' is not a number in base 10"),
        (b"x" * ((1 << 20) + 1), "an extended header has 1048577 bytes; at most 1048576 are allowed"),
    ],
)
def test_members_extended_header_that_is_wrong_is_shown(tmp_path, records, message):
    path = tar_of(tmp_path / "tar", {b"extended": records}, type=b"x")
    with pytest.raises(DataError) as caught:
        read(path)
    assert message in str(caught.value)


@tried(200)
@given(
    damage=st.lists(st.tuples(st.integers(0, 5119), st.binary(min_size=1, max_size=12)), min_size=1, max_size=3),
    kept=st.integers(0, 10240),
)
def test_members_random_damage_is_a_data_error_or_nothing(tmp_path, damage, kept):
    path = tar_of(tmp_path / "tar", {b"one": b"1" * 600, b"n" * 120: b"2", b"\xff": b""})
    content = bytearray(path.read_bytes())
    for place, piece in damage:
        content[place : place + len(piece)] = piece
    path.write_bytes(content if kept > 5120 else content[:kept])
    try:
        read(path)
    except DataError as error:
        assert str(path) in str(error)
