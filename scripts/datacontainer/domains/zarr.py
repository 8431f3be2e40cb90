"""Zarr: each group and array, from its own metadata file; every file of a store `*.zarr` names its store."""

import json
import os
from typing import Any

from datacontainer.domains.bounds import MOST_ITEMS, filled, plain, read_start

STORE = ".zarr/"
NODES, ATTRIBUTES, CONSOLIDATED = ("zarr.json", ".zarray", ".zgroup"), ".zattrs", ".zmetadata"
MOST_JSON_BYTES = 64 << 20


def metadata(path: str, folder: str) -> dict[str, Any]:
    """The store and, for the metadata file of a group or an array, its format, shape, chunks and type.

    Raises:
        ValueError: if a metadata file is damaged.
    """
    name = os.path.basename(path)
    is_node = name in NODES
    inside = path.find(STORE, len(folder))
    if inside < 0 and not is_node:
        return {}
    store = path[len(os.path.join(folder, "")) : inside + len(STORE) - 1] if inside >= 0 else None
    within = os.path.dirname(path[inside + len(STORE) :]) if inside >= 0 and is_node else None
    node = _node(name, read_json(path)) if is_node else {}
    return filled({"zarr_store": store, "zarr_node": within, **node})


def dataset(frame: Any, _folder: str) -> dict[str, Any]:
    """Number of stores, and files, bytes and arrays of the first stores."""
    if "zarr_store" not in frame:
        return {}
    files = frame[frame["zarr_store"].notna()]
    counts = files.groupby("zarr_store")["size"].agg(["count", "sum"])
    arrays = files[files["zarr_type"] == "array"].groupby("zarr_store").size() if "zarr_type" in files else {}
    rows = counts.head(MOST_ITEMS).itertuples()
    stores = {
        row[0]: {"files": int(row[1]), "bytes": int(row[2]), "arrays": int(arrays.get(row[0], 0))} for row in rows
    }
    return {"stores": len(counts), "first": stores}


def read_json(path: str) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ValueError: if there is none.
    """
    found = json.loads(read_start(path, MOST_JSON_BYTES))
    if not isinstance(found, dict):
        raise ValueError("the metadata is no JSON object")
    return found


def _node(name: str, found: dict[str, Any]) -> dict[str, Any]:
    from zarr.core.group import GroupMetadata
    from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata

    group = name == ".zgroup" or found.get("node_type") == "group"
    kind: Any = GroupMetadata if group else ArrayV3Metadata if name == "zarr.json" else ArrayV2Metadata
    one = kind.from_dict(found)
    fields = {
        "zarr_format": one.zarr_format,
        "zarr_type": "group" if group else "array",
        "zarr_attributes": plain(one.attributes),
    }
    return fields if group else fields | _array(one, found)


def _array(one: Any, found: dict[str, Any]) -> dict[str, Any]:
    codecs = [codec.get("name") for codec in found.get("codecs", [])] or [(found.get("compressor") or {}).get("id")]
    return {
        "zarr_shape": list(one.shape),
        "zarr_chunks": list(one.chunks if hasattr(one, "chunks") else one.chunk_grid.chunk_shape),
        "zarr_dtype": str(one.dtype.to_native_dtype()),
        "zarr_dimensions": [str(name) for name in getattr(one, "dimension_names", None) or []],
        "zarr_codecs": [codec for codec in codecs if codec],
    }
