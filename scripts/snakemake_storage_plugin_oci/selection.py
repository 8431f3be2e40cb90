"""The files of an image that a query selects, their digest, and their local copies."""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datacontainer.fetch.fetch import fetch
from datacontainer.registry.errors import RegistryError
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import write_bytes
from datacontainer.sources.engine import selected
from datacontainer.sources.files import Files, read_files
from datacontainer.sources.source import CATALOG, Source, open_source
from snakemake_storage_plugin_oci.queries import Query

NOT_FOUND = 404
ROWS = 1 << 14
# Warnings are printed; without a handler, Python prints them a second time.
logger.addHandler(logging.NullHandler())


class Contents:
    """The catalog of an image, and the rows of its files by path."""

    def __init__(self, source: Source) -> None:
        """Reads the catalog, which is fetched and cached by its digest."""
        self._source = source
        self.files = read_files(source.document(CATALOG), source.name)
        paths = self.files.table["path"].combine_chunks()
        self._order = np.asarray(pc.sort_indices(paths))
        self._paths = paths.take(pa.array(self._order))
        self._selections: dict[Query, Selection | None] = {}

    @classmethod
    def of(cls, reference: str, *, plain_http: bool) -> "Contents | None":
        """The contents of an image in a registry; None if the registry has no such image."""
        try:
            return cls(open_source(reference, plain_http=plain_http))
        except RegistryError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def select(self, query: Query) -> "Selection | None":
        """The files that a query selects; None if there are none."""
        if query not in self._selections:
            kept = self._below(query.key)
            if query.flags and len(kept):
                kept = kept[self._matching(query)[kept]]
            is_kept = np.zeros(len(self.files), bool)
            is_kept[kept] = True
            found = Selection(self._source, self.files.take(is_kept), self._relative(query.key))
            self._selections[query] = found if len(kept) else None
        return self._selections[query]

    def paths(self) -> Iterator[bytes]:
        """The paths of all files, with the mount, sorted."""
        for start in range(0, len(self._paths), ROWS):
            for path in self._paths.slice(start, ROWS).to_pylist():
                yield self.files.mount + b"/" + path

    def _below(self, key: bytes) -> np.ndarray:
        """The rows of a file, or of the files in a folder."""
        path = self._relative(key)
        if not path and (not key or key.endswith(b"/")):
            return self._order if not key or key == self.files.mount + b"/" or key == b"/" else self._order[:0]
        end = path[:-1] + b"0" if path.endswith(b"/") else path + b"\0"
        return self._order[self._place(path) : self._place(end)]

    def _relative(self, key: bytes) -> bytes:
        """A path of the image as a path of the dataset; empty if it is the mount, or outside of it."""
        mount = self.files.mount + b"/"
        return key[len(mount) :] if key.startswith(mount) else b""

    def _place(self, path: bytes) -> int:
        """The number of paths before `path`."""
        low, high = 0, len(self._paths)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._paths[middle].as_py() < path else (low, middle)
        return low

    def _matching(self, query: Query) -> np.ndarray:
        """Which rows match the condition of a query."""
        try:
            keys = selected(self._source, query.flags)
        except SystemExit as error:
            raise UsageError(f"the condition of {query.text!r} is refused: the reason is printed above") from error
        names = pa.array([], pa.large_binary()) if keys is None else keys
        below = pc.binary_replace_slice(names, 0, len(self.files.mount) + 1, b"")
        return np.asarray(pc.is_in(self.files.table["path"].combine_chunks(), value_set=below))


class Selection(NamedTuple):
    """Selected files. path: of the only file or of the folder, with / at the end, in the dataset; empty for all."""

    source: Source
    files: Files
    path: bytes

    @property
    def size_bytes(self) -> int:
        """The size of all files in bytes."""
        return int(self.files.sizes.sum())

    @property
    def digest(self) -> str:
        """The sha256 of the only file; of a folder, that of its paths and digests, in hex."""
        if self._is_file:
            return self.files.text("sha256", 0)
        digest = hashlib.sha256()
        listed = self.files.table.select(["path", "sha256", "link"]).sort_by("path")
        for batch in listed.to_batches(ROWS):
            for path, sha256, link in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                digest.update(b"%b\0%b\0%b\0" % (path, (sha256 or "").encode(), link or b""))
        return digest.hexdigest()

    def seen_since(self, seen: Path) -> float:
        """The time since which the file `seen` has the digest; writes it, with the current time, if it differs."""
        digest = self.digest.encode()
        if not seen.is_file() or seen.read_bytes() != digest:
            seen.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(seen, digest)
        return seen.stat().st_mtime

    def fetch(self, place: Path) -> None:
        """Writes the file or the folder to `place`; a fetch that was interrupted continues.

        Raises:
            DataContainerError: if a file cannot be fetched, or is a symlink.
        """
        if self._is_file and self.files.link(0) is not None:
            target = os.fsdecode(self.files.link(0) or b"")
            raise DataError(f"{os.fsdecode(self.path)!r} is a symlink to {target!r}: name that file, or the folder")
        # Another version of the files begins with an empty folder.
        text = os.fsencode(place.name) + self.digest.encode()
        partial = place.with_name(f".partial-{hashlib.sha256(text).hexdigest()[:16]}")
        fetch(self.source, self.files, str(partial), quiet=True)
        os.replace(os.fsencode(partial) + b"/" + self.path.rstrip(b"/"), place)
        shutil.rmtree(partial, ignore_errors=True)
        # Snakemake fetches again what is older than the storage's time.
        os.utime(place)

    @property
    def _is_file(self) -> bool:
        return bool(self.path) and not self.path.endswith(b"/")
