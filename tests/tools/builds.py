"""Fixture: a dataset that is built stage by stage, in the same way as by the rules."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from datacontainer.catalog.aggregate import aggregate
from datacontainer.hash.hash import ShardJob, hash_shard
from datacontainer.hash.rescan import join, rescan, rescan_shard
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

    def hash(self, shard: str) -> None:
        hashed = self.folder / "stages/hash"
        hash_shard(
            ShardJob(
                packer=self.packer,
                root=str(self.dataset),
                listed=self.folder / f"stages/scan/lists/{shard}.list",
                mount="/data",
                digests=self.digests,
                functions=self.functions,
                records=hashed / f"{shard}.parquet",
                layer=hashed / f"{shard}.layer" if self.layers else None,
                facts=hashed / f"{shard}.json",
                known=hashed / "known",
                record_format=self.record_format,
                rescan=self.rescan,
                compression=self.compression,
            )
        )

    def run(self) -> None:
        """Builds the dataset in the same way as a run of the workflow."""
        self.scan()
        (self.folder / "stages/hash").mkdir(exist_ok=True)
        for shard, facts in zip(self.shards, self.hashed(".json"), strict=True):
            if not facts.exists():
                self.hash(shard)
        aggregate(
            identity=IDENTITY,
            functions=(),
            records=self.hashed(".parquet"),
            facts=self.hashed(".json"),
            catalog=self.folder / "catalog.parquet",
            summary=self.folder / "dataset.json",
            content=self.folder / "content.digest",
        )
        remove_stale(self.hashed(".json"), ["batch-0"], self.folder / "logs")

    def again(self) -> None:
        """Deletes the outputs of the shards' jobs, as Snakemake does before it repeats jobs, and runs again."""
        for suffix in (".json", ".parquet", ".layer"):
            for path in self.hashed(suffix):
                path.unlink(missing_ok=True)
        self.run()

    def results(self) -> dict[str, bytes]:
        """The contents of all files by name, except the outputs of scan and the files for the next run."""
        files = [*self.folder.glob("*.*"), *(self.folder / "stages/hash").glob("*")]
        return {path.name: path.read_bytes() for path in files if path.is_file()}

    def rescanned(self) -> None:
        """Runs the stage rescan."""
        lists, folder = self.folder / "stages/scan/lists", self.folder / "stages/rescan"
        found = [
            rescan_shard(
                packer=self.packer,
                root=str(self.dataset),
                shard_list=lists / f"{shard}.list",
                records=records,
                raw=folder / f"{shard}.digests",
            )
            for shard, records in zip(self.shards, self.hashed(".parquet"), strict=True)
        ]
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
