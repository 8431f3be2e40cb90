"""Rescan: reads every file again and compares its content with the record, to find silent corruption."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.config.results import Results
from datacontainer.hash.corruption import Corrupted, raise_corrupted
from datacontainer.hash.known import SHA256_BYTES, different, files_of
from datacontainer.hash.shard import Job, pack
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import write_bytes


@dataclass(frozen=True)
class Rescanned:
    """The number of files and bytes that were read again, and the files that differ from their records."""

    files: int
    size_bytes: int
    corrupted: list[Corrupted]


def rescan_shards(packer: Path, root: str, results: Results, shards: Sequence[str], threads: int) -> list[Rescanned]:
    """Reads the files of shards again, and compares them with the digests that hash wrote.

    Raises:
        DataError: if the size, times or inode of a file changed since the scan.
    """
    raw = {shard: results.seal("rescan", shard).with_suffix(".digests") for shard in shards}
    found: dict[str, Rescanned] = {}

    def compare(line: str) -> None:
        summary = json.loads(line)
        shard = Path(summary["list"]).stem
        corrupted = _corrupted(results, shard, raw[shard].read_bytes())
        logger.info("%d files read again, %d differ", summary["files"], len(corrupted))
        found[shard] = Rescanned(summary["files"], summary["bytes"], corrupted)

    results.seal("rescan").parent.mkdir(parents=True, exist_ok=True)
    triples = [word for shard in shards for word in (results.list_of(shard), raw[shard], "-")]
    try:
        pack(Job(packer, root, results, ["sha256"], threads=threads), triples, (), compare)
    finally:
        for path in raw.values():
            path.unlink(missing_ok=True)
    return [found[shard] for shard in shards]


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


def _corrupted(results: Results, shard: str, sha256: bytes) -> list[Corrupted]:
    """The files of a shard whose sha256 is not the recorded one."""
    names = json.loads(results.facts(shard).read_bytes())["record"]["digests"]
    recorded, width = results.digests(shard).read_bytes(), sum(DIGEST_BYTES[name] for name in names)
    rows = list(different(recorded, sha256, width, SHA256_BYTES))
    files = files_of(results.list_of(shard).read_bytes()) if rows else []
    places = ((files[row][0], row * width, row * SHA256_BYTES) for row in rows)
    return [
        Corrupted(path, recorded[at : at + SHA256_BYTES].hex(), sha256[other : other + SHA256_BYTES].hex())
        for path, at, other in places
    ]
