"""Plan: the ranges of bytes to read from the tars of layers, so that they contain the files asked for."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from datacontainer.runtime.errors import DataError
from datacontainer.sources.files import Files
from datacontainer.sources.source import Run

HEADER_BYTES = 512
# Bytes between two files that are read too, in place of another request: docs/decisions/0024-fetching.md.
GAP_BYTES = 256 << 10
# One request reads about as much, of several files or of a part of a large one.
RUN_BYTES = 32 << 20


class Extent(NamedTuple):
    """A layer to read. size_bytes: of its tar if ranges of it can be read. everything: all its bytes are wanted."""

    size_bytes: int | None
    everything: bool


def plan(files: Files, extents: Mapping[str, Extent], name: str) -> list[Run]:
    """Returns the runs of each layer, in the order of the layers in `files`. name: of the source, for messages.

    Raises:
        DataError: if a file lies outside of its layer, or in another file, or in a layer that the image does not have.
    """
    runs = []
    for layer, rows in files.by_layer():
        if layer not in extents:
            raise DataError(f"the catalog of {name!r} is damaged: the image has no layer {layer!r}: build it again")
        _check(files, rows, extents[layer], layer, name)
        runs += _runs(files, layer, rows, extents[layer])
    empty = extents.keys() - set(files.layers)
    return runs + [Run(one, 0, extents[one].size_bytes, range(0)) for one in sorted(empty)]


def _check(files: Files, rows: range, extent: Extent, layer: str, name: str) -> None:
    begins, ends = _bounds(files, rows)
    wrong = begins < np.concatenate([[0], ends[:-1]])
    if extent.size_bytes is not None:
        wrong |= ends > extent.size_bytes
    if wrong.any():
        path = files.path(rows[int(np.argmax(wrong))])
        raise DataError(
            f"the catalog of {name!r} is damaged: {path!r} is outside of its place in the layer {layer}: build the "
            "image again"
        )


def _bounds(files: Files, rows: range) -> tuple[np.ndarray, np.ndarray]:
    """The beginning of each file's header, and the end of its content."""
    offsets, sizes = (column[rows.start : rows.stop] for column in (files.offsets, files.sizes))
    return offsets - HEADER_BYTES, offsets + sizes


def _runs(files: Files, layer: str, rows: range, extent: Extent) -> list[Run]:
    if extent.size_bytes is None:
        return [Run(layer, 0, None, rows)]
    begins, ends = _bounds(files, rows)
    if extent.everything:
        begins = np.concatenate([[0], ends[:-1]])
    large = files.sizes[rows.start : rows.stop] > RUN_BYTES
    runs = []
    for first, end in _groups(begins, ends, large):
        own, start, stop = range(rows.start + first, rows.start + end), int(begins[first]), int(ends[end - 1])
        runs += _parts(files, layer, own, start) if large[first] else [Run(layer, start, stop, own)]
    if extent.everything:
        # The folders after the last file.
        runs.append(Run(layer, int(ends[-1]), extent.size_bytes, range(rows.stop, rows.stop)))
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
