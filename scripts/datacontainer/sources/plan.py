"""Plan: the ranges of bytes to read from the tars of layers, so that they contain the files asked for."""

from collections.abc import Mapping

import numpy as np

from datacontainer.runtime.errors import DataError
from datacontainer.sources.files import HEADER_BYTES, Files
from datacontainer.sources.source import Run

# The two blocks at the end of a tar.
END_BYTES = 1024
# Bytes between two files that are read too, in place of another request: docs/decisions/0024-fetching.md.
GAP_BYTES = 256 << 10
# One request reads about as much, of several files or of a part of a large one.
RUN_BYTES = 32 << 20


def plan(files: Files, layers: Mapping[str, int | None], name: str) -> list[Run]:
    """Returns the runs of each layer, in the order of the layers in `files`. name: of the source, for messages.

    layers: the size of each layer's tar in bytes; None if only the whole layer can be read.

    Raises:
        DataError: if a file lies outside of its layer, or in another file, or in a layer that the image does not have.
    """
    runs = []
    for layer, rows in files.by_layer():
        if layer not in layers:
            raise DataError(f"the catalog of {name!r} is damaged: the image has no layer {layer!r}: build it again")
        _check(files, rows, layers[layer], layer, name)
        runs += _runs(files, layer, rows) if layers[layer] is not None else [Run(layer, 0, None, rows)]
    return runs + _tails(files, layers)


def _tails(files: Files, layers: Mapping[str, int | None]) -> list[Run]:
    """The runs with the folders after the last file of each layer, if all files of the image are read."""
    if files.tails is None:
        return []
    whole = {layer for layer in files.layers if layers[layer] is None}
    ends = {layer: files.tails.get(layer, 0) for layer in layers.keys() - whole}
    return [
        Run(layer, end, size_bytes, range(0))
        for layer, end in sorted(ends.items())
        if (size_bytes := layers[layer]) is None or end + -end % HEADER_BYTES + END_BYTES < size_bytes
    ]


def _check(files: Files, rows: range, size_bytes: int | None, layer: str, name: str) -> None:
    begins, ends = _bounds(files, rows)
    wrong = begins < np.concatenate([[0], ends[:-1]])
    wrong |= begins > files.offsets[rows.start : rows.stop] - HEADER_BYTES
    if size_bytes is not None:
        wrong |= ends > size_bytes
    if wrong.any():
        path = files.path(rows[int(np.argmax(wrong))])
        raise DataError(
            f"the catalog of {name!r} is damaged: {path!r} is outside of its place in the layer {layer}: build the "
            "image again"
        )


def _bounds(files: Files, rows: range) -> tuple[np.ndarray, np.ndarray]:
    """The beginning of each file's headers, and the end of its content."""
    begins, offsets, sizes = (one[rows.start : rows.stop] for one in (files.begins, files.offsets, files.sizes))
    return begins, offsets + sizes


def _runs(files: Files, layer: str, rows: range) -> list[Run]:
    begins, ends = _bounds(files, rows)
    large = files.sizes[rows.start : rows.stop] > RUN_BYTES
    runs = []
    for first, end in _groups(begins, ends, large):
        own, start, stop = range(rows.start + first, rows.start + end), int(begins[first]), int(ends[end - 1])
        runs += _parts(files, layer, own, start) if large[first] else [Run(layer, start, stop, own)]
    return runs


def _groups(begins: np.ndarray, ends: np.ndarray, large: np.ndarray) -> list[tuple[int, int]]:
    """The rows of each run, from the first to before the last; a large file has a run of its own."""
    cuts = (begins[1:] - ends[:-1] > GAP_BYTES) | large[1:] | large[:-1]
    first_of = np.concatenate([[0], np.flatnonzero(cuts) + 1])
    group = np.repeat(np.arange(len(first_of)), np.diff(np.append(first_of, len(begins))))
    portion = (begins - begins[first_of][group]) // RUN_BYTES
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(group) != 0) | (np.diff(portion) != 0)]))
    return [(int(one), int(end)) for one, end in zip(starts, [*starts[1:], len(begins)], strict=True)]


def _parts(files: Files, layer: str, rows: range, start: int) -> list[Run]:
    """The runs of a large file; the first begins with its header."""
    offset, size_bytes = int(files.offsets[rows.start]), int(files.sizes[rows.start])
    places = range(0, size_bytes, RUN_BYTES)
    return [
        Run(layer, offset + place if place else start, offset + min(place + RUN_BYTES, size_bytes), rows, number)
        for number, place in enumerate(places)
    ]
