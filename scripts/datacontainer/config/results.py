"""The paths of all results of a dataset; no other module defines such a path."""

from dataclasses import dataclass
from pathlib import Path

from datacontainer.config.formats import product_of

FOLDER = ".datacontainer"
PACKER = f"{FOLDER}/packer"


@dataclass(frozen=True)
class Results:
    """The paths below a dataset's results folder.

    folder: <outdir>/<name>. shard: the name of a shard. platform: the name of a platform's folder in bin/, linux-amd64.
    """

    folder: Path

    @property
    def stages(self) -> Path:
        """The folder of the working files: everything that is not a product."""
        return self.folder / "stages"

    @property
    def lock(self) -> Path:
        """The file that the run that builds the dataset locks; it names this run."""
        return self.folder.parent / FOLDER / f"{self.folder.name}.lock"

    @property
    def jobs(self) -> Path:
        """The folder of the files that jobs lock while they work; each names its job."""
        return self.folder.parent / FOLDER / f"{self.folder.name}.jobs"

    @property
    def lists(self) -> Path:
        """The folder of the lists of files that scan writes, one list for each shard."""
        return self.stages / "scan/lists"

    @property
    def shards(self) -> Path:
        """The table of shards that scan writes: name, number of files, number of bytes, batch."""
        return self.stages / "scan/shards.tsv"

    @property
    def known(self) -> Path:
        """The folder of the lists with whose shards hash reuses digests and fields of unchanged files."""
        return self.stages / "hash/known"

    @property
    def content(self) -> Path:
        """The file with the digest of all content of the dataset that an image depends on."""
        return self.stages / "aggregate/content.digest"

    @property
    def image_catalog(self) -> Path:
        """The catalog of the images: without times, with the places of the contents in the layers."""
        return self.stages / "aggregate/catalog.parquet"

    @property
    def catalog(self) -> Path:
        """The catalog, a table with a row for each file of the dataset."""
        return self.folder / "catalog.parquet"

    @property
    def summary(self) -> Path:
        """The JSON file with the counts, digest and metadata of the whole dataset."""
        return self.folder / "dataset.json"

    @property
    def commands(self) -> Path:
        """The JSON file with the commands that the image can run; missing if there are none."""
        return self.folder / "commands.json"

    @property
    def rendered(self) -> Path:
        """The folder with the index and the facts of the dataset, and with the user's rendered template."""
        return self.stages / "render"

    @property
    def layout(self) -> Path:
        """The folder of the OCI image layout."""
        return self.folder / "oci"

    @property
    def attestations(self) -> Path:
        """The folder of the provenance and SBOM documents about the images."""
        return self.folder / "attestations"

    @property
    def referrers(self) -> Path:
        """The image layout of the attestations, for a registry."""
        return self.attestations / "oci"

    @property
    def pushes(self) -> Path:
        """The JSON file about unfinished uploads and earlier pushes."""
        return self.stages / "push/pushes.json"

    @property
    def standards(self) -> Path:
        """The folder of the standards' documents about the dataset, with links of the files to which they point."""
        return self.folder / "standards"

    def list_of(self, shard: str) -> Path:
        """The list of the files in a shard."""
        return self.lists / f"{shard}.list"

    def known_list(self, shard: str) -> Path:
        """The list of the files in a shard that was hashed."""
        return self.known / f"{shard}.list"

    def known_fields(self, shard: str) -> Path:
        """The user's fields of the files in a shard that was hashed, as the functions returned them."""
        return self.known / f"{shard}.parquet"

    def digests(self, shard: str) -> Path:
        """The digests of the files and symlinks in a shard: bytes, in the order of its list."""
        return self.stages / f"hash/{shard}.digests"

    def fields(self, shard: str) -> Path:
        """The columns of the user's fields of the files in a shard."""
        return self.stages / f"hash/{shard}.parquet"

    def facts(self, shard: str) -> Path:
        """The JSON file with a shard's counts and the digests of its layer."""
        return self.stages / f"hash/{shard}.json"

    @property
    def base(self) -> Path:
        """The folder of the prepared base, an image layout."""
        return self.stages / "base"

    def unfinished(self, batch: str) -> Path:
        """The empty file that exists while a job hashes the due shards of a batch, and after that job failed."""
        return self.stages / f"hash/{batch}.unfinished"

    def layer(self, shard: str) -> Path:
        """The image layer with the files of a shard."""
        return self.stages / f"hash/{shard}.layer"

    def binary(self, platform: str) -> Path:
        """The compiled entrypoint for a platform."""
        return self.folder / "bin" / platform / "entrypoint"

    def image(self, image_format: str) -> Path:
        """The product of an image format. The name of the results folder is the dataset's name."""
        return self.folder / product_of(self.folder.name, image_format)

    def seal(self, stage: str, part: str = "") -> Path:
        """The file that records that a stage finished. part: the shard, batch or platform, if each has its own."""
        if stage == "hash":
            return self.stages / f"hash/{part}.seal"
        if stage in ("rescan", "verify"):
            # These stages write only a report, which is also their seal.
            return self.stages / f"{stage}/{part or 'report'}.json"
        return self.stages / f"seals/{stage}{'-' * bool(part)}{part}.seal"

    def shard_names(self) -> list[str]:
        """Returns the names of the shards in the order of their files' paths; none before the first scan."""
        return [shard for shards in self.batches().values() for shard in shards]

    def batches(self) -> dict[str, list[str]]:
        """Returns the shards of each batch, which one job handles, in the order of their files' paths."""
        found: dict[str, list[str]] = {}
        lines = self.shards.read_text(errors="replace").splitlines() if self.shards.is_file() else []
        for line in lines:
            # A damaged table is created again by scan, but is read before.
            columns = line.split("\t")
            found.setdefault(columns[-1], []).append(columns[0])
        return found
