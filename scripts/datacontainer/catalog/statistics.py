"""Counts over a whole dataset: files, bytes, symlinks, types, duplicates, and the dataset digest."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.shards import Records

# The last part of a name after a dot; with the part before, if the last part is that of a compression, as in .nii.gz.
SUFFIX = rb"[^/](?P<suffix>(?:\.[A-Za-z0-9]+)?\.(?:gz|bz2|xz|zst)|\.[^./]+)$"


class Statistics:
    """Counts over the records added so far. Records must be added in the order of the paths' bytes."""

    def __init__(self) -> None:
        """Starts with no records."""
        self.files = 0
        self.links = 0
        self.empty = 0
        self.size_bytes = 0
        self._digest = hashlib.sha256()
        self._types: dict[str, list[int]] = {}
        self._sha256: list[np.ndarray] = []
        self._sizes: list[pa.Array] = []

    @property
    def digest(self) -> str:
        """The dataset digest: sha256 of a line `<sha256 of the file>  <path>\\0` for each file, in order.

        The line of a symlink is `link:<sha256 of its target>  <path>\\0`. The digest depends only on names and
        contents. For a dataset without symlinks, `find`, `sort -z` and `sha256sum -z` compute the same digest.
        """
        return "sha256:" + self._digest.hexdigest()

    def add(self, records: Records) -> None:
        """Adds the records of a shard."""
        table, sha256 = records.table, records.sha256
        if table.num_rows == 0:
            return
        is_link = pc.is_valid(table["link"].combine_chunks()) if "link" in table.column_names else None
        self._add_lines(records, is_link)
        files = table if is_link is None else table.filter(pc.invert(is_link))
        self.files += files.num_rows
        self.links += table.num_rows - files.num_rows
        self.size_bytes += pc.sum(files["size"]).as_py() or 0
        self._add_types(files)
        content = pc.greater(files["size"], 0).combine_chunks()
        self.empty += content.false_count
        self._sizes.append(files["size"].combine_chunks().filter(content))
        of_files = sha256 if is_link is None else sha256[np.asarray(pc.invert(is_link))]
        self._sha256.append(of_files[np.asarray(content)])

    def types(self) -> dict[str, dict[str, int]]:
        """Returns files and bytes by suffix, as in {".nii.gz": {"files": 2, "bytes": 300}}; most bytes first."""
        ordered = sorted(self._types.items(), key=lambda item: (-item[1][1], item[0]))
        return {suffix: {"files": files, "bytes": size_bytes} for suffix, (files, size_bytes) in ordered}

    def duplicates(self) -> dict[str, int]:
        """Returns the number and bytes of files with the content of an earlier file; empty files are not counted."""
        sha256 = np.concatenate([np.empty((0, DIGEST_BYTES["sha256"]), np.uint8), *self._sha256])
        sizes = pa.chunked_array(self._sizes, pa.int64()).combine_chunks()
        # Few contents occur several times. Only they are grouped, found by the first bytes of their digests.
        beginnings = np.ascontiguousarray(sha256[:, :8]).view(np.uint64)[:, 0]
        ordered = np.sort(beginnings)
        several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        rows = np.flatnonzero(np.isin(beginnings, several))
        digests = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(sha256.shape[1]), len(rows), [None, pa.py_buffer(np.ascontiguousarray(sha256[rows]))]
        )
        content = pa.table({"sha256": digests, "size": sizes.take(pa.array(rows))})
        groups = content.group_by(["sha256", "size"], use_threads=False).aggregate([([], "count_all")])
        repeats = pc.subtract(groups["count_all"], 1)
        return {
            "files": pc.sum(repeats).as_py() or 0,
            "bytes": pc.sum(pc.multiply(repeats, groups["size"])).as_py() or 0,
        }

    def _add_lines(self, records: Records, is_link: pa.Array | None) -> None:
        sha256 = records.table["sha256"].combine_chunks().cast(pa.large_binary())
        if is_link is not None:
            linked = pc.binary_join_element_wise(_bytes("link"), sha256, _bytes(":"))
            sha256 = pc.if_else(is_link, linked, sha256)
        lines = pc.binary_join_element_wise(sha256, records.lines, _bytes("  "))
        # The values of an Arrow array are contiguous: the buffer is the text to hash.
        self._digest.update(lines.buffers()[2])

    def _add_types(self, files: pa.Table) -> None:
        found = pc.extract_regex(files["path"].combine_chunks().cast(pa.binary()), SUFFIX)
        suffix = pc.fill_null(pc.struct_field(found, "suffix"), b"")
        counts = pa.table({"suffix": suffix, "size": files["size"]}).group_by("suffix", use_threads=False)
        for row in counts.aggregate([("size", "count"), ("size", "sum")]).to_pylist():
            name = row["suffix"].decode("utf-8", "backslashreplace").lower()
            total = self._types.setdefault(name, [0, 0])
            total[0] += row["size_count"]
            total[1] += row["size_sum"]


def _bytes(text: str) -> pa.Scalar:
    return pa.scalar(text.encode(), pa.large_binary())
