"""Difference: the files that were added, removed, changed or renamed between two catalogs."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datacontainer.catalog.fields import FLOAT, INT, JSON
from datacontainer.compare.catalog import BYTES, Catalog, Values

ADDED, REMOVED, CHANGED, RENAMED, METADATA = KINDS = ("added", "removed", "changed", "renamed", "metadata")
BATCH_ROWS = 1 << 16


class Change(NamedTuple):
    """A change of one file. earlier: its path before, if it was renamed. fields: values before and after, by column."""

    kind: str
    path: bytes
    earlier: bytes | None
    size_bytes: int
    fields: Mapping[str, tuple[Any, Any]]


class _Field(NamedTuple):
    """The files for which a column has another value. rows: in the later catalog, increasing."""

    name: str
    rows: np.ndarray
    before: Values
    after: Values


class Difference:
    """The difference between two catalogs; it contains a few numbers per file, and the values that differ.

    A file was renamed if a path with its content was removed and another was added; of several with the same content,
    the first in the order of paths becomes the first.
    """

    def __init__(self, before: Catalog, after: Catalog) -> None:
        """Compares the catalogs.

        Raises:
            DataError: if one of them is damaged.
        """
        self._before, self._after = before, after
        self._sizes = before.sizes(), after.sizes()
        # For each row of the later catalog, the row of the same file in the earlier one; -1 for an added file.
        self._origin = np.array(pc.fill_null(pc.index_in(after.paths, before.paths), -1))
        old, new = before.contents(), after.contents()
        self._kind = np.full(after.rows, -1, np.int8)
        kept = np.flatnonzero(self._origin >= 0)
        for rows in _batches(kept):
            changed = pc.not_equal(old.take(pa.array(self._origin[rows])), new.take(pa.array(rows)))
            self._kind[rows[np.asarray(pc.fill_null(changed, True))]] = KINDS.index(CHANGED)
        self._removed = np.flatnonzero(~_mask(self._origin[kept], before.rows))
        added = np.flatnonzero(self._origin < 0)
        self._kind[added] = KINDS.index(ADDED)
        from_, to = _pairs(old.take(pa.array(self._removed)), new.take(pa.array(added)))
        self._origin[added[to]] = self._removed[from_]
        self._kind[added[to]] = KINDS.index(RENAMED)
        self._removed = np.delete(self._removed, from_)
        del old, new
        self._fields = list(self._compared())
        for one in self._fields:
            others = one.rows[self._kind[one.rows] < 0]
            self._kind[others] = KINDS.index(METADATA)

    def _compared(self) -> Iterator[_Field]:
        """Compares each column for the files that are in both catalogs, one column after the other."""
        both = np.flatnonzero(self._origin >= 0)
        one_sided = self._before.digests ^ self._after.digests
        for name in sorted((self._before.compared | self._after.compared) - one_sided):
            before, after = self._before.values(name), self._after.values(name)
            found = [rows[_differs(before.take(self._origin[rows]), after.take(rows))] for rows in _batches(both)]
            if len(rows := np.concatenate([both[:0], *found])):
                yield _Field(name, rows, before.take(self._origin[rows]), after.take(rows))

    def counts(self) -> dict[str, tuple[int, int]]:
        """The number of files and their bytes for each kind of change; of a changed file, the bytes afterwards."""
        before, after = self._sizes
        found = {}
        for number, kind in enumerate(KINDS):
            sizes = before[self._removed] if kind == REMOVED else after[self._kind == number]
            found[kind] = len(sizes), int(sizes.sum())
        return found

    def changes(self) -> Iterator[Change]:
        """Yields all changes in the order of paths."""
        rows = np.flatnonzero(self._kind >= 0)
        gone = self._removed
        paths = pa.concat_arrays([self._after.paths.take(pa.array(rows)), self._before.paths.take(pa.array(gone))])
        order = np.asarray(pc.sort_indices(paths))
        sizes = np.concatenate([self._sizes[1][rows], self._sizes[0][gone]])
        kinds = np.concatenate([self._kind[rows], np.full(len(gone), KINDS.index(REMOVED), np.int8)])
        rows = np.concatenate([rows, np.full(len(gone), -1)])
        for start in range(0, len(order), BATCH_ROWS):
            chosen = order[start : start + BATCH_ROWS]
            earlier = self._earlier(rows[chosen], kinds[chosen])
            fields = self._values(rows[chosen])
            columns = kinds[chosen].tolist(), paths.take(pa.array(chosen)).to_pylist(), rows[chosen].tolist()
            for kind, path, row, size in zip(*columns, sizes[chosen].tolist(), strict=True):
                yield Change(KINDS[kind], path, earlier.get(row), size, fields.get(row, {}))

    def _earlier(self, rows: np.ndarray, kinds: np.ndarray) -> dict[int, bytes]:
        """The earlier paths of the renamed files, by row."""
        renamed = rows[kinds == KINDS.index(RENAMED)]
        paths = self._before.paths.take(pa.array(self._origin[renamed])).to_pylist()
        return dict(zip(renamed.tolist(), paths, strict=True))

    def _values(self, rows: np.ndarray) -> dict[int, dict[str, tuple[Any, Any]]]:
        """The values that differ, by row and column. rows: increasing, except for -1."""
        known, found = rows[rows >= 0], dict[int, dict[str, tuple[Any, Any]]]()
        if not len(known):
            return found
        for one in self._fields:
            start, stop = (int(end) for end in np.searchsorted(one.rows, [known[0], known[-1] + 1]))
            values = one.before.to_python(start, stop), one.after.to_python(start, stop)
            for row, before, after in zip(one.rows[start:stop].tolist(), *values, strict=True):
                found.setdefault(row, {})[one.name] = (before, after)
        return found


def _batches(rows: np.ndarray) -> Iterator[np.ndarray]:
    """The rows in parts, so that no copy of a column is complete."""
    yield from (rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS))


def _pairs(old: pa.Array, new: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The places of equal contents in two columns: the first with the first, the second with the second."""
    codes = pa.concat_arrays([old, new]).dictionary_encode().indices
    keys = np.asarray(pc.fill_null(codes, -1)).astype(np.int64)
    old_keys, new_keys = (_numbered(part) for part in (keys[: len(old)], keys[len(old) :]))
    _, from_, to = np.intersect1d(old_keys, new_keys, assume_unique=True, return_indices=True)
    known = keys[from_] >= 0
    return from_[known], to[known]


def _numbered(codes: np.ndarray) -> np.ndarray:
    """A number for each code that differs from those of the same code before it."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    places = np.arange(len(codes))
    first = np.ones(len(codes), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    numbers = places - np.maximum.accumulate(np.where(first, places, 0))
    keys = np.empty(len(codes), np.int64)
    keys[order] = (ordered << 32) + numbers
    return keys


def _differs(before: Values, after: Values) -> np.ndarray:
    """Which values differ. Numbers are equal if their values are, NaN equals NaN, and None differs from no value."""
    kinds = {before.kind, after.kind}
    if len(kinds) > 1 and kinds not in ({INT, FLOAT}, {JSON, BYTES}):
        before, after = before.to_json(), after.to_json()
    old, new = before.array, after.array
    if old.type != new.type:
        wanted = pa.large_binary() if BYTES in kinds else pa.float64()
        old, new = old.cast(wanted, safe=False), new.cast(wanted, safe=False)
    differs = np.asarray(pc.fill_null(pc.not_equal(old, new), False))
    if pa.types.is_floating(old.type) and pa.types.is_floating(new.type):
        differs &= ~np.asarray(pc.fill_null(pc.and_(pc.is_nan(old), pc.is_nan(new)), False))
    no_old, no_new = np.asarray(old.is_null()), np.asarray(new.is_null())
    differs |= (no_old != no_new) | (no_old & no_new & (before.is_none != after.is_none))
    return differs


def _mask(rows: np.ndarray, count: int) -> np.ndarray:
    found = np.zeros(count, bool)
    found[rows] = True
    return found
