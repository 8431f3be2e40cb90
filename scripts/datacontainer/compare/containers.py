"""Data containers in registries, described by the labels of their images."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from datacontainer.compare.lineage import Result
from datacontainer.compare.shown import shown
from datacontainer.config.dataset import LABEL_PREFIX, OCI_LABEL
from datacontainer.image.labels import ancestors_in
from datacontainer.runtime.progress import size

# Numbers of more digits are no numbers of files or bytes.
LONGEST_NUMBER = 18
LONGEST_CELL = 60
# The keys of an ancestor in a text.
SHOWN_KEYS = ("name", "version", "reference")
TEXTS = ("title", "version", "description", "authors", "licenses")


class Container(NamedTuple):
    """A data container. reference: HOST/REPOSITORY:TAG. digest: of the manifest or index. labels: of the image.

    results: those that the registry lists as its results.
    """

    reference: str
    digest: str
    labels: Mapping[str, str]
    results: tuple[Result, ...] = ()

    @property
    def dataset_digest(self) -> str:
        """The dataset digest; "" if the image is no data container."""
        return str(self.labels.get(LABEL_PREFIX + "dataset.digest", ""))

    def text(self, name: str) -> str:
        """The value of an OCI label, such as "title"; "" without it."""
        return str(self.labels.get(OCI_LABEL + name, ""))

    def number(self, name: str) -> int | None:
        """The number of "files" or "bytes"; None if the label is missing or no number."""
        text = str(self.labels.get(f"{LABEL_PREFIX}dataset.{name}", ""))
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None

    @property
    def made_from(self) -> list[dict[str, str]]:
        """The datasets and images that the dataset was made from."""
        return ancestors_in(self.labels)

    def lineage(self) -> str:
        """Ancestors and results as a text; "" without both."""
        ancestors = [" ".join(one[key] for key in SHOWN_KEYS if key in one) for one in self.made_from]
        named = {"made from": ancestors, "results:": [one.reference for one in self.results]}
        return "; ".join(f"{word} {', '.join(dict.fromkeys(texts))}" for word, texts in named.items() if texts)

    def amount(self) -> str:
        """Files and bytes as a text."""
        files, size_bytes = self.number("files"), self.number("bytes")
        if files is None or size_bytes is None:
            return "? files"
        return f"{files:,} {'file' if files == 1 else 'files'}, {size(size_bytes)}"

    def to_json(self) -> dict[str, Any]:
        """The container for other programs, without the values that its labels lack."""
        found = {"reference": self.reference, "digest": self.digest, "dataset_digest": self.dataset_digest}
        numbers = {name: self.number(name) for name in ("files", "bytes")}
        lineage = {"made_from": self.made_from, "results": [one._asdict() for one in self.results]}
        every = {**found, **numbers, **{name: self.text(name) for name in TEXTS}, **lineage}
        return {key: value for key, value in every.items() if value not in ("", None, [])}


def columns(*texts: str) -> str:
    """Texts of labels as one line of a table, separated by tabs, without tabs at its end."""
    return "\t".join(map(shown, texts)).rstrip("\t")


def cell(text: str) -> str:
    """The text, shortened to LONGEST_CELL characters."""
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
