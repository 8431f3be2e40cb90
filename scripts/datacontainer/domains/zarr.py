"""Zarr: each group and array, from its own metadata file; every file of a store `*.zarr` names its store."""

import json
import os
from typing import Any

from datacontainer.domains.bounds import MOST_ITEMS, read_json

STORE, NODES = ".zarr/", ("/zarr.json", "/.zarray", "/.zgroup")


def metadata(path: str, folder: str) -> dict[str, Any]:
    """The store and, for the metadata file of a group or an array, its format, shape, chunks and type.

    Raises:
        ValueError: if a metadata file is damaged.
    """
    inside, is_node = path.find(STORE, len(folder)), path.endswith(NODES)
    found = _node(os.path.basename(path), read_json(path)) if is_node else {}
    if inside >= 0:
        found["store"] = path[len(os.path.join(folder, "")) : inside + len(STORE) - 1]
        found["node"] = os.path.dirname(path[inside + len(STORE) :]) if is_node else None
    return found


def dataset(frame: Any, _folder: str) -> dict[str, Any]:
    """Number of stores, and files, bytes and arrays of the first stores."""
    if "zarr_store" not in frame:
        return {}
    frame = frame.assign(array=frame["zarr_type"] == "array" if "zarr_type" in frame else False)
    counts = frame.groupby("zarr_store").agg(files=("size", "size"), bytes=("size", "sum"), arrays=("array", "sum"))
    return {"stores": len(counts), "first": json.loads(counts.head(MOST_ITEMS).to_json(orient="index"))}


def _node(name: str, found: dict[str, Any]) -> dict[str, Any]:
    from zarr.core.group import GroupMetadata
    from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata

    group = name == ".zgroup" or found.get("node_type") == "group"
    kind: Any = GroupMetadata if group else ArrayV3Metadata if name == "zarr.json" else ArrayV2Metadata
    one = kind.from_dict(found)
    fields = {"format": one.zarr_format, "type": "group" if group else "array", "attributes": one.attributes}
    if group:
        return fields
    codecs = [codec.get("name") for codec in found.get("codecs", [])] or [(found.get("compressor") or {}).get("id")]
    return fields | {
        "shape": one.shape,
        "chunks": one.chunks if hasattr(one, "chunks") else one.chunk_grid.chunk_shape,
        "dtype": str(one.dtype.to_native_dtype()),
        "dimensions": getattr(one, "dimension_names", None),
        "codecs": [codec for codec in codecs if codec],
    }
