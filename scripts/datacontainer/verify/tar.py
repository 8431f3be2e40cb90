"""Reader of a tar: reads it once from start to end, while another thread hashes all of its bytes.

Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from datacontainer.runtime.errors import DataError
from datacontainer.verify.kinds import FILE, FOLDER, LINK

# By the type in the header; old programs write a zero byte for a file.
KINDS = {b"0": FILE, b"\0": FILE, b"2": LINK, b"5": FOLDER}
_EXTENDED = b"x"
TAR_BLOCK, READ_BYTES = 512, 1 << 20
# Far more than names need.
MAX_EXTENDED, MAX_DIGITS = 1 << 20, 20
_RECORDS = {b"path", b"linkpath", b"size", b"hdrcharset", b"comment"}


class Member(NamedTuple):
    """A file, link or folder in a tar; a folder's name ends with a slash.

    sha256: of a file's content, in hex. offset: of the content in the tar.
    """

    name: bytes
    kind: str
    mode: int
    size_bytes: int
    target: bytes
    sha256: str
    offset: int


class Readable(Protocol):
    """A source of bytes."""

    def read(self, size_bytes: int, /) -> bytes:
        """The next bytes, at most `size_bytes`; empty at the end."""


class HashedStream:
    """A file that is read once, from start to end; a separate thread hashes its bytes."""

    def __init__(self, file: Readable, path: Path, read: Callable[[int], None], thread: ThreadPoolExecutor) -> None:
        """read: called with the size of each block read."""
        self.path, self.size_bytes = path, 0
        self._file, self._read, self._thread = file, read, thread
        self._digest = hashlib.sha256()
        self._digested: Future[None] | None = None
        self._block = memoryview(b"")

    def take(self, size_bytes: int) -> bytes:
        """The next `size_bytes` bytes."""
        return b"".join(self.pieces(size_bytes))

    def pieces(self, size_bytes: int) -> Iterator[memoryview]:
        """The next `size_bytes` bytes, in pieces without copying. Raises DataError if the file is too short."""
        while size_bytes:
            if not self._block and not self._next():
                raise DataError(f"{str(self.path)!r} is truncated at byte {self.size_bytes}, {size_bytes} bytes early")
            piece = self._block[:size_bytes]
            self._block = self._block[len(piece) :]
            size_bytes -= len(piece)
            yield piece

    def rest(self) -> Iterator[memoryview]:
        """The rest of the file, in pieces."""
        while self._block or self._next():
            piece, self._block = self._block, memoryview(b"")
            yield piece

    def at(self) -> int:
        """The number of bytes taken so far."""
        return self.size_bytes - len(self._block)

    def sha256(self) -> str:
        """Reads the rest and returns the digest of the whole file."""
        for _ in self.rest():
            pass
        if self._digested:
            self._digested.result()
        return self._digest.hexdigest()

    def _next(self) -> bool:
        block = self._file.read(READ_BYTES)
        if self._digested:
            self._digested.result()
        self._digested = self._thread.submit(self._digest.update, block)
        self._block = memoryview(block)
        self.size_bytes += len(block)
        self._read(len(block))
        return bool(block)


@contextmanager
def reading(path: Path, read: Callable[[int], None]) -> Iterator[HashedStream]:
    """Opens a file for reading once; `read` is called with the size of each block read."""
    with open(path, "rb", buffering=0) as file, hashing(file, path, read) as tar:
        yield tar


@contextmanager
def hashing(file: Readable, path: Path, read: Callable[[int], None]) -> Iterator[HashedStream]:
    """Like `reading`, for an open file or a decompressor; `path` is used in errors."""
    with ThreadPoolExecutor(1) as thread:
        yield HashedStream(file, path, read, thread)


def members(tar: HashedStream, saved: Mapping[bytes, BinaryIO] | None = None) -> Iterator[Member]:
    """The tar's members in their order, each with the digest of its content; no other data may follow.

    saved: files to which the contents of the members with these names are written.

    Raises:
        DataError: if the tar is damaged, or contains types or records that no data container contains.
    """
    while (header := tar.take(TAR_BLOCK)) != bytes(TAR_BLOCK):
        records: dict[bytes, bytes] = {}
        _check_sum(tar, header)
        if header[156:157] == _EXTENDED:
            records = _records(tar, _number(tar, header, 124, 12))
            header = tar.take(TAR_BLOCK)
            _check_sum(tar, header)
        yield _member(tar, header, records, saved or {})
    _check_end(tar)


def _member(tar: HashedStream, header: bytes, records: dict[bytes, bytes], saved: Mapping[bytes, BinaryIO]) -> Member:
    name = records.get(b"path") or _name(header)
    kind = KINDS.get(header[156:157])
    target = records.get(b"linkpath") or _text(header, 157, 100)
    size = _digits(tar, records[b"size"], 10) if b"size" in records else _number(tar, header, 124, 12)
    if kind is None:
        raise _damaged(tar, f"{name!r} has the type {header[156:157]!r}; only files, symlinks and folders are expected")
    if kind != FILE and size:
        raise _damaged(tar, f"{name!r} is a {kind}, but has {size} bytes of data")
    if kind == FOLDER:
        name = name.rstrip(b"/") + b"/"
    mode = _number(tar, header, 100, 8)
    offset = tar.at()
    sha256 = _content_sha256(tar, size, saved.get(name))
    return Member(name, kind, mode, size, target if kind == LINK else b"", sha256, offset)


def _content_sha256(tar: HashedStream, size: int, saved: BinaryIO | None) -> str:
    digest = hashlib.sha256()
    for piece in tar.pieces(size):
        digest.update(piece)
        if saved:
            saved.write(piece)
    _check_zeros(tar, tar.take(-size % TAR_BLOCK))
    return digest.hexdigest()


def _name(header: bytes) -> bytes:
    prefix = _text(header, 345, 155)
    return prefix + b"/" + _text(header, 0, 100) if prefix else _text(header, 0, 100)


def _records(tar: HashedStream, size: int) -> dict[bytes, bytes]:
    """The records of an extended header, as in `18 path=some/name\\n`."""
    if size > MAX_EXTENDED:
        raise _damaged(tar, f"an extended header has {size} bytes; at most {MAX_EXTENDED} are allowed")
    content, found = tar.take(size), {}
    _check_zeros(tar, tar.take(-size % TAR_BLOCK))
    while content:
        length = _digits(tar, content[:MAX_DIGITS].partition(b" ")[0], 10)
        record, content = content[:length], content[length:]
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if len(record) != length or not equals or not value.endswith(b"\n") or key not in _RECORDS:
            raise _damaged(tar, f"{record[:40]!r} is not an expected record of an extended header")
        found[key] = value[:-1]
    return found


def _check_sum(tar: HashedStream, header: bytes) -> None:
    expected = _number(tar, header, 148, 8)
    found = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    if expected != found:
        raise _damaged(tar, f"checksum mismatch: the header contains {expected}, its bytes sum to {found}")
    if header[257:263] != b"ustar\0":
        raise _damaged(tar, f"a header contains {header[257:263]!r}, expected b'ustar\\x00'")


def _check_end(tar: HashedStream) -> None:
    if tar.take(TAR_BLOCK) != bytes(TAR_BLOCK):
        raise _damaged(tar, "one block of zeros instead of the two that end a tar")
    for piece in tar.rest():
        _check_zeros(tar, bytes(piece))


def _check_zeros(tar: HashedStream, content: bytes) -> None:
    if content.strip(b"\0"):
        raise _damaged(tar, f"expected only zeros, found {content.strip(bytes(1))[:20]!r}")


def _text(header: bytes, start: int, size: int) -> bytes:
    return header[start : start + size].partition(b"\0")[0]


def _number(tar: HashedStream, header: bytes, start: int, size: int) -> int:
    return _digits(tar, header[start : start + size].strip(b" \0"), 8)


def _digits(tar: HashedStream, text: bytes, base: int) -> int:
    if not 0 < len(text) < MAX_DIGITS or text.strip(b"0123456789"[:base]):
        raise _damaged(tar, f"{text[:MAX_DIGITS]!r} is not a number in base {base}")
    return int(text, base)


def _damaged(tar: HashedStream, what: str) -> DataError:
    return DataError(f"the tar {str(tar.path)!r} is damaged before byte {tar.at()}: {what}")
