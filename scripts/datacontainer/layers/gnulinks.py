"""Targets of links in a tar, in GNU's format: mksquashfs 4.5 changes targets in extended headers.

Source: POSIX.1-2017, pax, "pax Extended Header"; GNU tar's manual, "Basic Tar Format".
"""

import tarfile
from collections.abc import Iterable, Iterator

BLOCK = tarfile.BLOCKSIZE
_EXTENDED = ord("x")


def with_gnu_targets(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The tar, with a GNU header after each extended header with a target; the GNU header's target is used.

    mksquashfs 4.5 removes leading ../, ./ and / from targets in extended headers. Memory: a piece and a header.

    Raises:
        ValueError: if the input is not a tar.
    """
    held, at, extended_size = b"", 0, None
    for piece in pieces:
        held, done = held + piece, 0
        while at + BLOCK <= len(held):
            size = _number(held[at + 124 : at + 136])
            if held[at + 156] != _EXTENDED:
                at += BLOCK + padded(size if extended_size is None else extended_size)
                extended_size = None
                continue
            start, end = at + BLOCK, at + BLOCK + padded(size)
            if end > len(held):
                break
            records = extended_records(held[start : start + size])
            if b"linkpath" in records:
                yield held[done:end] + _gnu_target(records[b"linkpath"])
                done = end
            extended_size = int(records[b"size"]) if b"size" in records else None
            at = end
        # The bytes before the next header are complete.
        known = min(at, len(held))
        yield held[done:known]
        held, at = held[known:], at - known
    yield held


def _number(field: bytes) -> int:
    return int(field.strip(b" \0") or b"0", 8)


def padded(size: int) -> int:
    """The size of a content in a tar, with the zeros after it."""
    return size + -size % BLOCK


def extended_records(content: bytes) -> dict[bytes, bytes]:
    """The records of an extended header, as in `18 path=some/name\\n`."""
    found = {}
    while content:
        length = int(content.partition(b" ")[0])
        if not 0 < length <= len(content):
            raise ValueError(f"a record of {length} bytes in an extended header with {len(content)} left")
        key, _, value = content[:length].partition(b" ")[2].partition(b"=")
        found[key] = value[:-1]
        content = content[length:]
    return found


def _gnu_target(target: bytes) -> bytes:
    """A member whose content is the target of the link that follows it."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGLINK, len(target) + 1
    return member.tobuf(tarfile.GNU_FORMAT) + target + bytes(padded(member.size) - len(target))
