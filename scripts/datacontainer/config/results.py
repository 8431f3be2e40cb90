"""The paths of a dataset's results: the one place that says where each file is."""

from dataclasses import dataclass
from pathlib import Path

from datacontainer.config.formats import product_of

PACKER = ".datacontainer/packer"


@dataclass(frozen=True)
class Results:
    """The files below `folder`, which is <outdir>/<name>.

    Properties that take a shard take its name; `platform` is written as in bin/, linux-amd64.
    """

    folder: Path

    @property
    def stages(self) -> Path:
        """The folder of everything that is not a product."""
        return self.folder / "stages"

    @property
    def lists(self) -> Path:
        """The folder of scan's lists, one for each shard."""
        return self.stages / "scan/lists"

    @property
    def shards(self) -> Path:
        """The table of shards that scan writes."""
        return self.stages / "scan/shards.tsv"

    @property
    def known(self) -> Path:
        """The folder in which hash keeps what it knows about unchanged files."""
        return self.stages / "hash/known"

    @property
    def content(self) -> Path:
        """The digest of everything in the dataset that an image depends on."""
        return self.stages / "aggregate/content.digest"

    @property
    def catalog(self) -> Path:
        """The catalog."""
        return self.folder / "catalog.parquet"

    @property
    def summary(self) -> Path:
        """The metadata of the dataset as a whole."""
        return self.folder / "dataset.json"

    @property
    def source(self) -> Path:
        """The folder of the entrypoint's Go source, rendered for this dataset."""
        return self.stages / "render"

    @property
    def layout(self) -> Path:
        """The OCI image layout."""
        return self.folder / "oci"

    @property
    def attestations(self) -> Path:
        """The folder of the documents about the images."""
        return self.folder / "attestations"

    def list_of(self, shard: str) -> Path:
        """The list of a shard's files."""
        return self.lists / f"{shard}.list"

    def records(self, shard: str) -> Path:
        """The catalog rows of a shard."""
        return self.stages / f"hash/{shard}.parquet"

    def facts(self, shard: str) -> Path:
        """The counts and the layer's digests of a shard."""
        return self.stages / f"hash/{shard}.json"

    def layer(self, shard: str) -> Path:
        """The layer of a shard."""
        return self.stages / f"hash/{shard}.layer"

    def binary(self, platform: str) -> Path:
        """The entrypoint of a platform."""
        return self.folder / "bin" / platform / "entrypoint"

    def image(self, image_format: str) -> Path:
        """The product of an image format; the results' folder has the dataset's name."""
        return self.folder / product_of(self.folder.name, image_format)

    def seal(self, stage: str, part: str = "") -> Path:
        """The seal of a stage; part: the shard or the platform of a stage that has one job for each."""
        if stage == "hash":
            return self.stages / f"hash/{part}.seal"
        if stage in ("rescan", "verify"):
            # They make a report and nothing else.
            return self.stages / f"{stage}/{part or 'report'}.json"
        return self.stages / f"seals/{stage}{'-' * bool(part)}{part}.seal"

    def shard_names(self) -> list[str]:
        """The shards' names in the order of their paths; none before the first scan."""
        if not self.shards.is_file():
            return []
        return [line.split("\t")[0] for line in self.shards.read_text(errors="replace").splitlines()]
