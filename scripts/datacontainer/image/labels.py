"""The image's labels, which are the manifest's annotations too."""

from collections.abc import Mapping
from typing import Any

from datacontainer import __version__
from datacontainer.config.dataset import OCI_LABEL, Identity

LABEL_PREFIX = "io.datacontainer."


def labels_of(identity: Identity, described: Mapping[str, Any]) -> dict[str, str]:
    """The image's labels, which are the manifest's annotations too: the OCI's, ours, then the user's.

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
    return labels | dict(identity.labels)
