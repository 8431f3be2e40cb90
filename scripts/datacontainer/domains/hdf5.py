"""HDF5: the datasets of a file and the attributes of its root, with h5py; the data is not read."""

from typing import Any

from datacontainer.domains.bounds import MOST_ITEMS, ends_with, filled, plain, text

SUFFIXES = (".h5", ".hdf5", ".he5", ".hdf", ".nwb")
MOST_OBJECTS, MOST_ATTRIBUTE_BYTES = 10_000, 1 << 16


def metadata(path: str) -> dict[str, Any]:
    """Numbers of groups and datasets, shapes and types of the first datasets, and the attributes of the root.

    Raises:
        OSError: if the file is no HDF5, or damaged.
    """
    if not ends_with(path, SUFFIXES):
        return {}
    import h5py

    datasets: dict[str, Any] = {}
    counts = {"Group": 0, "Dataset": 0, "Datatype": 0}

    def visit(name: str, one: Any) -> bool | None:
        counts[type(one).__name__] += 1
        if isinstance(one, h5py.Dataset) and len(datasets) < MOST_ITEMS:
            datasets[text(name)] = {"shape": plain(one.shape), "dtype": text(one.dtype)}
        return True if sum(counts.values()) >= MOST_OBJECTS else None

    with h5py.File(path, "r", locking=False) as file:
        partial = file.visititems(visit)
        attributes = {text(name): _attribute(file.attrs, name) for name in list(file.attrs)[:MOST_ITEMS]}
    return {
        "hdf5_groups": counts["Group"],
        "hdf5_dataset_count": counts["Dataset"],
        **filled({"hdf5_datasets": datasets, "hdf5_attributes": attributes, "hdf5_partial": partial}),
    }


def _attribute(attributes: Any, name: str) -> Any:
    """The value, or its shape if it is large."""
    identifier = attributes.get_id(name)
    if identifier.get_storage_size() > MOST_ATTRIBUTE_BYTES:
        return f"{identifier.dtype} of shape {identifier.shape}"
    return plain(attributes[name])
