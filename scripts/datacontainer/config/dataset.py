"""A dataset as the configuration has it, frozen; importing it loads no library that reads configurations."""

from dataclasses import dataclass
from typing import NamedTuple

from datacontainer.config.formats import FORMATS, LAYOUT

OCI_LABEL = "org.opencontainers.image."


class Identity(NamedTuple):
    """The part of a dataset that goes into its images' labels; labels are pairs of full name and text, sorted."""

    name: str
    version: str
    mount: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dataset:
    """One dataset of the configuration; the fields are the keys of config.schema.yaml."""

    name: str
    path: str
    version: str
    exclude: tuple[str, ...]
    symlinks: str
    metadata: tuple[str, ...]
    dataset_metadata: tuple[str, ...]
    digests: tuple[str, ...]
    formats: tuple[str, ...]
    platforms: tuple[str, ...]
    compression: str
    shard_files: int
    shard_bytes: int
    mount: str
    template: str | None
    rescan: str
    labels: tuple[tuple[str, str], ...]
    sign: str | None
    attest: tuple[str, ...]
    after: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity:
        """The part that goes into the images' labels."""
        return Identity(self.name, self.version, self.mount, self.labels)

    @property
    def platform_folders(self) -> tuple[str, ...]:
        """The platforms as the folders of bin/ are called: linux-amd64 for linux/amd64."""
        return tuple(platform.replace("/", "-") for platform in self.platforms)

    @property
    def images(self) -> tuple[str, ...]:
        """The image formats besides the layout, which every image is made from."""
        return tuple(name for name in FORMATS if name in self.formats and name != LAYOUT.name)

    @property
    def threads(self) -> int:
        """How many threads a rule that writes the data has use for; compression is what takes time."""
        return 2 if self.compression == "none" else 8
