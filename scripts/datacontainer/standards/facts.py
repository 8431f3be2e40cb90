"""The facts about a dataset and its catalog that the documents of all standards are made of."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

CATALOG, SUMMARY = "catalog.parquet", "dataset.json"
CATALOG_TYPE = "application/vnd.apache.parquet"
CATALOG_TEXT = "A row for each file of the dataset, with its path, size, digests and metadata."
# The built-in columns of the catalog.
DESCRIPTIONS = {
    "path": "Path of the file in the image",
    "size": "Size of the file in bytes",
    "link": "Target of the symbolic link",
    "layer": "Diff ID of the image layer that contains the file",
    "offset": "Position of the content of the file in the tar of its layer, in bytes",
    **{name: f"{name} of the content, in hex" for name in ("sha256", "sha1", "sha512", "md5", "crc32c", "blake3")},
}
# A license that the SPDX list contains: a short name, or one with a version.
SPDX = re.compile(r"(MIT|ISC|Unlicense|0BSD|WTFPL|Zlib|X11|[A-Za-z0-9.]+(-[A-Za-z0-9.]+)*-\d[A-Za-z0-9.-]*)")


class Column(NamedTuple):
    """A column of the catalog. kind: bool, int64, double, string, binary or json. nulls: whether it has null values."""

    name: str
    kind: str
    nulls: bool
    description: str


class Ancestor(NamedTuple):
    """A dataset that a dataset was made from. identifier: the dataset digest, or the reference of the image."""

    title: str
    version: str
    identifier: str


class File(NamedTuple):
    """A file beside the documents. sha256: in hex."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Facts:
    """The facts; described: dataset.json."""

    described: Mapping[str, Any]
    columns: tuple[Column, ...]
    catalog: File
    summary: File

    @classmethod
    def read(cls, summary: Path, catalog: Path) -> "Facts":
        """The facts from dataset.json and from the catalog of the image."""
        return cls(json.loads(summary.read_bytes()), tuple(_columns(catalog)), _file(catalog), _file(summary))

    @property
    def about(self) -> Mapping[str, Any]:
        """The values of `about`."""
        about: Mapping[str, Any] = self.described["about"]
        return about

    @property
    def title(self) -> str:
        """The title, or the dataset's name."""
        return str(self.about.get("title") or self.described["name"])

    @property
    def description(self) -> str:
        """The description, or the number of files and bytes."""
        counts = f"{self.described['files']} files with {self.described['bytes']} bytes"
        return str(self.about.get("description") or f"The dataset {self.described['name']}: {counts}.")

    @property
    def doi(self) -> str:
        """The DOI as a URL; empty if it is not known."""
        return f"https://doi.org/{self.about['doi']}" if "doi" in self.about else ""

    @property
    def ancestors(self) -> list[Ancestor]:
        """The datasets and images that the dataset was made from, each once."""
        return list(dict.fromkeys(map(_ancestor, self.about.get("made_from", ()))))

    @property
    def spdx(self) -> str:
        """The license's SPDX identifier; empty if the license is another text."""
        given = str(self.about.get("license", "")).removeprefix("https://spdx.org/licenses/").removesuffix(".html")
        return given if SPDX.fullmatch(given) else ""

    @property
    def license_url(self) -> str:
        """The URL of the license; empty if the license has none."""
        given = str(self.about.get("license", ""))
        is_url = re.fullmatch(r"https?://[^\s\"<>\\^`{|}]+", given)
        return f"https://spdx.org/licenses/{self.spdx}" if self.spdx else given if is_url else ""


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not empty."""
    return {key: value for key, value in values.items() if value not in ("", None, [], {}, ())}


def _ancestor(entry: Mapping[str, str]) -> Ancestor:
    image = entry.get("image", "")
    located = f"{entry['reference']}@{image}" if "reference" in entry else image
    identifier = entry.get("dataset_digest") or located
    title = " ".join(filter(None, [entry.get("name"), entry.get("version")]))
    return Ancestor(title or located, entry.get("version", ""), identifier)


def _columns(catalog: Path) -> Iterator[Column]:
    # Only datasets with standards need these imports.
    import pyarrow as pa
    import pyarrow.parquet as pq

    from datacontainer.catalog.fields import JSON_MARK

    file = pq.read_metadata(catalog)
    groups = [file.row_group(number) for number in range(file.num_row_groups)]
    for number, field in enumerate(file.schema.to_arrow_schema()):
        kind = str(field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
        if JSON_MARK.items() <= (field.metadata or {}).items():
            kind = "json"
        counted = [group.column(number).statistics for group in groups]
        nulls = any(one is None or not one.has_null_count or one.null_count > 0 for one in counted)
        yield Column(field.name, kind, nulls, DESCRIPTIONS.get(field.name, ""))


def _file(path: Path) -> File:
    with open(path, "rb") as file:
        return File(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
