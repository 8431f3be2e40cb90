"""Versions: two data containers compared, from their catalogs, dataset.json and labels."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.compare.catalog import Missing, finite, open_catalog
from datacontainer.compare.difference import Change, Difference
from datacontainer.compare.shown import Record, shown, value_text
from datacontainer.config.dataset import LABEL_PREFIX
from datacontainer.runtime.progress import size

# Values of dataset.json that are computed from the files, and labels that repeat dataset.json.
COMPUTED = {"digest", "files", "bytes", "empty", "links", "duplicates", "types", "errors"}
REPEATED = (LABEL_PREFIX + "dataset.", LABEL_PREFIX + "mount")
BUILT_IN_FIELDS = {f"fields.{name}" for name in ("path", "size", "mtime", "link")}
# Objects whose members are compared one by one, also those of the objects in them.
OBJECTS = ("about", "fields", "metadata")


class Version(NamedTuple):
    """A data container to compare. described, labels: dataset.json and the labels; None if they are unknown."""

    name: str
    catalog: Path
    described: Mapping[str, Any] | None = None
    labels: Mapping[str, str] | None = None


class DatasetChange(NamedTuple):
    """A value of the dataset as a whole before and after, such as its version, or about.title."""

    key: str
    before: Any
    after: Any

    def to_text(self) -> str:
        """One line."""
        return f"dataset\t{shown(self.key)}\t{_text(self.before, self.after)}"

    def to_json(self) -> dict[str, Any]:
        """The change for other programs."""
        return {"change": "dataset", "key": self.key, **_json(self.before, self.after)}


class FileChange(NamedTuple):
    """The change of a file."""

    change: Change

    def to_text(self) -> str:
        """One line: kind, path, and the earlier path, the values that differ, without digests, or the size."""
        kind, path, earlier, size_bytes, fields = self.change
        notes = [] if earlier is None else [f"from {shown(earlier)}"]
        notes += [f"{shown(key)}: {_text(*both)}" for key, both in fields.items() if key not in DIGEST_BYTES]
        return "\t".join([kind, shown(path), ", ".join(notes) or f"{size_bytes} B"])

    def to_json(self) -> dict[str, Any]:
        """The change for other programs."""
        kind, path, earlier, size_bytes, fields = self.change
        found: dict[str, Any] = {"change": kind, "path": os.fsdecode(path), "size": size_bytes}
        if earlier is not None:
            found["from"] = os.fsdecode(earlier)
        if fields:
            found["fields"] = {key: _json(*both) for key, both in fields.items()}
        return found


class Summary(NamedTuple):
    """The files and bytes of each kind of change, and the number of changes of the dataset as a whole."""

    counts: Mapping[str, tuple[int, int]]
    dataset: int

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.dataset and not any(files for files, _ in self.counts.values())

    def to_text(self) -> str:
        """One line."""
        if self.same:
            return "no differences"
        found = [f"{files:,} {kind} ({size(size_bytes)})" for kind, (files, size_bytes) in self.counts.items() if files]
        return ", ".join([*found, *([f"{self.dataset} of the dataset"] if self.dataset else [])])

    def to_json(self) -> dict[str, Any]:
        """The summary for other programs."""
        counts = {kind: {"files": files, "bytes": size_bytes} for kind, (files, size_bytes) in self.counts.items()}
        return {"change": "summary", **counts, "dataset": self.dataset}


class Comparison:
    """The differences of two data containers. summary: their numbers."""

    def __init__(self, before: Version, after: Version) -> None:
        """Compares the data containers.

        Raises:
            DataError: if a catalog is damaged.
        """
        self._dataset = [*_compared(_described(before), _described(after)), *_compared(_labels(before), _labels(after))]
        with open_catalog(before.name, before.catalog) as one, open_catalog(after.name, after.catalog) as other:
            self._files = Difference(one, other)
        self.summary = Summary(self._files.counts(), len(self._dataset))

    def records(self) -> Iterator[Record]:
        """Yields the changes of the dataset, the changes of files in the order of their paths, and the summary."""
        yield from self._dataset
        yield from map(FileChange, self._files.changes())
        yield self.summary


def _compared(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[DatasetChange]:
    """The keys with different values; none if the values of one version are unknown."""
    if before is None or after is None:
        return
    for key in sorted(before.keys() | after.keys()):
        one, other = (values.get(key, Missing) for values in (before, after))
        if one != other:
            yield DatasetChange(key, one, other)


def _described(version: Version) -> dict[str, Any] | None:
    """The values of dataset.json that are not computed from the files, by key, such as version or about.title."""
    if version.described is None:
        return None
    found = {key: value for key, value in version.described.items() if key not in {*COMPUTED, *OBJECTS}}
    for name in OBJECTS:
        members = version.described.get(name)
        found |= _members(f"{name}.", members if isinstance(members, dict) else {})
    return {key: finite(value) for key, value in found.items() if key not in BUILT_IN_FIELDS}


def _members(prefix: str, objects: dict[str, Any]) -> dict[str, Any]:
    """The values in nested objects by their keys, joined with dots; an empty object is a value."""
    found, open_objects = dict[str, Any](), [(prefix, objects)]
    while open_objects:
        prefix, members = open_objects.pop()
        for key, value in members.items():
            if isinstance(value, dict) and value:
                open_objects.append((f"{prefix}{key}.", value))
            else:
                found[prefix + key] = value
    return found


def _labels(version: Version) -> dict[str, str] | None:
    if version.labels is None:
        return None
    return {f"label {key}": value for key, value in version.labels.items() if not key.startswith(REPEATED)}


def _text(before: Any, after: Any) -> str:
    return f"{value_text(before)} → {value_text(after)}"


def _json(before: Any, after: Any) -> dict[str, Any]:
    """A value before and after, without the key of a missing value."""
    return {key: value for key, value in (("from", before), ("to", after)) if value is not Missing}
