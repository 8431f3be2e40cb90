"""A dataset's products, built by the functions of the stages with any number of shards, and ways to damage them."""

import json
import os
import random
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from datacontainer.base.prepared import read_prepared
from datacontainer.catalog.aggregate import aggregate
from datacontainer.catalog.imagecatalog import ImageRequest
from datacontainer.catalog.shards import ShardFiles
from datacontainer.config.dataset import Identity
from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.image.archive import assemble_archive
from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.runtime.errors import DataError
from datacontainer.scan import records as shardlist
from datacontainer.sif import base as sif
from datacontainer.sif.convert import SifRequest, convert
from datacontainer.verify.verify import verify
from tools.images import Entry, fill_odd, tree_of, tree_of_tar
from tools.shared import once
from tools.squashfs import FILE, LINK, layer_of
from tools.trees import fill

Entries = dict[bytes, Entry]
Change = Callable[[Entries], object]

PLATFORMS = ("linux/amd64", "linux/arm64")
MOUNT = b"srv/data/"
UNIQUE = b"the only file with this content"
UNIQUE_PATH, LINK_PATH = MOUNT + b"sub/unique", MOUNT + b"sub/up"
IDENTITY = Identity("odd", "1.0", "/srv/data", (("org.example.note", "a"),))


@dataclass(frozen=True)
class Products:
    """The products of a dataset in a folder."""

    folder: Path
    packer: Path
    compression: str = "none"
    based: bool = False

    @property
    def base(self) -> Path:
        """The prepared base, if the images have one."""
        return Results(self.folder).base

    @property
    def identity(self) -> Identity:
        """The identity, with the labels about the base."""
        labels = read_prepared(self.base, PLATFORMS).labels if self.based else ()
        return IDENTITY._replace(labels=(*IDENTITY.labels, *labels))

    @property
    def layout(self) -> Path:
        """The image layout."""
        return self.folder / "oci"

    @property
    def archive(self) -> Path:
        """The archive for `docker load`."""
        return self.folder / "odd.docker.tar"

    @property
    def sif(self) -> Path:
        """The SIF."""
        return self.folder / "odd.sif"

    @property
    def oci_sif(self) -> Path:
        """The OCI-SIF."""
        return self.folder / "odd.oci.sif"

    @property
    def catalog(self) -> Path:
        """The catalog."""
        return self.folder / "catalog.parquet"

    def copy(self, folder: Path) -> "Products":
        """A copy of the products."""
        # Readers of a shared SIF extract it into folders with these names.
        copied = shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("tmp*"))
        return Products(Path(copied), self.packer, self.compression, self.based)

    def verify(self) -> Any:
        """Verifies the products and returns the report."""
        report = self.folder / "stages/verify/report.json"
        images = {"docker": self.archive, "sif": self.sif, "oci-sif": self.oci_sif}
        verify(
            catalog=self.catalog,
            mount=IDENTITY.mount,
            layout=self.layout,
            images={name: path for name, path in images.items() if path.exists()},
            report=report,
            base=self.base if self.based else None,
        )
        return json.loads(report.read_text())

    def make(self, dataset: Path, cuts: Sequence[int]) -> "Products":
        """Builds all products of a dataset; a new shard begins at each of the record numbers in `cuts`."""
        records = records_of(dataset)
        ends = [*cuts, len(records)]
        results, names = Results(self.folder), [f"shard{number}" for number in range(len(ends))]
        results.lists.mkdir(parents=True)
        for name, start, end in zip(names, [0, *cuts], ends, strict=True):
            results.list_of(name).write_bytes(b"".join(record.encode() for record in records[start:end]))
        job = Job(self.packer, str(dataset), results, ["sha256"], mount=IDENTITY.mount, compression=self.compression)
        hash_shards(job, names, lambda _: None)
        self._join(results, names)
        return self

    def assemble(self, layers: Sequence[ShardLayer], platforms: Sequence[str]) -> None:
        """Builds the layout again, from these layers."""
        binaries = {name: self.folder / "bin" / name.replace("/", "-") / "entrypoint" for name in platforms}
        summary = self.folder / "dataset.json"
        assemble_layout(
            identity=self.identity,
            base=read_prepared(self.base, platforms) if self.based else None,
            summary=summary,
            layers=layers,
            metadata={"catalog.parquet": Results(self.folder).image_catalog, "dataset.json": summary},
            binaries=binaries,
            layout=self.layout,
            compression=self.compression,
            packer=self.packer,
        )

    def convert(self, to: Callable[[SifRequest], None] = convert, **given: Any) -> None:
        """Builds the SIF again, from the current layout. given: fields of the request that replace others."""
        base = read_prepared(self.base, PLATFORMS) if self.based else None
        image = PLATFORMS[0]
        below = sif.Base(base.layers(image), base.images[image].environment) if base else sif.NO_BASE
        request = SifRequest(
            identity=self.identity,
            platform="linux/amd64",
            packer=self.packer,
            layout=self.layout,
            summary=self.folder / "dataset.json",
            compression=self.compression,
            **{"image": self.sif, "threads": 2, "base": below, **given},
        )
        to(request)

    def shard_layers(self) -> list[ShardLayer]:
        """The layers of the shards."""
        facts = sorted(self.folder.glob("stages/hash/*.json"))
        return [ShardLayer(path.with_suffix(".layer"), json.loads(path.read_bytes())) for path in facts]

    def digests(self) -> list[str]:
        """The hexadecimal digests of the first platform's layers."""
        (image,) = json.loads((self.layout / "manifest.json").read_bytes())
        return [Path(layer).name for layer in image["Layers"]]

    def blob(self, digest: str) -> Path:
        """The path of a blob."""
        return self.layout / "blobs/sha256" / digest

    def config(self) -> str:
        """The hexadecimal digest of the first platform's config."""
        (image,) = json.loads((self.layout / "manifest.json").read_bytes())
        return Path(image["Config"]).name

    def change_layer(self, number: int, change: Change) -> None:
        """Changes the entries of a layer, and all references to it."""
        digest = self.digests()[number]
        with open(self.blob(digest), "rb") as layer:
            entries = tree_of_tar(layer, b".")
        change(entries)
        self.replace_blob(digest, layer_of(dict(sorted(entries.items(), key=_path_order))))

    def change_json(self, digest: str, change: Callable[[Any], Any]) -> None:
        """Changes a JSON blob, and all references to it."""
        value = json.loads(self.blob(digest).read_bytes())
        change(value)
        self.replace_blob(digest, json.dumps(value).encode())

    def replace_blob(self, old: str, content: bytes) -> None:
        """Replaces a blob by a blob with other content, and changes all references to it."""
        new = sha256(content).hexdigest()
        self.blob(old).unlink()
        self.blob(new).write_bytes(content)
        size = rb'("sha256:%b",\s*"mediaType":[^,]*,(?:\s*"platform":[^}]*},)?\s*"size":\s*)\d+' % old.encode()
        while path := next(self.referring_to(old), None):
            changed = re.sub(size, rb"\g<1>%d" % len(content), path.read_bytes()).replace(old.encode(), new.encode())
            if path.parent == self.layout:
                path.write_bytes(changed)
            else:
                self.replace_blob(path.name, changed)

    def referring_to(self, digest: str) -> Iterator[Path]:
        """The JSON files that refer to a blob."""
        for path in [*self.layout.glob("*.json"), *self.layout.glob("blobs/sha256/*")]:
            text = path.read_bytes()
            if text.startswith((b"{", b"[")) and digest.encode() in text:
                yield path

    def _join(self, results: Results, shards: Sequence[str]) -> None:
        for platform in ("linux-amd64", "linux-arm64"):
            binary = self.folder / "bin" / platform / "entrypoint"
            binary.parent.mkdir(parents=True)
            binary.write_bytes(b"\x7fELF " + platform.encode())
        aggregate(
            identity={"name": IDENTITY.name, "version": IDENTITY.version, "mount": IDENTITY.mount},
            functions=[],
            records=[ShardFiles(results.list_of(shard), results.digests(shard)) for shard in shards],
            facts=[results.facts(shard) for shard in shards],
            catalog=self.catalog,
            summary=self.folder / "dataset.json",
            content=self.folder / "content.digest",
            image=ImageRequest(results.image_catalog, self.packer),
        )
        self.assemble(self.shard_layers(), ["linux/amd64", "linux/arm64"])
        assemble_archive(self.layout, self.archive, self.compression)
        self.convert()


def refused(products: Products, *named: str) -> str:
    """The error that verify raises; asserts that it contains all texts and that no report was written."""
    with pytest.raises(DataError) as caught:
        products.verify()
    for text in named:
        assert text in str(caught.value)
    assert str(caught.value).endswith("and run snakemake again")
    assert not (products.folder / "stages/verify/report.json").exists()
    return str(caught.value)


def convert_other(products: Products, folder: Path, layer: int, change: Change) -> None:
    """Replaces the SIF by one with a changed layer, and keeps the layout. folder: a temporary folder."""
    other = products.copy(folder)
    other.change_layer(layer, change)
    # The SIF gets the original config, so that only its files differ.
    manifest = json.loads((other.layout / "manifest.json").read_bytes())
    manifest[0]["Config"] = f"blobs/sha256/{products.config()}"
    other.blob(products.config()).write_bytes(products.blob(products.config()).read_bytes())
    (other.layout / "manifest.json").write_text(json.dumps(manifest))
    other.convert()
    os.replace(other.sif, products.sif)


def sha256sum(path: Path) -> str:
    """The output of sha256sum for a file."""
    return subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]


def put(path: bytes, mode: int, content: bytes = b"") -> Change:
    """A change that adds or replaces an entry."""
    return lambda entries: entries.update({path: Entry(mode, content)})


# Changes of the last data layer, and the error of verify for an image with the change.
DAMAGE: list[tuple[Change, str]] = [
    (lambda entries: entries.pop(UNIQUE_PATH), "'sub/unique' is missing from the {}"),
    (put(UNIQUE_PATH + b"2", FILE | 0o644), "'sub/unique2' is in the {} but not in the catalog"),
    (
        put(UNIQUE_PATH, FILE | 0o644, UNIQUE + b"!"),
        "expected 31 bytes (the catalog), found 32 bytes (the {})",
    ),
    (
        put(UNIQUE_PATH, FILE | 0o4755, UNIQUE),
        "expected mode 0644 or 0755 for a file, found 4755 (the {})",
    ),
    (
        put(LINK_PATH, LINK | 0o777, b"../run.sX"),
        "'../run.sh' (the catalog), found a symlink to '../run.sX' (the {})",
    ),
    (put(LINK_PATH, FILE | 0o644, b"../run.sh"), "'sub/up': expected link (the catalog), found file (the {})"),
]


def records_of(dataset: Path) -> list[shardlist.Record]:
    """The records of a dataset's files, symlinks and empty folders in the order of scan."""
    tree = tree_of(dataset)
    found = []
    for path, entry in sorted(tree.items(), key=_path_order):
        if not stat.S_ISDIR(entry.mode):
            status = os.lstat(os.path.join(os.fsencode(dataset), path))
            kind, target = (shardlist.LINK, entry.content) if stat.S_ISLNK(entry.mode) else (shardlist.FILE, b"")
            times = status.st_mtime_ns, status.st_ctime_ns
            found.append(
                shardlist.Record(
                    path, kind, stat.S_IMODE(entry.mode), len(entry.content), *times, status.st_ino, target
                )
            )
        elif path and not any(other.startswith(path + b"/") for other in tree):
            found.append(shardlist.Record(path, shardlist.DIRECTORY, 0o755, 0, 0, 0, 0, b""))
    return found


def flip(path: Path, near: bytes, distance: int = 0) -> None:
    """Changes one bit of a file, at a distance from the bytes `near`, which must occur once."""
    content = bytearray(path.read_bytes())
    assert content.count(near) == 1, (path, near, content.count(near))
    content[content.index(near) + distance] ^= 1
    path.write_bytes(content)


def _path_order(item: tuple[bytes, Entry]) -> bytes:
    path, entry = item
    return path + b"/" if stat.S_ISDIR(entry.mode) else path


@pytest.fixture(scope="session")
def built(packer: Path) -> Products:
    """The products of a dataset with unusual names, in three shards; the last two shards share a folder."""

    def make(folder: Path) -> None:
        fill_odd(folder / "dataset")
        fill(folder / "dataset", {b"sub/unique": UNIQUE, b"sub/a-b": b"", b"sub/a/b": b"deep"})
        (folder / "dataset/unfinished").mkdir()
        Products(folder / "products", packer).make(folder / "dataset", cuts=(8, 25))

    return Products(once("verify", make) / "products", packer)


@pytest.fixture(scope="session")
def chunked(packer: Path) -> Products:
    """A layout of large files, whose zstd layer has a table of contents."""

    def make(folder: Path) -> None:
        fill(
            folder / "dataset", {b"a/one": random.Random(1).randbytes(200_000), b"two": b"2" * 5_000_000, b"empty": b""}
        )
        (folder / "dataset/link").symlink_to("a/one")
        found = Products(folder / "products", packer, "zstd").make(folder / "dataset", cuts=())
        found.archive.unlink()
        found.sif.unlink()

    return Products(once("chunked", make) / "products", packer, "zstd")


@pytest.fixture
def products(built: Products, tmp_path: Path) -> Products:
    """A copy of all products."""
    return built.copy(tmp_path / "products")
