"""The image's labels, which are also the manifest's annotations."""

from collections.abc import Mapping
from typing import Any

from datacontainer import __version__
from datacontainer.config.dataset import LABEL_PREFIX, OCI_LABEL, Identity


def labels_of(identity: Identity, described: Mapping[str, Any]) -> dict[str, str]:
    """The labels: OCI labels, io.datacontainer labels, and the user's labels, of which a title overrides the name.

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
