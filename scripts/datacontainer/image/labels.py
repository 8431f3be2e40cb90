"""The image's labels, which are also the manifest's annotations."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from datacontainer import __version__
from datacontainer.config.dataset import LABEL_PREFIX, MADE_FROM, OCI_LABEL, Identity

# Registries and engines show labels in lists; dataset.json has the full texts.
MAX_CHARACTERS = 500
# A longer label MADE_FROM, of any image, is cut, so that it is no JSON.
LONGEST_LABEL = 1 << 20
# The keys of `made_from` in the label; those of the run are only in dataset.json.
LINEAGE = ("name", "version", "dataset_digest", "reference", "image")


def labels_of(identity: Identity, described: Mapping[str, Any]) -> dict[str, str]:
    """The labels: OCI labels, io.datacontainer labels, and the user's labels, which override those from `about`.

    described: dataset.json.
    """
    labels = {
        OCI_LABEL + "title": identity.name,
        OCI_LABEL + "version": identity.version,
        LABEL_PREFIX + "dataset.digest": described["digest"],
        LABEL_PREFIX + "dataset.files": str(described["files"]),
        LABEL_PREFIX + "dataset.bytes": str(described["bytes"]),
        LABEL_PREFIX + "mount": identity.mount,
        LABEL_PREFIX + "version": __version__,
    }
    about = described["about"]
    return labels | _about(about) | _lineage(about.get("made_from", ())) | dict(identity.labels)


def ancestors_in(labels: Mapping[str, str]) -> list[dict[str, str]]:
    """The entries of the label MADE_FROM of any image; entries in another form are left out."""
    with suppress(ValueError, RecursionError):
        given = json.loads(labels.get(MADE_FROM, "[]")[:LONGEST_LABEL])
        return [one for one in map(_entry, given if isinstance(given, list) else ()) if one]
    return []


def _entry(given: Any) -> dict[str, str]:
    # Only readers of labels need this import, which costs time.
    from datacontainer.about.values import WrongValueError, complete_entry

    with suppress(WrongValueError):
        return complete_entry({key: given[key] for key in LINEAGE if key in given}) if isinstance(given, dict) else {}
    return {}


def _about(about: Mapping[str, Any]) -> dict[str, str]:
    """The labels with the values of `about`, each as one line of at most MAX_CHARACTERS."""
    texts = {
        "title": about.get("title", ""),
        "description": about.get("description", ""),
        "authors": ", ".join(person["name"] for person in about.get("authors", ())),
        "licenses": about.get("license", ""),
        "url": about.get("url", ""),
        "source": about.get("source", ""),
        "documentation": f"https://doi.org/{about['doi']}" if "doi" in about else "",
    }
    return {OCI_LABEL + key: _line(text) for key, text in texts.items() if text}


def _lineage(made_from: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The label with the datasets and images of `made_from` as JSON, each once; none without them."""
    images = [{key: one[key] for key in LINEAGE if key in one} for one in made_from]
    texts = dict.fromkeys(json.dumps(one, separators=(",", ":")) for one in images)
    return {MADE_FROM: f"[{','.join(texts)}]"} if texts else {}


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1] + "…"
