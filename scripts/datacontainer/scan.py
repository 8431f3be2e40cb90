"""Scan: lists a dataset's files, refuses what an image cannot hold, and cuts the list into shards."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from datacontainer.errors import DataContainerError, DataError
from datacontainer.logs import logger
from datacontainer.outputs import fresh_directory, write_bytes
from datacontainer.shardlist import DIRECTORY, FILE, LINK, Record
from datacontainer.shards import Shard, cut

IGNORE_FILE = ".datacontainerignore"
# Snakemake leaves this file in every folder that a rule of an embedding workflow declares as its output.
SNAKEMAKE_TIMESTAMP = b".snakemake_timestamp"
# An OCI layer takes such names for the removal of a file: image-spec, layer.md, "Whiteouts".
WHITEOUT_PREFIX = b".wh."
SHOWN_OFFENDERS = 20

KINDS = {
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


@dataclass
class Walk:
    """One walk over a dataset; `offenders` fills up with what cannot be packed, and why."""

    root: bytes
    exclude: GitIgnoreSpec | None
    offenders: list[str] = field(default_factory=list)

    def records(self) -> Iterator[Record]:
        """Every file, link and empty folder, in the order of the paths' bytes."""
        yield from self._folder(b"")

    def _folder(self, folder: bytes) -> Iterator[Record]:
        try:
            with os.scandir(os.path.join(self.root, folder)) as found:
                entries = sorted(found, key=_full_path_order)
        except OSError as error:
            self._refuse(folder, f"cannot be listed ({error.strerror})")
            return
        kept = False
        for entry in entries:
            path = folder + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name == SNAKEMAKE_TIMESTAMP or self._excluded(path, is_folder):
                continue
            kept = True
            if is_folder:
                self._check_name(entry.name, path)
                yield from self._folder(path + b"/")
            else:
                yield from self._leaf(entry, path)
        if folder and not kept:
            yield self._empty_folder(folder)

    def _leaf(self, entry: os.DirEntry[bytes], path: bytes) -> Iterator[Record]:
        status = entry.stat(follow_symlinks=False)
        self._check_name(entry.name, path)
        if stat.S_ISREG(status.st_mode):
            yield _record(path, FILE, status, b"")
        elif stat.S_ISLNK(status.st_mode):
            target = os.readlink(entry.path)
            self._check_link(path, target)
            yield _record(path, LINK, status, target)
        else:
            self._refuse(path, f"is {KINDS.get(stat.S_IFMT(status.st_mode), 'not a file')}")

    def _empty_folder(self, folder: bytes) -> Record:
        # Its times and size change with the files left out of it, and mean nothing for an empty folder.
        return Record(folder[:-1], DIRECTORY, 0o755, 0, 0, 0, 0, b"")

    def _excluded(self, path: bytes, is_folder: bool) -> bool:
        if self.exclude is None:
            return False
        return self.exclude.match_file(os.fsdecode(path + b"/" if is_folder else path))

    def _check_name(self, name: bytes, path: bytes) -> None:
        if name.startswith(WHITEOUT_PREFIX):
            self._refuse(path, "has a name that an image layer takes for the removal of a file")

    def _check_link(self, path: bytes, target: bytes) -> None:
        if target.startswith(b"/"):
            self._refuse(path, f"is a link to the absolute path {os.fsdecode(target)!r}")
        elif self._escapes(path, target):
            self._refuse(path, f"is a link that leaves the dataset: {os.fsdecode(target)!r}")

    def _escapes(self, path: bytes, target: bytes) -> bool:
        lexical = os.path.normpath(os.path.join(os.path.dirname(path), target))
        if lexical == b".." or lexical.startswith(b"../"):
            return True
        # A link behind another link may leave the dataset although its text does not look like it.
        root = os.path.realpath(self.root)
        real = os.path.realpath(os.path.join(root, os.path.dirname(path), target))
        return real != root and not real.startswith(root.rstrip(b"/") + b"/")

    def _refuse(self, path: bytes, reason: str) -> None:
        self.offenders.append(f"{os.fsdecode(path) or '.'!r} {reason}")


def scan(root: str, exclude: Iterable[str], lists: Path, table: Path) -> list[Shard]:
    """Writes one list per shard into the folder `lists`, and `table` with the shards in the order of their paths.

    A list is named by the digest of its content, so an unchanged shard keeps its name. The table has a line per shard:
    name, files, bytes.

    Raises:
        DataError: naming everything in the dataset that an image cannot hold.
    """
    walk = _open_walk(root, exclude)
    fresh_directory(lists)
    with tempfile.TemporaryFile(dir=lists.parent) as spool:
        shards = cut(walk.records(), spool, lists)
    _raise_offenders(walk.offenders)
    lines = "".join(f"{shard.name}\t{shard.files}\t{shard.size_bytes}\n" for shard in shards)
    write_bytes(table, lines.encode())
    logger.info(
        "%d files, %d bytes, %d shards", sum(s.files for s in shards), sum(s.size_bytes for s in shards), len(shards)
    )
    return shards


def fingerprint(root: str, exclude: Iterable[str]) -> str | None:
    """A digest of all that scan would list, or None where there is no such folder; reads no data."""
    if not os.path.isdir(root):
        return None
    digest = hashlib.sha256()
    try:
        walk = _open_walk(root, exclude)
        for record in walk.records():
            digest.update(record.encode())
    except (DataContainerError, OSError) as error:
        # scan meets the same problem and reports it as an error of its own.
        return f"unreadable: {error}"
    digest.update(repr(walk.offenders).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def read_shards(table: Path) -> list[str]:
    """The shards' names, in the order of their paths, from the table that scan wrote."""
    return [line.split("\t")[0] for line in table.read_text().splitlines()]


def _open_walk(root: str, exclude: Iterable[str]) -> Walk:
    if not os.path.isdir(root):
        raise DataError(f"the dataset {root!r} is not a folder: correct its `path` in the configuration")
    patterns = [*exclude, *_ignore_patterns(Path(root) / IGNORE_FILE)]
    return Walk(os.fsencode(root), GitIgnoreSpec.from_lines(patterns) if patterns else None)


def _ignore_patterns(ignore_file: Path) -> list[str]:
    if not ignore_file.is_file():
        return []
    return ignore_file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def _full_path_order(entry: os.DirEntry[bytes]) -> bytes:
    # With a slash behind folders, sorting each folder's names gives the order of the whole paths' bytes.
    return entry.name + b"/" if entry.is_dir(follow_symlinks=False) else entry.name


def _record(path: bytes, kind: bytes, status: os.stat_result, target: bytes) -> Record:
    size = len(target) if kind == LINK else status.st_size
    mode = stat.S_IMODE(status.st_mode)
    return Record(path, kind, mode, size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, target)


def _raise_offenders(offenders: list[str]) -> None:
    if not offenders:
        return
    for offender in offenders:
        logger.error("refused: %s", offender)
    shown = "; ".join(offenders[:SHOWN_OFFENDERS])
    rest = f"; and {len(offenders) - SHOWN_OFFENDERS} more, all in the log" if len(offenders) > SHOWN_OFFENDERS else ""
    raise DataError(
        f"the dataset holds what an image cannot: {shown}{rest}; remove them, or leave them out with `exclude`"
    )
