"""Stale: removes the files of shards that are no longer part of the dataset."""

import json
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from datacontainer.runtime.logs import logger

# The suffix of the folder with the copies of a shard's files while it is hashed.
COPIES = ".files"
SHARD = re.compile(r"\.?([0-9a-f]{20}|batch-\d+)\.")


def remove_stale(facts: Sequence[Path], batches: Collection[str], logs: Path) -> None:
    """Removes all files that hash and rescan wrote, except those of the shards of `facts` and of the batches.

    facts: the facts that hash wrote for each shard of the dataset. Partial files of killed runs are removed too, so no
    job of the dataset's hash or rescan may run meanwhile. logs: the folder of the dataset's logs.
    """
    layers = {path.stem: json.loads(path.read_bytes())["diff_id"] is not None for path in facts}
    layers |= dict.fromkeys(batches, False)
    for copies in facts[0].parent.glob(f"*{COPIES}"):
        shutil.rmtree(copies)
    removed = 0
    for path in _files_of_shards(facts[0].parent, logs):
        shard = SHARD.match(path.name)
        if shard is None or (shard[1] in layers and _belongs(path, layers[shard[1]])):
            continue
        path.unlink(missing_ok=True)
        removed += 1
    logger.info("%d files of earlier shards removed", removed)


def _files_of_shards(hashed: Path, logs: Path) -> Iterator[Path]:
    for folder in (hashed, hashed / "known", hashed.parent / "rescan", logs / "hash", logs / "rescan"):
        if folder.is_dir():
            yield from (path for path in sorted(folder.iterdir()) if path.is_file())


def _belongs(path: Path, layer: bool) -> bool:
    """Whether the path is a file of a current shard. layer: whether the shard has a layer."""
    kept = {".digests", ".list", ".parquet", ".json", ".log", ".seal"}
    return not path.name.startswith(".") and (path.suffix in kept or (layer and ".layer" in path.suffixes))
