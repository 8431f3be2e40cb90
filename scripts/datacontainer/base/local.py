"""Bases in files: image layouts, and the archives of skopeo, docker and podman.

Source: OCI image-spec 1.1, image-layout.md; moby, image/tarexport.
"""

import hashlib
import json
import posixpath
import tarfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from datacontainer.base.manifest import (
    CONFIG_TYPE,
    INDEX_TYPE,
    MANIFEST_TYPE,
    OCI_LAYER,
    check_platforms,
    checked_digest,
    digest_of,
    no_image,
    read_images,
)
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.outputs import copy_into, link_or_copy, written

INDEX, DOCKER_MANIFEST, MAXIMUM_DOCUMENT, COPY_BYTES = "index.json", "manifest.json", 16 << 20, 1 << 20
# By the first bytes of a layer in Docker's archive, which has no media types.
MAGIC = {b"\x1f\x8b": "+gzip", b"\x28\xb5": "+zstd"}
CONTAINERD_NAME, TAG = "io.containerd.image.name", "org.opencontainers.image.ref.name"
# The name of a base in the index of its prepared layout, and the labels of an image about its base.
BASE_NAME, BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
# Earlier versions of Docker write a symlink for a layer that occurs twice.
MAXIMUM_LINKS = 10
READABLE = 0o444


class Layout:
    """An image layout in a folder; see `manifest.Source`."""

    def __init__(self, text: str, folder: Path, tag: str = "") -> None:
        """tag: of the image; without it, the layout must have one image."""
        self.text, self._folder, self._tag = text, folder, tag

    @property
    def name(self) -> str:
        """See `manifest.Source`."""
        annotations = self._descriptor.get("annotations") or {}
        return str(annotations.get(BASE_NAME) or annotations.get(CONTAINERD_NAME) or "")

    def top(self) -> bytes:
        """See `manifest.Source`."""
        return self.manifest(self.identity)

    @property
    def identity(self) -> str:
        """The digest of the manifest or the index."""
        return checked_digest(self._descriptor["digest"])

    def manifest(self, digest: str) -> bytes:
        """See `manifest.Source`."""
        return self._document(digest)

    def config(self, digest: str) -> bytes:
        """See `manifest.Source`."""
        return self._document(digest)

    def _document(self, digest: str) -> bytes:
        content = self.content(_blob(digest))
        if (found := digest_of(content)) != digest:
            raise DataError(
                f"digest mismatch in the base {self.text!r}: the blob {digest} gives {found}: copy it again"
            )
        return content

    def check(self, platforms: Sequence[str]) -> None:
        """Returns if the base has an image for each platform; reads no layer.

        Raises:
            UsageError: if it lacks a platform.
            DataError: if it is no image of layers.
        """
        read_images(self, platforms)

    def store(self, digest: str, target: Path) -> None:
        """Makes `target` the blob: a hard link to the file of the layout, or a copy."""
        path = self._folder / _blob(digest)
        if not path.is_file():
            raise self._missing(_blob(digest))
        # Some programs write blobs that only their owner can read.
        if path.stat().st_mode & READABLE == READABLE:
            link_or_copy(path, target)
            return
        with written(target) as copy:
            copy_into(path, copy)

    def forget(self, digest: str) -> None:
        """Does nothing: a base of the user stays as it is."""

    def content(self, name: str) -> bytes:
        """The content of a small file of the layout."""
        path = self._folder / name
        if not path.is_file() or path.stat().st_size > MAXIMUM_DOCUMENT:
            raise self._missing(name)
        return path.read_bytes()

    @cached_property
    def _descriptor(self) -> Mapping[str, Any]:
        listed = json.loads(self.content(INDEX))["manifests"]
        if self._tag:
            listed = [one for one in listed if (one.get("annotations") or {}).get(TAG) == self._tag]
        if len(listed) != 1:
            raise UsageError(f"the base {self.text!r} names {len(listed)} images, expected one: write FOLDER:TAG")
        found: Mapping[str, Any] = listed[0]
        return found

    def _missing(self, name: str) -> DataError:
        return DataError(f"the base {self.text!r} has no file {name!r} of at most 16 MiB: copy the whole image again")


class Archive(Layout):
    """An image layout in a tar; see `manifest.Source`."""

    def __init__(self, text: str, path: Path, members: Mapping[str, tarfile.TarInfo]) -> None:
        """members: the entries of the tar by their names."""
        super().__init__(text, path)
        self._members = members

    def content(self, name: str) -> bytes:
        """See `Layout`."""
        member = self._member(name)
        if member.size > MAXIMUM_DOCUMENT:
            raise self._missing(name)
        with open(self._folder, "rb") as file:
            file.seek(member.offset_data)
            return file.read(member.size)

    def store(self, digest: str, target: Path) -> None:
        """See `Layout`; copies the blob."""
        self._copy(_blob(digest), target)

    def _copy(self, name: str, target: Path) -> None:
        member = self._member(name)
        with open(self._folder, "rb") as file, written(target) as copy:
            file.seek(member.offset_data)
            left = member.size
            while left and (piece := file.read(min(left, COPY_BYTES))):
                left -= copy.write(piece)

    def _member(self, name: str) -> tarfile.TarInfo:
        for _ in range(MAXIMUM_LINKS):
            member = self._members.get(name)
            if member is None or member.isreg():
                break
            name = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
        if member is None or not member.isreg():
            raise self._missing(name)
        return member


class DockerArchive(Archive):
    """An archive without an index, whose manifest is made from its layers; see `manifest.Source`."""

    @property
    def name(self) -> str:
        """See `manifest.Source`."""
        return next(iter(self._listed.get("RepoTags") or ()), "")

    @property
    def identity(self) -> str:
        """A digest of the config, which has the digests of the layers, and of their list."""
        return digest_of(self.content(DOCKER_MANIFEST) + self.content(self._listed["Config"]))

    def check(self, platforms: Sequence[str]) -> None:
        """See `Layout`."""
        with no_image(self.text):
            config = json.loads(self.content(self._listed["Config"]))
            check_platforms(self.text, [f"{config['os']}/{config['architecture']}"], platforms)

    def top(self) -> bytes:
        """See `manifest.Source`; reads all layers."""
        config = self.content(self._listed["Config"])
        value = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": digest_of(config), "size": len(config)},
            "layers": [descriptor for descriptor, _ in self._layers],
        }
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

    def _document(self, digest: str) -> bytes:
        content = self.content(self._listed["Config"])
        if digest_of(content) != digest:
            raise self._missing(digest)
        return content

    def store(self, digest: str, target: Path) -> None:
        """See `Layout`."""
        self._copy(next(name for one, name in self._layers if one["digest"] == digest), target)

    @cached_property
    def _listed(self) -> Mapping[str, Any]:
        listed = json.loads(self.content(DOCKER_MANIFEST))
        if len(listed) != 1:
            raise UsageError(f"the base {self.text!r} has {len(listed)} images, expected one: save one image alone")
        found: Mapping[str, Any] = listed[0]
        return found

    @cached_property
    def _layers(self) -> list[tuple[dict[str, Any], str]]:
        """The descriptor and the name of each layer."""
        return [(self._described(name), name) for name in self._listed["Layers"]]

    def _described(self, name: str) -> dict[str, Any]:
        member, digest = self._member(name), hashlib.sha256()
        with open(self._folder, "rb") as file:
            file.seek(member.offset_data)
            left, first = member.size, file.peek(2)[:2]
            while left and (piece := file.read(min(left, COPY_BYTES))):
                digest.update(piece)
                left -= len(piece)
        media_type = OCI_LAYER + MAGIC.get(first, "")
        return {"mediaType": media_type, "digest": f"sha256:{digest.hexdigest()}", "size": member.size}


def open_local(text: str) -> Layout | None:
    """The base in a file or a folder; None if there is neither.

    Raises:
        UsageError: if it is no image layout and no archive.
    """
    path, tag = Path(text), ""
    if not path.exists():
        outer, _, tag = text.rpartition(":")
        path = Path(outer)
        if not outer or not path.is_dir():
            return None
    if path.is_file():
        return _open_archive(text, path)
    if not (path / "oci-layout").is_file():
        raise UsageError(f"the base {text!r} is no image layout: name the folder with the file 'oci-layout'")
    return Layout(text, path, tag)


def write_layout(folder: Path, top: bytes, name: str) -> None:
    """Writes the files of a layout beside its blobs; index.json last."""
    document = json.loads(top)
    kind = INDEX_TYPE if "manifests" in document else MANIFEST_TYPE
    descriptor = {"mediaType": document.get("mediaType", kind), "digest": digest_of(top), "size": len(top)}
    annotations = {"annotations": {BASE_NAME: name}} if name else {}
    value = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [{**descriptor, **annotations}]}
    for file, content in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), (INDEX, value)):
        with written(folder / file) as target:
            target.write(json.dumps(content, sort_keys=True).encode())


def _open_archive(text: str, path: Path) -> Archive:
    try:
        with tarfile.open(path, "r:") as tar:
            members = {posixpath.normpath(one.name): one for one in tar}
    except (tarfile.TarError, ValueError) as error:
        raise UsageError(
            f"the base {text!r} is no tar ({error}): name an archive of `docker save` or of skopeo, decompressed"
        ) from error
    if INDEX in members:
        return Archive(text, path, members)
    if DOCKER_MANIFEST in members:
        return DockerArchive(text, path, members)
    raise UsageError(f"the base {text!r} has no {INDEX} and no {DOCKER_MANIFEST}: name an archive of `docker save`")


def _blob(digest: str) -> str:
    return f"blobs/sha256/{checked_digest(digest).removeprefix('sha256:')}"
