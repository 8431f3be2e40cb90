"""Rescan: reads every file again and compares its content with the record, to find silent corruption."""

import json
from collections.abc import Sequence
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


def rescan_shard(
    *, packer: Path, root: str, shard_list: Path, records: Path, report: Path, threads: int = 1
) -> list[Corrupted]:
    """Writes `report` (JSON: files, bytes, and `corrupted`, a list of path in hex, recorded and found sha256).

    records: the records that hash wrote for the shard of this list.

    Raises:
        DataError: if the size, times or inode of a file changed since the scan.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    raw = report.with_suffix(".digests")
    arguments: list[str | Path] = ["hash", "--root", root, "--list", shard_list, "--mount", "/", "--digests", "sha256"]
    arguments += ["--records", raw, "--progress"]
    try:
        summary: dict[str, Any] = json.loads(run_packer(packer, arguments, {"GOMAXPROCS": str(max(2, threads))}))
        (found,) = read_digests(raw.read_bytes(), ["sha256"]).values()
    finally:
        raw.unlink(missing_ok=True)
    corrupted = _differences(pq.read_table(records, columns=["path", "sha256"]), found)
    shown = [(file.path.hex(), file.recorded, file.found) for file in corrupted]
    write_bytes(report, json.dumps({"files": summary["files"], "bytes": summary["bytes"], "corrupted": shown}).encode())
    logger.info("%d files read again, %d differ", summary["files"], len(corrupted))
    return corrupted


def rescan(reports: Sequence[Path], report: Path) -> None:
    """Writes `report` (JSON: files, bytes) of the whole dataset, if the shards' reports list no corrupted file.

    Raises:
        DataError: if they do; it names the files.
    """
    shards = [json.loads(path.read_bytes()) for path in reports]
    found = [(bytes.fromhex(path), *digests) for shard in shards for path, *digests in shard["corrupted"]]
    raise_corrupted([Corrupted(*values) for values in found])
    totals = {key: sum(shard[key] for shard in shards) for key in ("files", "bytes")}
    write_bytes(report, (json.dumps(totals) + "\n").encode())
    logger.info("%(files)d files, %(bytes)d bytes have the recorded content", totals)


def _differences(recorded: pa.Table, found: pa.Array) -> list[Corrupted]:
    paths, digests = recorded["path"].cast(pa.binary()), recorded["sha256"]
    differing = pc.indices_nonzero(pc.not_equal(digests, found)).to_pylist()
    return [Corrupted(paths[row].as_py(), digests[row].as_py(), found[row].as_py()) for row in differing]
