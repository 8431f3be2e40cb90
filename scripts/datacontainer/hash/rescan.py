"""Rescan: reads every file again and compares its content with the record, to find silent corruption."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.hash.corruption import Corrupted, raise_corrupted
from datacontainer.hash.digests import read_digests
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import write_bytes
from datacontainer.runtime.packer import run_packer


@dataclass(frozen=True)
class Rescanned:
    """The number of files and bytes that were read again, and the files that differ from their records."""

    files: int
    size_bytes: int
    corrupted: list[Corrupted]


def rescan_shard(*, packer: Path, root: str, shard_list: Path, records: Path, raw: Path, threads: int = 1) -> Rescanned:
    """Reads the files of a shard again.

    records: the records that hash wrote for the shard of this list. raw: a temporary file.

    Raises:
        DataError: if the size, times or inode of a file changed since the scan.
    """
    raw.parent.mkdir(parents=True, exist_ok=True)
    arguments: list[str | Path] = ["hash", "--root", root, "--list", shard_list, "--mount", "/", "--digests", "sha256"]
    arguments += ["--records", raw, "--progress"]
    try:
        summary: dict[str, Any] = json.loads(run_packer(packer, arguments, {"GOMAXPROCS": str(max(2, threads))}))
        (found,) = read_digests(raw.read_bytes(), ["sha256"]).values()
    finally:
        raw.unlink(missing_ok=True)
    corrupted = _differences(pq.read_table(records, columns=["path", "sha256"]), found)
    logger.info("%d files read again, %d differ", summary["files"], len(corrupted))
    return Rescanned(summary["files"], summary["bytes"], corrupted)


def join(shards: Sequence[Rescanned], report: Path) -> None:
    """Writes `report` (JSON: files, bytes, and `corrupted`, a list of path in hex, recorded and found sha256)."""
    corrupted = [(file.path.hex(), file.recorded, file.found) for one in shards for file in one.corrupted]
    totals = {"files": sum(one.files for one in shards), "bytes": sum(one.size_bytes for one in shards)}
    write_bytes(report, json.dumps({**totals, "corrupted": corrupted}).encode())


def rescan(reports: Sequence[Path], report: Path) -> None:
    """Writes `report` (JSON: files, bytes) of the whole dataset, if the batches' reports list no corrupted file.

    Raises:
        DataError: if they do; it names the files.
    """
    batches = [json.loads(path.read_bytes()) for path in reports]
    found = [(bytes.fromhex(path), *digests) for batch in batches for path, *digests in batch["corrupted"]]
    raise_corrupted([Corrupted(*values) for values in found])
    totals = {key: sum(batch[key] for batch in batches) for key in ("files", "bytes")}
    write_bytes(report, (json.dumps(totals) + "\n").encode())
    logger.info("%(files)d files, %(bytes)d bytes have the recorded content", totals)


def _differences(recorded: pa.Table, found: pa.Array) -> list[Corrupted]:
    paths, digests = recorded["path"].cast(pa.binary()), recorded["sha256"]
    differing = pc.indices_nonzero(pc.not_equal(digests, found)).to_pylist()
    return [Corrupted(paths[row].as_py(), digests[row].as_py(), found[row].as_py()) for row in differing]
