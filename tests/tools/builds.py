"""Fixture: a dataset that is built stage by stage, in the same way as by the rules."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from datacontainer.catalog.aggregate import aggregate
from datacontainer.catalog.imagecatalog import ImageRequest
from datacontainer.catalog.shards import ShardFiles
from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.rescan import join, rescan, rescan_shards
from datacontainer.hash.shard import Job
from datacontainer.hash.stale import remove_stale
from datacontainer.scan.scan import read_shards, scan
from datacontainer.scan.sharding import MIN_SHARD, Limits

IDENTITY = {"name": "fruit", "version": "1.0", "mount": "/data"}


@dataclass
class Build:
    """A dataset and the folder in which it is built."""

    packer: Path
    dataset: Path
    folder: Path
    layers: bool = True
    functions: tuple[str, ...] = ()
    digests: tuple[str, ...] = ("sha256",)
    rescan: str = "changed"
    record_format: int = 1
    symlinks: str = "refuse"
    minimum: Limits = MIN_SHARD
    compression: str = "none"
    completed: list[str] = field(default_factory=list)

    @property
    def shards(self) -> list[str]:
        return read_shards(self.folder / "stages/scan/shards.tsv")

    def hashed(self, suffix: str) -> list[Path]:
        """The outputs of the stage hash, with the given suffix, of all shards."""
        return [self.folder / f"stages/hash/{shard}{suffix}" for shard in self.shards]

    def scan(self) -> None:
        lists = self.folder / "stages/scan/lists"
        lists.mkdir(parents=True, exist_ok=True)
        table = self.folder / "stages/scan/shards.tsv"
        scan(str(self.dataset), (), lists, table, symlinks=self.symlinks, packer=self.packer, minimum=self.minimum)

    def hash(self, shards: list[str]) -> None:
        job = Job(
            packer=self.packer,
            root=str(self.dataset),
            results=Results(self.folder),
            digests=self.digests,
            functions=self.functions,
            mount="/data",
            layers=self.layers,
            compression=self.compression,
            record_format=self.record_format,
            rescan=self.rescan,
            threads=2,
        )
        hash_shards(job, shards, self.completed.append)

    def run(self) -> None:
        """Builds the dataset in the same way as a run of the workflow."""
        self.scan()
        (self.folder / "stages/hash").mkdir(exist_ok=True)
        if due := [shard for shard in self.shards if shard not in self.completed]:
            self.hash(due)
        results = Results(self.folder)
        fields = self.hashed(".parquet") if self.functions else [None for _ in self.shards]
        aggregate(
            identity=IDENTITY,
            functions=(),
            records=[
                ShardFiles(results.list_of(shard), results.digests(shard), columns)
                for shard, columns in zip(self.shards, fields, strict=True)
            ],
            facts=self.hashed(".json"),
            catalog=self.folder / "catalog.parquet",
            summary=self.folder / "dataset.json",
            content=self.folder / "content.digest",
            image=ImageRequest(results.image_catalog, self.packer) if self.layers else None,
        )
        remove_stale(self.hashed(".json"), ["batch-0"], self.folder / "logs")
        self.completed = [shard for shard in self.completed if shard in self.shards]

    def again(self) -> None:
        """Runs again after a change of the settings."""
        self.completed = []
        self.run()

    def results(self) -> dict[str, bytes]:
        """The contents of all files by name, except the outputs of scan and the files for the next run."""
        files = [*self.folder.glob("*.*"), *(self.folder / "stages/hash").glob("*")]
        return {path.name: path.read_bytes() for path in files if path.is_file()}

    def rescanned(self) -> None:
        """Runs the stage rescan."""
        folder = self.folder / "stages/rescan"
        found = rescan_shards(self.packer, str(self.dataset), Results(self.folder), self.shards, threads=2)
        join(found, folder / "batch-0.json")
        rescan([folder / "batch-0.json"], folder / "report.json")


@pytest.fixture
def staged(packer, dataset, tmp_path) -> Build:
    return Build(packer, dataset, tmp_path / "build")


def rot(file: Path, content: bytes) -> None:
    """Changes a file's content without changing its size, mtime and inode."""
    before = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
