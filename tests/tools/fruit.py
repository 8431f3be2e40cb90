"""The example's catalog, and its entrypoint's answers to the six uses of the 2020 tool."""

import hashlib

import pyarrow as pa

from datacontainer.catalog.fields import DIGEST_MARK
from tools.images import fruit_files, listing
from tools.workflow import ROOT

AVOCADO, TOMATO = listing(ROOT / "examples/fruit").splitlines(keepends=True)
SIX_USES = {
    "": AVOCADO + TOMATO,
    "-ls": b"/data/avocado.txt\n/data/tomato.txt\n",
    "-metric size": b"Order by size\n" + TOMATO.replace(b" ", b": ", 1) + AVOCADO.replace(b" ", b": ", 1),
    "-metric size -search 8": b"/data/tomato.txt 8\n",
    "-get /data/avocado.txt": AVOCADO,
    "-get tomato": TOMATO,
}


def fruit_catalog() -> pa.Table:
    """The example's catalog in the format of aggregate."""
    files = sorted(fruit_files().items())
    digests = pa.array([hashlib.sha256(content).hexdigest() for _, content in files])
    table = pa.table(
        {
            "path": [name.decode() for name, _ in files],
            "size": pa.array([len(content) for _, content in files], pa.int64()),
            "mtime": pa.array([0] * len(files), pa.timestamp("ns", "UTC")),
        }
    )
    return table.append_column(pa.field("sha256", pa.string(), metadata=DIGEST_MARK), digests)
