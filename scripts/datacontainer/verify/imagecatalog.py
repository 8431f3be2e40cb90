"""Comparison of the metadata inside of an image with the files next to the image."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.runtime.errors import DataError
from datacontainer.verify.comparison import Differences, Place, shown
from datacontainer.verify.layers import CATALOG, METADATA
from datacontainer.verify.rows import BATCH_ROWS

PLACE_AND_TIME, UNCOMPARED = {"layer", "offset", "mtime"}, {b"ARROW:schema", b"name", b"version"}
WHERE = "catalog.parquet in the image"
UNREADABLE = (pa.ArrowException, OSError, ValueError, KeyError)


@dataclass
class Places:
    """The places of the files according to a catalog in an image. layers: the diff IDs read so far, in their order."""

    catalog: Path
    layers: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Place | None]:
        """The place of each file; None for a symlink. Ends where the catalog cannot be read."""
        try:
            with pq.ParquetFile(self.catalog) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=["layer", "offset"]):
                    for layer, offset in zip(batch["layer"].to_pylist(), batch["offset"].to_pylist(), strict=True):
                        if layer is not None and layer not in self.layers[-1:]:
                            self.layers.append(layer)
                        yield None if layer is None else Place(len(self.layers), offset)
        except UNREADABLE:
            # compare_catalogs records the reason.
            return

    def check_layers(self, expected: list[str], differences: Differences) -> None:
        """Compares the diff IDs, after all places were read, with those of the layers that contain files."""
        for number, (layer, found) in enumerate(zip_longest(expected, self.layers), start=1):
            differences.check(f"the diff ID of layer {number} with files", layer, found, "the layers", WHERE)


def compare_catalogs(catalog: Path, inside: Path, mount: str, digest: str, differences: Differences) -> None:
    """Records the first difference in each column of the catalog `inside` an image from the catalog.

    digest: of the dataset.

    Raises:
        DataError: if one of them cannot be read.
    """
    try:
        with pq.ParquetFile(catalog) as one, pq.ParquetFile(inside) as other:
            alike = _described(one, {b"mount": mount.encode(), b"digest": digest.encode()}), _described(other, {})
            differences.check("columns, metadata and row groups", *alike, "the catalog", WHERE)
            if alike[0] == alike[1]:
                _compare_columns(one, other, mount, differences)
    except UNREADABLE as error:
        raise DataError(f"{WHERE} cannot be read: {error}") from error


def _described(file: pq.ParquetFile, more: dict[bytes, bytes]) -> list[Any]:
    """The parts of a catalog besides its rows that both catalogs have, with more metadata."""
    columns = {field.name: (str(field.type), field.metadata) for field in file.schema_arrow}
    found: dict[bytes, bytes] = file.metadata.metadata or {}
    metadata = {key: value for key, value in found.items() if key not in UNCOMPARED}
    groups = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    return [*({name: columns[name] for name in columns if name not in PLACE_AND_TIME}.items()), metadata | more, groups]


def compare_documents(folder: Path, found: Mapping[bytes, str], differences: Differences) -> None:
    """Compares dataset.json and the documents in an image with the files in the results folder, if these exist.

    found: sha256 of each file in /.datacontainer, by its name in the image.
    """
    standards = folder / "standards"
    described = [folder / "dataset.json", folder / "commands.json", *standards.glob("*")]
    written = {os.fsencode(path.name): path for path in described}
    expected = {METADATA + name: _sha256(path) for name, path in written.items() if path.is_file()}
    for name in sorted((expected.keys() | (found.keys() if standards.is_dir() else set())) - {CATALOG}):
        what = f"sha256 of {shown(b'/' + name)}"
        differences.check(what, expected.get(name), found.get(name), f"a file in {str(folder)!r}", "the layers")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compare_columns(catalog: pq.ParquetFile, inside: pq.ParquetFile, mount: str, differences: Differences) -> None:
    names = [name for name in catalog.schema_arrow.names if name != "mtime"]
    different: set[str] = set()
    for group in range(catalog.num_row_groups):
        one, other = (file.iter_batches(BATCH_ROWS, row_groups=[group]) for file in (catalog, inside))
        for expected, found in zip(one, other, strict=True):
            prefix = pa.scalar(f"{mount}/", expected["path"].type)
            path = pc.binary_join_element_wise(prefix, expected["path"], pa.scalar("", prefix.type))
            is_file = expected["link"].is_null() if "link" in names else pc.is_valid(expected["path"])
            pairs = {name: (expected[name], found[name]) for name in names} | {"path": (path, found["path"])}
            pairs |= {name: (is_file, found[name].is_valid()) for name in ("layer", "offset")}
            for name in sorted(pairs.keys() - different):
                if (row := _first_difference(*pairs[name])) is not None:
                    different.add(name)
                    value, other_value = (column[row].as_py() for column in pairs[name])
                    what = f"the column {name!r} of {shown(path.cast(pa.binary())[row].as_py())}"
                    differences.check(what, repr(value), repr(other_value), "the catalog", WHERE)


def _first_difference(expected: pa.Array, found: pa.Array) -> int | None:
    """The first row in which two columns differ. NaN equals NaN, and 0.0 differs from -0.0."""
    if pa.types.is_floating(expected.type):
        expected, found = expected.view(pa.int64()), found.view(pa.int64())
    if expected.equals(found):
        return None
    pairs = zip(expected.to_pylist(), found.to_pylist(), strict=True)
    return next(row for row, (one, other) in enumerate(pairs) if one != other)
