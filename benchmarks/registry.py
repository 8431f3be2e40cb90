"""Rows of the registry: pushes, compared with skopeo and with the first push."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import servers
from measure import Command, alternate, run
from pipeline import PUSH, Bench, edit_file, size_bytes
from table import Figure, megabytes, ratio
from workflow import ROOT, Build


def registry(bench: Bench) -> Iterator[Figure]:
    """The time of a push of large files, and the bytes of a push after the edit of one of very many files."""
    build = replace(bench.large(), formats=("oci",))
    build.run("oci")
    with servers.registry(bench.work / "registry") as (host, blobs):
        data = blobs.parents[3]
        peer = Command([*PUSH, f"oci:{build.results}/oci", f"docker://{host}/bench:1.0"], removed=[data])
        ours, other = alternate([push(build, host, data), peer], bench.few)
        yield ratio(f"push, {8 * bench.large_bytes / 1e9:.1f} GB", ours, "skopeo copy", other, 1.11)
        shutil.rmtree(data)
        many = replace(bench.build(bench.small(2).dataset, "edit"), formats=("oci",))
        shutil.rmtree(many.results, ignore_errors=True)
        run(many.stage("compile_packer"))
        pushed = []
        for _ in range(2):
            many.run("oci")
            run(push(many, host))
            pushed.append(size_bytes(blobs))
            edit_file(many.dataset)
    sent, title = pushed[1] - pushed[0], f"1 of {bench.counts[2]:,} files edited: push"
    yield Figure(title, megabytes(sent), f"first time {megabytes(pushed[0])}", sent / pushed[0], 0.1)


def push(build: Build, host: str, *removed: Path) -> Command:
    """The command that pushes a build to the repository `bench`."""
    words = [sys.executable, ROOT / "scripts/datacontainer", "push", build.dataset.name, f"{host}/bench:1.0"]
    return Command([*words, "--outdir", build.results.parent], removed=[*removed, build.results / "stages/push"])
