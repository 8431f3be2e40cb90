"""Reader of the layers of an image layout: checks each blob and returns its members as rows, in one pass."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress
from datacontainer.verify.blobs import reading_layer
from datacontainer.verify.comparison import MODES, Place, Row, folder_row, link_row, shown
from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.layout import DATA_CONTAINER, LAYER, Descriptor, Image, Layout
from datacontainer.verify.tables import Tables
from datacontainer.verify.tar import Member, members

# The files outside of the data.
ENTRYPOINT, ENTRYPOINT_MODE = b"entrypoint", 0o755
METADATA, METADATA_MODE = b".datacontainer/", 0o644
CATALOG = METADATA + b"catalog.parquet"
PROGRAMS, PROGRAM_MODE = METADATA + b"programs/", 0o755


@dataclass
class Layers:
    """The layers of the images of a layout.

    entrypoint_files: sha256 of the files outside of the data, by platform and name; filled while layers are read.
    with_files: the diff IDs of the layers that contain files; filled while rows are read.
    """

    layout: Layout
    images: Sequence[Image]
    mount: str
    entrypoint_files: dict[str, dict[bytes, str]] = field(default_factory=dict)
    with_files: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The files, links and folders below the mount, each once, sorted by path.

        Raises:
            DataError: if they are not sorted, for example because two layers contain a path, or a layer is not a tar.
        """
        last = None
        for member in self._data():
            row = _row(member, member.name[len(self._prefix) :], len(self.with_files))
            if row.kind == FOLDER:
                self._check_mode(member, MODES[FOLDER][0])
            # Each layer contains the parent folders of its files, even if an earlier layer contains them.
            if last is not None and row.kind == FOLDER and last.startswith(row.path):
                continue
            if last is not None and row.path <= last:
                raise DataError(f"the layers are not sorted: {shown(row.path)} follows {shown(last)}")
            last = row.path
            yield row

    def read_entrypoints(self) -> None:
        """Reads the programs and the last layer of each image; records unexpected, missing and changed files."""
        differences = self.layout.differences
        for image in self.images:
            files: dict[bytes, str] = {}
            progress = Progress(f"the entrypoint of {image.platform}", image.layers[-1].size_bytes)
            for member in self._members(image.layers[-1], progress):
                self._record_entrypoint_file(member, files)
            if ENTRYPOINT not in files:
                differences.add(f"'/entrypoint' is missing from the last layer of {image.platform}")
            for layer in image.programs:
                for member in self._members(layer, Progress("the programs", layer.size_bytes)):
                    self._record_program(member, files)
            self.entrypoint_files[image.platform] = files
            self._check_built(image.platform, ENTRYPOINT, files.get(ENTRYPOINT, ""))

    def read_metadata(self, catalog: BinaryIO) -> dict[bytes, str]:
        """The sha256 of each file of the metadata's layer, by name; writes the image's catalog to `catalog`."""
        layer, found = self.images[0].layers[-2], dict[bytes, str]()
        for member in self._members(layer, Progress("the metadata", layer.size_bytes), {CATALOG: catalog}):
            if member.kind == FILE and member.name.rpartition(b"/")[0] + b"/" == METADATA:
                self._check_mode(member, METADATA_MODE)
                found[member.name] = member.sha256
            elif member.name == METADATA:
                self._check_mode(member, MODES[FOLDER][0])
            else:
                self._add_unexpected(member, "and files in '/.datacontainer' are")
        catalog.flush()
        return found

    @property
    def _prefix(self) -> bytes:
        return self.mount.strip("/").encode() + b"/"

    def _data(self) -> Iterator[Member]:
        """The members at and below the mount, of all layers except those of base, metadata and entrypoint."""
        layers = self.images[0].layers[self.images[0].base : -2]
        progress = Progress("the layers", sum(layer.size_bytes for layer in layers))
        for layer in layers:
            for member in self._members(layer, progress):
                if member.name.startswith(self._prefix):
                    if member.kind == FILE and layer.diff_id not in self.with_files[-1:]:
                        self.with_files.append(layer.diff_id)
                    yield member
                elif member.kind == FOLDER and self._prefix.startswith(member.name):
                    self._check_mode(member, MODES[FOLDER][0])
                else:
                    self._add_unexpected(member, "is")

    def _members(
        self, layer: Descriptor, progress: Progress, saved: Mapping[bytes, BinaryIO] | None = None
    ) -> Iterator[Member]:
        """A layer's members; compares the layer's digests and size after the last one."""
        path = self.layout.blob(layer)
        tables = Tables(path, layer, self.layout.differences)
        with reading_layer(path, layer.media_type, progress.add) as blob:
            previous = None
            for member in members(blob.tar, saved):
                # Docker's overlay2 refuses a layer that contains a path twice.
                if previous is not None and member.name <= previous:
                    raise DataError(
                        f"the layer {layer.digest} is not sorted: {shown(member.name)} follows {shown(previous)}"
                    )
                previous = member.name
                tables.compare(member)
                yield member
            tables.compare_end()
            sha256, size_bytes, diff_id = blob.read_rest()
            self.layout.check_blob(layer, sha256, size_bytes)
            if layer.media_type != LAYER:
                what = f"the diff ID of the layer {layer.digest}"
                self.layout.differences.check(what, layer.diff_id, f"sha256:{diff_id}", "the config", "its tar")

    def _record_entrypoint_file(self, member: Member, files: dict[bytes, str]) -> None:
        if member.name != ENTRYPOINT or member.kind != FILE:
            self._add_unexpected(member, "and '/entrypoint' are")
            return
        self._check_mode(member, ENTRYPOINT_MODE)
        files[ENTRYPOINT] = member.sha256

    def _record_program(self, member: Member, files: dict[bytes, str]) -> None:
        if member.name == PROGRAMS:
            self._check_mode(member, MODES[FOLDER][0])
        elif member.kind == FILE and member.name.startswith(PROGRAMS):
            self._check_mode(member, PROGRAM_MODE)
            files[member.name] = member.sha256
        else:
            self._add_unexpected(member, "and files in '/.datacontainer/programs' are")

    def _add_unexpected(self, member: Member, allowed: str) -> None:
        extra = shown(b"/" + member.name)
        self.layout.differences.add(f"{extra} is in the layers; only {self.mount} {allowed} allowed there")

    def _check_mode(self, member: Member, expected: int) -> None:
        what = f"the mode of {shown(b'/' + member.name)}"
        self.layout.differences.check(what, f"{expected:04o}", f"{member.mode:04o}", DATA_CONTAINER, "the layers")

    def _check_built(self, platform: str, name: bytes, sha256: str) -> None:
        built = self.layout.path.parent / "bin" / platform.replace("/", "-") / os.fsdecode(name)
        if built.is_file():
            with open(built, "rb") as file:
                expected = hashlib.file_digest(file, "sha256").hexdigest()
            what = f"sha256 of {shown(b'/' + name)} of {platform}"
            self.layout.differences.check(what, expected, sha256, f"the file {str(built)!r}", "the layers")


def _row(member: Member, path: bytes, layer: int) -> Row:
    if member.kind == FOLDER:
        return folder_row(path, member.mode)
    if member.kind == LINK:
        return link_row(path, member.target, member.mode)
    return Row(path, FILE, member.size_bytes, member.sha256, b"", member.mode, Place(layer, member.offset))
