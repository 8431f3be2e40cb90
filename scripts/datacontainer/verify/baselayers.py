"""Verification of the layers of a base: their digests, from the label to the blobs, and the files after all of them.

The module shares no code with the merge of the base for a SIF.
Source: OCI image-spec 1.1, layer.md, annotations.md.
"""

import gzip
import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress
from datacontainer.verify.basefiles import HARD, BaseFiles, Entry
from datacontainer.verify.blobs import StoredBytes, Zstd
from datacontainer.verify.comparison import Differences, Row, folder_row, link_row, shown
from datacontainer.verify.kinds import FILE
from datacontainer.verify.layout import MAX_JSON, Descriptor, Image, Layout, parsed, pick
from datacontainer.verify.tar import READ_BYTES

DIGEST_LABEL, NAME_LABEL = (f"org.opencontainers.image.base.{key}" for key in ("digest", "name"))
KEPT = ("Env", "User", "WorkingDir")
RECORD = "the prepared base"
UNREADABLE = (tarfile.TarError, OSError, EOFError, ValueError, zlib.error)


def check_base(folder: Path, images: Sequence[Image], differences: Differences) -> dict[str, Any]:
    """Compares the images with the documents of the prepared base in a folder; returns its part of the report.

    Raises:
        DataError: if a document is missing or damaged.
    """
    listed = parsed((folder / "index.json").read_bytes(), "index.json of the base")
    digest = pick(listed, "index.json of the base", "manifests", 0, "digest", of=str)
    top = _document(folder, digest)
    for image in images:
        label = image.labels.get(DIGEST_LABEL)
        differences.check(f"the label {DIGEST_LABEL} of {image.platform}", digest, label, RECORD, "the config")
        _check_image(folder, _manifest(folder, top, image.platform), image, differences)
    name = images[0].labels.get(NAME_LABEL)
    return {"digest": digest, **({"name": name} if name else {}), "layers": images[0].base}


def read_base(layout: Layout, image: Image, mount: str) -> dict[bytes, Row]:
    """The files of a platform's base by path, a folder's path with a slash; records damaged layers and taken paths."""
    files = BaseFiles()
    layers = image.layers[: image.base]
    progress = Progress(f"the base of {image.platform}", sum(layer.size_bytes for layer in layers))
    for layer in layers:
        files.add(_entries(layout, layer, progress))
    found = {row.path: row for row in files.rows()}
    for path in sorted(found):
        if _is_taken(path, mount.strip("/").encode() + b"/"):
            layout.differences.add(f"{shown(b'/' + path)} is in the layers of the base, and hides files of the image")
    return found


def environment_script(settings: Mapping[str, Any]) -> bytes:
    """The script of a SIF that sets the variables of its base."""
    text = b"#!/bin/sh\n"
    for variable in settings.get("Env", ()):
        name, _, value = variable.encode("utf-8", "surrogateescape").partition(b"=")
        if re.fullmatch(rb"[A-Za-z_]\w*", name) and b"\n" not in value:
            quoted = b'"' + re.sub(rb'(["$`\\])', rb"\\\1", value) + b'"'
            text += b"export " + name + b"=" + (quoted if name == b"PATH" else b'"${' + name + b":-" + quoted + b'}"')
            text += b"\n"
    return text


def _is_taken(path: bytes, mount: bytes) -> bool:
    """Whether a path of the base has a place of the image's own files; folders above the mount, and it, may exist."""
    if path.endswith(b"/") and mount.startswith(path):
        return False
    own = (mount, b"entrypoint/", b".datacontainer/")
    plain = path.rstrip(b"/") + b"/"
    return plain.startswith(own) or mount.startswith(plain)


def _check_image(folder: Path, manifest: Any, image: Image, differences: Differences) -> None:
    """Compares the lowest layers of an image, and what it keeps of the config, with a manifest of the base."""
    config = _document(folder, pick(manifest, RECORD, "config", "digest", of=str))
    below = image.layers[: image.base]
    pairs = [(pick(one, RECORD, "digest"), pick(one, RECORD, "size")) for one in pick(manifest, RECORD, "layers")]
    for what, expected, found in (
        ("layers of the base", pairs, [(one.digest, one.size_bytes) for one in below]),
        ("diff IDs of the base", pick(config, RECORD, "rootfs", "diff_ids"), [one.diff_id for one in below]),
        *((key, (config.get("config") or {}).get(key) or None, image.settings.get(key)) for key in KEPT),
    ):
        differences.check(f"the {what} of {image.platform}", expected, found, RECORD, "the image")


def _manifest(folder: Path, top: Any, platform: str) -> Any:
    """The first manifest for a platform."""
    if "manifests" not in top:
        return top
    for one in pick(top, RECORD, "manifests", of=list):
        found = one.get("platform") or {}
        if f"{found.get('os')}/{found.get('architecture')}" == platform:
            return _document(folder, pick(one, RECORD, "digest", of=str))
    raise DataError(f"{RECORD} has no image for {platform}")


def _document(folder: Path, digest: str) -> Any:
    """The JSON value in a document of the prepared base."""
    path = folder / "blobs" / digest.replace(":", "/")
    if not re.fullmatch("sha256:[0-9a-f]{64}", digest) or not path.is_file() or path.stat().st_size > MAX_JSON:
        raise DataError(f"{RECORD} has no document {digest!r} of at most {MAX_JSON} bytes")
    content = path.read_bytes()
    if (found := f"sha256:{hashlib.sha256(content).hexdigest()}") != digest:
        raise DataError(f"the document {digest} of {RECORD} has the digest {found}")
    return parsed(content, f"the document {digest}")


def _entries(layout: Layout, layer: Descriptor, progress: Progress) -> list[Entry]:
    """The members of a layer; compares digests and size of the layer."""
    path = layout.blob(layer)
    with open(path, "rb", buffering=0) as file:
        stored = StoredBytes(file, path, progress.add)
        try:
            with _decompressed(stored, layer.media_type) as content:
                tar = StoredBytes(content, path, lambda _: None)
                found = list(_members(tar))
                while tar.read(READ_BYTES):
                    pass
            while stored.read(READ_BYTES):
                pass
        except UNREADABLE as error:
            raise DataError(f"the layer {layer.digest} of the base cannot be read: {error}") from error
    layout.check_blob(layer, stored.sha256(), stored.size_bytes)
    what = f"the diff ID of the layer {layer.digest}"
    layout.differences.check(what, layer.diff_id, f"sha256:{tar.sha256()}", "the config", "its tar")
    return found


@contextmanager
def _decompressed(stored: StoredBytes, media_type: str) -> Iterator[Any]:
    # Layers of other programs may have several gzip members.
    if media_type.endswith("+gzip"):
        file: Any = stored
        with gzip.GzipFile(fileobj=file, mode="rb") as content:
            yield content
    else:
        yield Zstd(stored) if media_type.endswith("+zstd") else stored


def _members(stream: Any) -> Iterator[Entry]:
    with tarfile.open(fileobj=stream, mode="r|", bufsize=READ_BYTES, encoding="utf-8", errors="surrogateescape") as tar:
        while (one := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]
            path = one.name.encode("utf-8", "surrogateescape")
            target = one.linkname.encode("utf-8", "surrogateescape")
            if one.isreg():
                yield Entry(path, _file_row(tar, one))
            elif one.islnk():
                yield Entry(path, Row(b"", HARD, 0, "", target, None))
            elif one.isdir():
                yield Entry(path, folder_row(b"", one.mode & 0o7777))
            else:
                yield Entry(path, link_row(b"", target, 0o777) if one.issym() else None)


def _file_row(tar: tarfile.TarFile, one: tarfile.TarInfo) -> Row:
    digest, content = hashlib.sha256(), tar.extractfile(one)
    while content and (piece := content.read(READ_BYTES)):
        digest.update(piece)
    return Row(b"", FILE, one.size, digest.hexdigest(), b"", one.mode & 0o7777)
