"""Each product is on the disk before it gets its final name, and that name before the build ends."""

import sys

from tools.durable import durable, traced
from tools.trees import fill
from tools.workflow import command, run

# Working files of Snakemake and of Go, and messages. A list in `known` that is lost costs a read of its files.
OTHERS = (".snakemake", "go-cache", ".jobs/", "/logs/", "/known/", ".partial", ".lock")


def test_build_syncs_each_file_before_its_rename_and_its_folder_after(project):
    fill(project.folder / "data", {b"a/one.txt": b"one\n", b"two": b"2" * 100_000})
    project.configure(small={"path": "data", "compression": "gzip", "attest": ["sbom"], "standards": ["datapackage"]})
    trace = project.folder / "trace"
    done = run([*traced(trace), *command("--cores", "2", python=sys.executable)], project.folder)
    assert done.status == 0, done.text
    found = durable(trace, project.folder)
    results = project.folder / "results"
    files = {str(file) for file in results.rglob("*") if file.is_file()}
    products = {name for name in files if not any(one in name for one in OTHERS)}
    assert len(products) > 30
    assert (products - found.renamed, found.unsynced & products, found.loose & products) == (set(), set(), set())
