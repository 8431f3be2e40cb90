"""Synthetic catalogs for benchmarks: N files with paths of 64 bytes, sizes and digests."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.entrypoint.compile import compile_entrypoint
from datacontainer.entrypoint.render import render

ROOT = Path(__file__).parent.parent
MODULE = ROOT / "templates/entrypoint"


def catalog(files: int) -> pa.Table:
    """A catalog in the format of aggregate, with file names like in a neuroimaging study."""
    random = np.random.default_rng(1)
    subject, session = np.arange(files) % 997, np.arange(files) // 997 % 10
    paths = sorted(
        f"sub-{one:04d}/ses-{other:02d}/func/sub-{one:04d}_ses-{other:02d}_run-{number:08d}_bold.nii.gz"[-64:]
        for number, (one, other) in enumerate(zip(subject, session, strict=True))
    )
    digests = random.bytes(32 * files).hex()
    return pa.table(
        {
            "path": paths,
            "size": random.integers(0, 1 << 24, files),
            "mtime": pa.array(np.zeros(files, np.int64)).cast(pa.timestamp("ns", "UTC")),
            "sha256": [digests[64 * i : 64 * i + 64] for i in range(files)],
        }
    )


def module_files() -> list[Path]:
    """The files of the entrypoint's module that the workflow compiles, go.mod first."""
    found = [path for path in sorted(MODULE.rglob("*")) if path.is_file() and path.name != "go.mod"]
    shipped = [
        path for path in found if not path.name.endswith("_test.go") and not {"indextest", "testdata"} & {*path.parts}
    ]
    return [MODULE / "go.mod", *shipped]


def build(files: int, folder: Path) -> None:
    """Writes folder/catalog.parquet, folder/render and folder/entrypoint."""
    folder.mkdir(parents=True, exist_ok=True)
    table = catalog(files)
    pq.write_table(table, folder / "catalog.parquet", compression="zstd")
    described = {"name": "bench", "version": "1.0", "mount": "/data", "files": files, "bytes": 0}
    (folder / "dataset.json").write_text(json.dumps(described))
    render(
        template=None,
        catalog=folder / "catalog.parquet",
        summary=folder / "dataset.json",
        mount="/data",
        folder=folder / "render",
    )
    compile_entrypoint(module_files(), folder / "render", folder / "entrypoint", "linux/amd64", folder / "go-cache")


if __name__ == "__main__":
    build(int(sys.argv[1]), Path(sys.argv[2]))
