"""A dataset of the configuration, with all its settings; imports no YAML or schema library, as every job imports it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from datacontainer.config.formats import FORMATS, LAYOUT

# Patterns of files that are no data: those of version control, Snakemake, Python and Jupyter; those that macOS,
# Windows, Linux and NFS create in any folder.
NO_DATA = (
    *(".git", ".hg", ".svn", ".datalad", ".snakemake", "__pycache__", ".ipynb_checkpoints"),
    *(".DS_Store", "._*", "Thumbs.db", "desktop.ini", ".Trash-*", ".nfs0*"),
)
OCI_LABEL, LABEL_PREFIX = "org.opencontainers.image.", "io.datacontainer."
# The annotation of an index that a push over a tag writes: the digest that the tag had before.
PREVIOUS = LABEL_PREFIX + "previous"
# The label with the datasets that a dataset was made from.
MADE_FROM = LABEL_PREFIX + "made-from"
# The type of a referrer whose subject is an image and that names a result of its dataset, and the annotations with the
# tag and the digest of the result's image.
RESULT_TYPE = "application/vnd.datacontainer.result.v1+json"
RESULT, RESULT_DIGEST = LABEL_PREFIX + "result", LABEL_PREFIX + "result.digest"


class Identity(NamedTuple):
    """The settings of a dataset that its images' labels are made of. labels: pairs of full name and text, sorted."""

    name: str
    version: str
    mount: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A dataset of the configuration. The fields are the keys in config.schema.yaml, which describes them."""

    name: str
    path: str
    version: str
    exclude: tuple[str, ...]
    symlinks: str
    stable: str
    metadata: tuple[str, ...]
    dataset_metadata: tuple[str, ...]
    digests: tuple[str, ...]
    formats: tuple[str, ...]
    platforms: tuple[str, ...]
    compression: str
    shard_files: int | None
    shard_bytes: int | None
    mount: str
    template: str | None
    rescan: str
    labels: tuple[tuple[str, str], ...]
    sign: str | None
    attest: tuple[str, ...]
    after: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict, hash=False)
    standards: tuple[str, ...] = ()
    function_seconds: int | None = None
    on_error: str | None = None
    exclude_defaults: bool = True
    push: str | None = None
    commands: Mapping[str, Any] = field(default_factory=dict, hash=False)
    base: str | None = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """The patterns of excluded paths that precede those in `exclude`."""
        return NO_DATA if self.exclude_defaults else ()

    @property
    def identity(self) -> Identity:
        """The settings that the images' labels are made of."""
        return Identity(self.name, self.version, self.mount, self.labels)

    @property
    def platform_folders(self) -> tuple[str, ...]:
        """The names of the platforms' folders in bin/: linux-amd64 for linux/amd64."""
        return tuple(platform.replace("/", "-") for platform in self.platforms)

    @property
    def images(self) -> tuple[str, ...]:
        """The names of the image formats to build, except the layout: every other format is made from the layout."""
        return tuple(name for name in FORMATS if name in self.formats and name != LAYOUT.name)

    @property
    def threads(self) -> int:
        """Number of threads for a rule that writes the data: only compression can use more than two."""
        return 2 if self.compression == "none" else 8
