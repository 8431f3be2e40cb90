"""Verify: the finished images against the catalog, by ways that share no code with those that made them."""

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq
from PySquashfsImage import SquashFsImage

from datacontainer import sif
from datacontainer.errors import DataError
from datacontainer.logs import logger
from datacontainer.outputs import write_bytes

BLOCK_BYTES = 1 << 20


def verify(*, catalog: Path, mount: str, layout: Path, archive: Path | None, image: Path | None, report: Path) -> None:
    """Writes `report` (JSON: what was compared) when layout, archive and SIF hold exactly what the catalog says.

    Raises:
        DataError: naming the first difference.
    """
    expected = _catalog_digests(catalog, mount)
    compared = {"files": len(expected), "layout": _check_layout(layout, expected)}
    if archive is not None:
        compared["archive"] = _check_archive(archive, layout)
    if image is not None:
        compared["sif"] = _check_sif(image, expected, mount)
    write_bytes(report, (json.dumps(compared, indent=2) + "\n").encode())
    logger.info("%s", compared)


def _catalog_digests(catalog: Path, mount: str) -> dict[bytes, bytes]:
    """The sha256 by the path in the image, both as bytes."""
    columns = pq.read_table(catalog, columns=["path", "sha256"])
    prefix = mount.strip("/").encode() + b"/"
    paths, digests = (columns[name].cast("binary").to_pylist() for name in ("path", "sha256"))
    return {prefix + path: bytes.fromhex(digest.decode()) for path, digest in zip(paths, digests, strict=True)}


def _check_layout(layout: Path, expected: dict[bytes, bytes]) -> int:
    """Checks every blob's digest, every diff ID, and every file of the layers; returns the number of blobs."""
    blobs = sorted((layout / "blobs" / "sha256").iterdir())
    for blob in blobs:
        with open(blob, "rb") as file:
            _same(f"blob {blob.name}", blob.name, _digest(file).hex(), "its name", "its content")
    image = json.loads((layout / "manifest.json").read_bytes())[0]
    config = json.loads((layout / image["Config"]).read_bytes())
    diff_ids = [f"sha256:{Path(layer).name}" for layer in image["Layers"]]
    _same("the list of diff IDs", config["rootfs"]["diff_ids"], diff_ids, "the config", "the layers")
    found: dict[bytes, bytes] = {}
    for layer in image["Layers"][:-1]:
        found.update(_layer_digests(layout / layer))
    _compare("the layers", expected, found)
    return len(blobs)


def _layer_digests(layer: Path) -> Iterator[tuple[bytes, bytes]]:
    with tarfile.open(layer, "r:") as tar:
        for member in tar:
            name = member.name.encode("utf-8", "surrogateescape")
            if member.issym():
                yield name, hashlib.sha256(member.linkname.encode("utf-8", "surrogateescape")).digest()
            elif member.isfile():
                content = tar.extractfile(member)
                if content is None:
                    raise DataError(f"{layer} holds no data for {member.name!r}: delete it and run snakemake again")
                yield name, _digest(content)


def _check_archive(archive: Path, layout: Path) -> int:
    """Checks that the archive has the layout's files and no others; returns their number."""
    names = {str(path.relative_to(layout)) for path in layout.rglob("*") if path.is_file()}
    with tarfile.open(archive, "r:") as tar:
        members = [member for member in tar if member.isfile()]
        _same("the list of members", sorted(names), sorted(m.name for m in members), "the layout", "the archive")
        for member in members:
            content = tar.extractfile(member)
            with open(layout / member.name, "rb") as file:
                _same(member.name, _digest(file), _digest(content), "the layout", "the archive")  # type: ignore[arg-type]
    return len(members)


def _check_sif(image: Path, expected: dict[bytes, bytes], mount: str) -> int:
    """Checks every file of the SIF's data by a SquashFS reader that is not ours; returns their number."""
    prefix = mount.encode() + b"/"
    found: dict[bytes, bytes] = {}
    with SquashFsImage.from_file(str(image), offset=_partition_offset(image)) as squashfs:
        for file in squashfs:
            path = file.path.encode("utf-8", "surrogateescape")
            if path.startswith(prefix) and not file.is_dir:
                content = file.readlink().encode("utf-8", "surrogateescape") if file.is_symlink else None
                found[path[1:]] = hashlib.sha256(content).digest() if content is not None else _stream(file.iter_bytes)
    _compare("the SIF", expected, found)
    return len(found)


def _partition_offset(image: Path) -> int:
    with open(image, "rb") as file:
        head = file.read(sif.DATA_OFFSET)
    for start in range(sif.DESCRIPTORS_OFFSET, sif.DATA_OFFSET, 585):
        if int.from_bytes(head[start : start + 4], "little") == sif.PARTITION:
            return int.from_bytes(head[start + 17 : start + 25], "little")
    raise DataError(f"{image} has no partition: delete it and run snakemake again")


def _compare(where: str, expected: dict[bytes, bytes], found: dict[bytes, bytes]) -> None:
    for path in sorted(expected.keys() | found.keys()):
        wanted, given = expected.get(path, b""), found.get(path, b"")
        _same(repr(path.decode("utf-8", "surrogateescape")), wanted.hex(), given.hex(), "the catalog", where)


def _same(what: str, wanted: Any, given: Any, wanted_by: str, given_by: str) -> None:
    if wanted != given:
        raise DataError(
            f"{what} differs: {wanted_by} says {wanted or 'nothing'}, {given_by} {given or 'nothing'}; "
            "delete the image and run snakemake again"
        )


def _digest(file: IO[bytes]) -> bytes:
    return _stream(lambda: iter(lambda: file.read(BLOCK_BYTES), b""))


def _stream(blocks: Callable[[], Iterator[bytes]]) -> bytes:
    digest = hashlib.sha256()
    for block in blocks():
        digest.update(block)
    return digest.digest()
