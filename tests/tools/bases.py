"""Bases: images of layers that tests make, and the files that umoci finds in them."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tools.engines import Word, require_tool
from tools.images import Entry, tree_of

OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"


class Given(NamedTuple):
    """A member of a layer. kind: of tarfile. content: of a file; the target of a link."""

    path: str
    kind: bytes = tarfile.REGTYPE
    content: bytes = b""
    mode: int = 0o644


def folder(path: str, mode: int = 0o755) -> Given:
    return Given(path, tarfile.DIRTYPE, mode=mode)


def link(path: str, target: str) -> Given:
    return Given(path, tarfile.SYMTYPE, target.encode(), 0o777)


def hard(path: str, target: str) -> Given:
    return Given(path, tarfile.LNKTYPE, target.encode())


def layer(*members: Given) -> bytes:
    """The tar of a layer, in GNU's format, as programs other than ours write it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        for one in members:
            member = tarfile.TarInfo(one.path)
            member.type, member.mode, member.uid, member.mtime = one.kind, one.mode, 0, 981173106
            if one.kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                member.linkname = one.content.decode("utf-8", "surrogateescape")
            elif one.kind == tarfile.REGTYPE:
                member.size = len(one.content)
            tar.addfile(member, io.BytesIO(one.content))
    return buffer.getvalue()


def stored(content: bytes, compression: str) -> bytes:
    """A layer as a blob; gzip in two members, as programs that compress in parallel write it."""
    if compression == "gzip":
        return gzip.compress(content[:700], mtime=0) + gzip.compress(content[700:], mtime=0)
    if compression == "zstd":
        done = subprocess.run([require_tool("zstd"), "-c"], input=content, capture_output=True, check=True)
        return done.stdout
    return content


class Base:
    """An image layout in a folder, which is written image by image."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs/sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Stores a blob, and returns its descriptor."""
        digest = sha256(content).hexdigest()
        (self.path / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

    def image(
        self, platform: str, tars: Sequence[bytes], compression: str = "gzip", dialect: str = OCI, **config: Any
    ) -> dict[str, Any]:
        """Stores an image, and returns the descriptor of its manifest. dialect: DOCKER for Docker's media types."""
        system, architecture = platform.split("/")
        kind = f"{DOCKER}.image.rootfs.diff.tar." if dialect == DOCKER else f"{OCI}.layer.v1.tar+"
        kind = kind[:-1] if compression == "none" else kind + compression
        layers = [self.blob(stored(one, compression), kind) for one in tars]
        diff_ids = [f"sha256:{sha256(one).hexdigest()}" for one in tars]
        value = {"os": system, "architecture": architecture, "config": config}
        value["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
        of_config = f"{DOCKER}.container.image.v1+json" if dialect == DOCKER else f"{OCI}.config.v1+json"
        described = self.blob(json.dumps(value).encode(), of_config)
        media_type = f"{DOCKER}.distribution.manifest.v2+json" if dialect == DOCKER else f"{OCI}.manifest.v1+json"
        manifest = {"schemaVersion": 2, "mediaType": media_type, "config": described, "layers": layers}
        platforms = {"platform": {"os": system, "architecture": architecture}}
        return self.blob(json.dumps(manifest).encode(), media_type, **platforms)

    def index(self, *images: Mapping[str, Any]) -> dict[str, Any]:
        """Stores an index with images and an attestation, as BuildKit writes it; returns its descriptor."""
        unknown = self.blob(b"{}", f"{OCI}.manifest.v1+json", platform={"os": "unknown", "architecture": "unknown"})
        value = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": [unknown, *images]}
        return self.blob(json.dumps(value).encode(), f"{OCI}.index.v1+json")

    def finish(self, *tops: Mapping[str, Any]) -> "Base":
        """Writes index.json."""
        (self.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": tops}))
        return self


def unpacked_by_umoci(path: Path, tars: Sequence[bytes], scratch: Path) -> dict[bytes, Entry]:
    """The files of an image of layers, which umoci makes and unpacks."""
    umoci: list[Word] = [require_tool("umoci")]
    scratch.mkdir()
    _run([*umoci, "init", "--layout", path])
    _run([*umoci, "new", "--image", f"{path}:base"])
    for one in tars:
        (scratch / "layer.tar").write_bytes(one)
        _run([*umoci, "raw", "add-layer", "--image", f"{path}:base", scratch / "layer.tar"])
    _run([*umoci, "unpack", "--image", f"{path}:base", scratch / "bundle"])
    return tree_of(scratch / "bundle/rootfs")


def _run(command: Sequence[Word]) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
