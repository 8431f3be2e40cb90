"""The whole pipeline without Snakemake, and functions that read its products with tar, sha256sum, skopeo and DuckDB."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from datacontainer.config.dataset import Identity
from datacontainer.config.results import Results
from datacontainer.entrypoint.attach import attach
from datacontainer.entrypoint.gobuild import host_architecture
from datacontainer.entrypoint.index import write_index
from datacontainer.entrypoint.template import FACTS
from datacontainer.image.archive import assemble_archive
from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.sif.convert import SifRequest, convert
from tools.builds import Build
from tools.engines import Word, require_tool
from tools.images import Entry, tree_of

IDENTITY = Identity("fruit", "1.0", "/data")
# GNU tar's option for each compression of a layer.
UNPACK = {"none": (), "gzip": ("--gzip",), "zstd": ("--zstd",)}


@dataclass
class Pipeline(Build):
    """A dataset and the folder in which its products are built. entrypoint: a binary without
    an index, in a folder with the facts."""

    entrypoint: Path = Path()

    @property
    def layout(self) -> Path:
        """The image layout."""
        return self.folder / "oci"

    @property
    def archive(self) -> Path:
        """The archive for `docker load`."""
        return self.folder / "fruit.docker.tar"

    @property
    def sif(self) -> Path:
        """The SIF."""
        return self.folder / "fruit.sif"

    @property
    def binary(self) -> Path:
        """The entrypoint of this dataset."""
        return self.folder / "bin/entrypoint"

    def run(self) -> None:
        """Builds the products in the same way as a run of the workflow."""
        super().run()
        catalog, summary, platform = self.folder / "catalog.parquet", self.folder / "dataset.json", host_platform()
        self.binary.parent.mkdir(exist_ok=True)
        index, facts = self.folder / "index", self.entrypoint.with_name(FACTS)
        write_index(catalog, index, IDENTITY.mount)
        self.binary.unlink(missing_ok=True)
        attach(self.entrypoint.read_bytes(), [facts, index], self.binary)
        layers = [
            ShardLayer(path, json.loads(facts.read_bytes()))
            for path, facts in zip(self.hashed(".layer"), self.hashed(".json"), strict=True)
        ]
        made: dict[str, Any] = {"identity": IDENTITY, "packer": self.packer, "compression": self.compression}
        made |= {"summary": summary, "layout": self.layout}
        inside = {"catalog.parquet": Results(self.folder).image_catalog, "dataset.json": summary}
        assemble_layout(layers=layers, metadata=inside, binaries={platform: self.binary}, **made)
        assemble_archive(self.layout, self.archive, self.compression)
        convert(SifRequest(platform=platform, image=self.sif, threads=2, **made))

    def images(self) -> dict[str, str]:
        """The sha256 of all files that the names and contents of the dataset alone decide."""
        files = [self.archive, self.sif, self.folder / "index", self.folder / "content.digest"]
        files += [path for path in self.layout.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def host_platform() -> str:
    """The platform of this machine, such as linux/amd64."""
    return f"linux/{host_architecture()}"


def unpacked(archive: Path, folder: Path, compression: str) -> dict[bytes, Entry]:
    """The entries that GNU tar extracts from an archive's layers, in order, into `folder`/root."""
    root = folder / "root"
    root.mkdir(parents=True)
    _tar(archive, folder, ())
    (image,) = json.loads((folder / "manifest.json").read_bytes())
    for layer in image["Layers"]:
        _tar(folder / layer, root, UNPACK[compression])
    return tree_of(root)


def layer_tars(folder: Path, compression: str) -> list[bytes]:
    """The tars of the layers of an unpacked archive, decompressed with the compressor's own program."""
    (image,) = json.loads((folder / "manifest.json").read_bytes())
    stored = [folder / layer for layer in image["Layers"]]
    if compression == "none":
        return [layer.read_bytes() for layer in stored]
    command: list[Word] = [require_tool(compression), "-dcf"]
    return [subprocess.run([*command, layer], check=True, capture_output=True).stdout for layer in stored]


def _tar(archive: Path, folder: Path, options: Sequence[str]) -> None:
    command: list[Word] = [require_tool("tar"), "--extract", "--preserve-permissions", *options, "--file", archive]
    subprocess.run([*command, "--directory", folder], check=True, capture_output=True)


def sha256sums(folder: Path) -> dict[bytes, str]:
    """The digests of all files below a folder by path, computed with find and sha256sum."""
    names = subprocess.run(["find", ".", "-type", "f", "-printf", "%P\\0"], cwd=folder, capture_output=True, check=True)
    command = ["xargs", "-0", "-r", "sha256sum", "-z", "--"]
    printed = subprocess.run(command, input=names.stdout, cwd=folder, capture_output=True, check=True).stdout
    return {line[66:]: line[:64].decode() for line in printed.split(b"\0")[:-1]}


def inspected(image: str) -> dict[str, Any]:
    """The output of `skopeo inspect` for an image."""
    command = [require_tool("skopeo"), "inspect", image]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def catalog_rows(catalog: Path) -> list[dict[str, Any]]:
    """The rows of a catalog, read by DuckDB, with all names as bytes."""
    found = duckdb.connect(config={"threads": 1}).execute("SELECT * FROM read_parquet(?)", [str(catalog)])
    columns = [column[0] for column in found.description or ()]
    rows = [dict(zip(columns, values, strict=True)) for values in found.fetchall()]
    return [row | {name: _bytes(row[name]) for name in ("path", "link") if row.get(name) is not None} for row in rows]


def _bytes(name: str | bytes) -> bytes:
    return os.fsencode(name) if isinstance(name, str) else name
