"""SIFs: labels, documents and contents from the SquashFS."""

import hashlib
import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.sources.cache import kept
from datacontainer.sources.files import Files
from datacontainer.sources.source import CATALOG, Content, Folder, Run, Traffic
from datacontainer.verify.kinds import FILE, FOLDER
from datacontainer.verify.sifobjects import OCI_ROOT_INDEX, PARTITION, SQUASHFS_ON_SYSTEM, read_object, sif_objects
from datacontainer.verify.squashfs import Node, Squashfs, opened

METADATA = b".datacontainer/"


class Sif:
    """A data container in a SIF; see `Source`."""

    digest = ""

    def __init__(self, name: str, path: Path) -> None:
        """path: of the SIF.

        Raises:
            UsageError: if it is an OCI-SIF.
            DataError: if it is damaged, or has no SquashFS.
        """
        self.name, self.traffic, self._path = name, Traffic(), path
        _, self._objects = sif_objects(path)
        partitions = [one for one in self._objects if one.kind == PARTITION and one.partition == SQUASHFS_ON_SYSTEM]
        if any(one.kind == OCI_ROOT_INDEX for one in self._objects):
            raise UsageError(
                f"{name!r} is an OCI-SIF, which has no catalog: name the image layout, the archive or the SIF of the "
                "same dataset; SingularityCE mounts an OCI-SIF with --data"
            )
        if not partitions:
            raise DataError(f"the SIF {name!r} has no primary partition with a SquashFS: build it again")
        self._extent = partitions[0].offset, partitions[0].size_bytes

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """See `Source`."""
        with suppress(ValueError, KeyError, TypeError, StopIteration):
            inspected = next(one for one in self._objects if one.name == "inspect-metadata.json")
            return dict(json.loads(read_object(self._path, inspected))["data"]["attributes"]["labels"])
        return {}

    @cached_property
    def identity(self) -> str:
        """The sha256 of the documents."""
        digest = hashlib.sha256()
        with opened(self._path, *self._extent) as image:
            for node in self._documents(image):
                digest.update(b"%d %b\0%d " % (len(node.path), node.path, node.inode.size_bytes))
                for piece in image.content(node):
                    digest.update(piece)
        return digest.hexdigest()

    def document(self, name: str) -> Path:
        """See `Source`."""
        path = kept("metadata", self.identity, self._extract) / name
        if not path.is_file():
            raise DataError(f"{self.name!r} has no {name!r} in /.datacontainer: build the image again")
        return path

    def runs(self, files: Files) -> list[Run]:
        """See `Source`; one run reads the SquashFS in its order."""
        return [Run("", 0, None, range(len(files)))] if len(files) or files.tails is not None else []

    def notice(self, runs: list[Run]) -> str:  # noqa: ARG002
        """See `Source`."""
        return ""

    def contents(self, run: Run, files: Files) -> Generator[Content | Folder]:  # noqa: ARG002
        """See `Source`."""
        rows, mount = iter(files.in_path_order()), files.mount.removeprefix(b"/") + b"/"
        row = next(rows, None)
        with opened(self._path, *self._extent) as image:
            for node in image.nodes():
                if files.tails is not None and node.inode.kind == FOLDER:
                    yield Folder(node.path.rstrip(b"/"))
                if row is None or node.inode.kind != FILE or node.path != mount + files.path(row):
                    continue
                size_bytes = node.inode.size_bytes
                self.traffic.add(size_bytes)
                yield Content(row, 0, size_bytes, bool(node.inode.mode & 0o111), _Pieces(image.content(node)))
                row = next(rows, None)
        if row is not None:
            raise DataError(f"the SIF {self.name!r} has no file {files.path(row)!r} of its catalog: build it again")

    def _documents(self, image: Squashfs) -> Iterator[Node]:
        for node in image.nodes():
            name = node.path.removeprefix(METADATA)
            if node.path.startswith(METADATA) and node.inode.kind == FILE and b"/" not in name:
                yield node
            elif node.path > METADATA + b"\xff":
                return

    def _extract(self, folder: Path) -> None:
        with opened(self._path, *self._extent) as image:
            for node in self._documents(image):
                with open(folder / os.fsdecode(node.path.removeprefix(METADATA)), "xb") as target:
                    target.writelines(image.content(node))
        if not (folder / CATALOG).is_file():
            raise DataError(f"{self.name!r} is no data container with a catalog in the image: build the image again")


class _Pieces:
    """A stream of pieces; a piece may be longer than asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, count: int) -> bytes:  # noqa: ARG002
        return next(self._pieces, b"")
