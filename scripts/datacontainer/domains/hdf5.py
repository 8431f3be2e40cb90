"""HDF5: the datasets of a file and the attributes of its root, with h5py; the data is not read."""

from itertools import islice
from typing import Any

import h5py

from datacontainer.domains.bounds import MOST_ITEMS

MOST_OBJECTS, MOST_ATTRIBUTE_BYTES = 10_000, 1 << 16


def metadata(path: str) -> dict[str, Any]:
    """Numbers of groups and datasets, shapes and types of the first datasets, and the attributes of the root.

    Raises:
        OSError: if the file is no HDF5, or damaged.
    """
    datasets: dict[str, Any] = {}
    counts = {h5py.Group: 0, h5py.Dataset: 0, h5py.Datatype: 0}

    def visit(name: str, one: Any) -> bool | None:
        counts[type(one)] += 1
        if isinstance(one, h5py.Dataset) and len(datasets) < MOST_ITEMS:
            datasets[name] = {"shape": one.shape, "dtype": str(one.dtype)}
        return True if sum(counts.values()) >= MOST_OBJECTS else None

    with h5py.File(path, "r", locking=False) as file:
        partial = file.visititems(visit)
        attributes = {name: _attribute(file.attrs, name) for name in islice(file.attrs, MOST_ITEMS)}
    found = {"groups": counts[h5py.Group], "dataset_count": counts[h5py.Dataset], "datasets": datasets}
    return found | {"attributes": attributes, "partial": partial}


def _attribute(attributes: Any, name: str) -> Any:
    """The value, or its shape if it is large."""
    identifier = attributes.get_id(name)
    large = identifier.get_storage_size() > MOST_ATTRIBUTE_BYTES
    return f"{identifier.dtype} of shape {identifier.shape}" if large else attributes[name]
