"""The image's labels, which are also the manifest's annotations."""

from collections.abc import Mapping
from typing import Any

from datacontainer import __version__
from datacontainer.config.dataset import LABEL_PREFIX, OCI_LABEL, Identity

# Registries and engines show labels in lists; dataset.json has the full texts.
MAX_CHARACTERS = 500


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
    return labels | _about(described["about"]) | dict(identity.labels)


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


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1] + "…"
