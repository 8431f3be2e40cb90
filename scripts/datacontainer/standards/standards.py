"""The standards: the document of each, the keys of `about` that it needs, and the module that makes it.

A new standard needs a module with a function `document` and a Standard here, and a name in the schema.
"""

import importlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import fresh_directory, link_or_copy, write_bytes
from datacontainer.standards.facts import CATALOG, SUMMARY, Facts

# The files of a dataset that can contain a key that a standard needs, and its name there.
SOURCES = {"published": {"CITATION.cff": b"date-released", "codemeta.json": b"datePublished"}}


@dataclass(frozen=True)
class Standard:
    """A standard. name: the word in `standards` of the configuration. title: with the version. file: its document.

    module: its function `document` takes a `facts.Facts` and returns the document as a value for JSON. needs: keys of
    `about` without which no valid document exists.
    """

    name: str
    title: str
    file: str
    module: str
    needs: tuple[str, ...] = ()


STANDARDS: Mapping[str, Standard] = {
    one.name: one
    for one in (
        Standard("ro-crate", "RO-Crate 1.2", "ro-crate-metadata.json", "rocrate", ("published",)),
        Standard("croissant", "Croissant 1.1", "croissant.json", "croissant"),
        Standard("datapackage", "Data Package 2.0", "datapackage.json", "datapackage"),
        Standard("datacite", "DataCite 4.5", "datacite.json", "datacite", ("published",)),
    )
}


def write_standards(names: Collection[str], folder: Path, *, summary: Path, catalog: Path) -> dict[str, Path]:
    """Makes `folder` contain the standards' documents, and links of the files to which they point; removes all others.

    summary, catalog: dataset.json and the catalog of the images. Returns the documents by file name.

    Raises:
        UsageError: if a standard needs a value that is not known.
    """
    fresh_directory(folder)
    if not names:
        folder.rmdir()
        return {}
    facts, made = Facts.read(summary, catalog), {}
    for name in names:
        check_known(name, facts.described["name"], facts.about)
        standard = STANDARDS[name]
        made[standard.file] = folder / standard.file
        document = importlib.import_module(f"datacontainer.standards.{standard.module}").document(facts)
        # ASCII, so that no reader takes U+2028 or U+0085 for the end of a line.
        write_bytes(made[standard.file], (json.dumps(document, indent=1) + "\n").encode())
    link_or_copy(catalog, folder / CATALOG)
    link_or_copy(summary, folder / SUMMARY)
    return made


def check_known(name: str, dataset: str, about: Mapping[str, Any], folder: str | None = None) -> None:
    """Returns if `about` has the keys that a standard needs, or if a file in the dataset's `folder` seems to have them.

    Raises:
        UsageError: with the key to set.
    """
    for key in STANDARDS[name].needs:
        if not about.get(key) and not (folder and _possible(folder, SOURCES[key])):
            raise UsageError(
                f"datasets.{dataset}.standards: {STANDARDS[name].title} needs the date of publication, which neither "
                f"the configuration nor {' or '.join(SOURCES[key])} contains: set datasets.{dataset}.about.{key}"
            )


def _possible(folder: str, sources: Mapping[str, bytes]) -> bool:
    """Whether a file in the folder contains a name; a folder that does not exist yet, as in a workflow, may have it."""
    paths = {Path(folder, file): word for file, word in sources.items()}
    return not os.path.isdir(folder) or any(one.is_file() and word in one.read_bytes() for one, word in paths.items())
