"""Each product is on the disk before it gets its final name, and that name before the build ends."""

import os
import subprocess
import sys

from datacontainer.entrypoint.gobuild import find_go
from tools.durable import durable, traced
from tools.trees import fill
from tools.workflow import ROOT, command, run

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


def test_run_of_a_command_syncs_its_result_before_the_rename_and_the_folder_after(tmp_path):
    program, trace = tmp_path / "run.test", tmp_path / "trace"
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "TMPDIR": str(tmp_path)}
    words = [find_go(), "test", "-c", "-o", program, "./run"]
    subprocess.run(words, cwd=ROOT / "templates/entrypoint", env=environment, check=True)
    subprocess.run([*traced(trace), program, "-test.run=^TestRunAgainFinds"], env=environment, check=True)
    found = durable(trace, tmp_path)
    results = {name for name in found.renamed if "/fruit/1.0/copy/" in name and ".partial" not in name}
    assert len([name for name in results if name.endswith("/run.log")]) == 2
    assert (results & found.loose, {name for name in found.unsynced if ".partial" not in name}) == (set(), set())
