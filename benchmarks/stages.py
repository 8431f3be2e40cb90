"""Runs one stage of a built dataset again, without Snakemake: `stages.py STAGE RESULTS DATASET OUTPUT`."""

import json
import sys
from pathlib import Path

from datacontainer.config.dataset import Identity
from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.image.archive import assemble_archive
from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.runtime.outputs import fresh_directory
from datacontainer.scan.scan import read_shards, scan
from datacontainer.sif.convert import SifRequest, convert

PLATFORM = "linux/amd64"


class Built:
    """The workflow's results for a dataset, and the folder for the output of a stage."""

    def __init__(self, results: Path, dataset: Path, output: Path) -> None:
        """results: the folder of the dataset's products."""
        self.results, self.dataset, self.output = results, dataset, output
        self.packer = results.parent / ".datacontainer/packer"
        self.identity = Identity(results.name, "1.0", "/data")
        self.summary = results / "dataset.json"
        self.shards = read_shards(results / "stages/scan/shards.tsv")

    def scan(self) -> None:
        """Lists the dataset and cuts it into shards."""
        scan(str(self.dataset), (), self.output / "lists", self.output / "shards.tsv", packer=self.packer, threads=2)

    def hash(self) -> None:
        """Hashes all shards."""
        results = Results(self.output)
        results.stages.mkdir()
        results.lists.parent.symlink_to(Results(self.results).lists.parent.absolute())
        job = Job(self.packer, str(self.dataset), results, ["sha256"], mount="/data", threads=2)
        hash_shards(job, self.shards, lambda _: None)

    def assemble(self) -> None:
        """Assembles the layout and the archive."""
        stored = self.results / "stages/hash"
        layers = [
            ShardLayer(stored / f"{shard}.layer", json.loads((stored / f"{shard}.json").read_bytes()))
            for shard in self.shards
        ]
        binaries = {PLATFORM: self.results / "bin/linux-amd64/entrypoint"}
        layout = self.output / "oci"
        assemble_layout(identity=self.identity, summary=self.summary, layers=layers, binaries=binaries, layout=layout)
        assemble_archive(layout, self.output / "archive.tar")

    def convert(self) -> None:
        """Converts the layout to a SIF."""
        request = SifRequest(
            identity=self.identity,
            platform=PLATFORM,
            packer=self.packer,
            layout=self.results / "oci",
            summary=self.summary,
            image=self.output / "image.sif",
        )
        convert(request)


def main() -> None:
    """Runs a stage, with its output in an empty folder."""
    stage, results, dataset, output = sys.argv[1:]
    built = Built(Path(results), Path(dataset), fresh_directory(Path(output)))
    getattr(built, stage)()


if __name__ == "__main__":
    main()
