"""The terminal of a run: messages, one progress line, errors by cause, and a summary."""

import hashlib
import json
import os
import pty
import re
import shutil
import subprocess

import pytest

from datacontainer.terminal.console import INTERRUPTED
from datacontainer.terminal.failures import NEXT
from tools.trees import fill
from tools.workflow import NOTHING, ROOT, Project, command

START = re.compile(r"Using workflow specific profile .*|Assuming unrestricted shared filesystem usage\.|Config file .*")
MESSAGES = [
    "compile the packer, which reads and writes the data",
    "scan fruit: listing data",
    "hash fruit: digests and layers",
    "aggregate fruit: one catalog of all shards",
    "render fruit: index and facts",
    "compile fruit: entrypoint for linux-amd64",
    "assemble fruit: image layout",
    "convert fruit: SIF",
    "report fruit: page and table",
]


def shown(project: Project, *arguments: str, status: int = 0, **options) -> list[str]:
    """The terminal lines of a run, without the lines that Snakemake prints before it reads the Snakefile."""
    run = project.snakemake(*arguments, console=True, **options)
    assert run.status == status, run.text
    return [line for line in run.text.splitlines() if not START.fullmatch(line)]


def test_run_prints_messages_then_the_data_and_the_products(project):
    shutil.copytree(ROOT / "examples/fruit", project.folder / "data")
    (project.folder / "data/empty").touch()
    project.configure(fruit={"path": "data", "formats": ["sif"]})
    lines = shown(project)
    assert lines[: len(MESSAGES)] == MESSAGES
    rest = lines[len(MESSAGES) :]
    assert rest[:2] == ["", "fruit:1.0: 3 files, 17 B, 1 empty file, 0 symlinks (.txt 2, no suffix 1)"]
    layout = project.product("fruit", "oci")
    (manifest,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    assert hashlib.sha256((layout / "blobs/sha256" / manifest["digest"][7:]).read_bytes()).hexdigest() in rest[2]
    assert [line.split()[0] for line in rest[2:6]] == [
        "results/fruit/oci",
        "results/fruit/fruit.sif",
        "results/fruit/catalog.parquet",
        "results/fruit/report.html",
    ]
    assert rest[6:] == ["Next, paste a line:", "  apptainer run results/fruit/fruit.sif"]
    again = shown(project)
    assert again[0].startswith(NOTHING)
    assert again[1:] == rest
    only = shown(project, "catalog")
    assert [line.split()[0] for line in only[3:]] == ["results/fruit/catalog.parquet"]


def test_run_prints_the_blocks_of_snakemake_on_request(project):
    fill(project.folder / "data", {b"a": b"1"})
    project.configure(lab={"path": "data", "formats": []})
    lines = shown(project, "catalog", "--printshellcmds")
    assert any(line.startswith("Reason: ") for line in lines)
    assert lines[-2].startswith("lab:1.0: 1 file, 1 B, ")


def test_function_that_fails_on_many_files_is_one_error_on_less_than_a_screen(project):
    fill(project.folder / "data", {b"%04d.txt" % i: b"x" for i in range(2000)})
    (project.folder / "labmeta.py").write_text(
        "def nifti(path):\n    if path.endswith('7.txt'):\n        raise ValueError('no header')\n    return {'n': 1}\n"
    )
    project.configure(lab={"path": "data", "metadata": ["labmeta.py:nifti"], "shard_files": 256})
    run = project.snakemake("--keep-going", console=True)
    assert run.status == 1
    lines = run.text.splitlines()
    assert len(lines) < 24
    *_, error, log, last = lines
    function = "the metadata function 'labmeta.py:nifti'"
    first = "'0007.txt': ValueError('no header')"
    assert error.startswith(f"error: hash lab: {function} failed on 200 files, first: {first}")
    assert re.fullmatch(r"  log: results/logs/lab/hash/batch-0\.log", log)
    assert last == NEXT
    assert "Traceback" not in run.text
    assert "Error in rule" not in run.text


def test_unknown_target_is_one_line_with_the_targets(project):
    fill(project.folder / "data", {b"a": b"1"})
    project.configure(lab={"path": "data"})
    assert shown(project, "verfy", status=1) == [
        "error: there is no target 'verfy': use one of all, catalog, entrypoint, oci, docker, sif, oci-sif, verify, "
        "report, push"
    ]


def on_a_terminal(project: Project, interrupt_at: str = "") -> str:
    """The output of a run whose terminal is a pty. interrupt_at: the text at which Ctrl-C is typed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command("--cores", "2")],
        cwd=project.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            text += os.read(ours, 4096)
        except OSError:
            break
        if interrupt_at and interrupt_at.encode() in text:
            os.write(ours, b"\x03")
            interrupt_at = ""
    os.close(ours)
    process.wait()
    return text.decode()


@pytest.fixture
def slow(project) -> Project:
    fill(project.folder / "data", {b"%d" % i: b"1" for i in range(40)})
    (project.folder / "mine.py").write_text(
        "import time\ndef f(path):\n    print('hello')\n    time.sleep(0.1)\n    return {'n': 1}\n"
    )
    project.configure(lab={"path": "data", "metadata": ["mine.py:f"], "formats": []})
    return project


def test_terminal_shows_one_line_of_progress_and_removes_it(slow):
    text = on_a_terminal(slow)
    assert re.search(r"\r\x1b\[K(\[\d/\d\] )?hash lab: \d+ of 40 files, ", text)
    assert "lab:1.0: 40 files, 40 B, 0 empty files, 0 symlinks (no suffix 40)\r\n" in text
    assert "hash lab" not in text.rpartition("\x1b[K")[2]
    log = "results/logs/lab/hash/batch-0.log"
    assert text.count("hello") == 3
    assert "\r\x1b[Khello\r\nhello\r\n" in text
    assert f"the functions print more lines: see {log}\r\n" in text
    assert (slow.folder / log).read_text().count("hello") == 40


def test_terminal_ctrl_c_is_one_line(slow):
    text = on_a_terminal(slow, interrupt_at="hash lab: digests")
    assert text.rpartition("\x1b[K")[2] == f"{INTERRUPTED}\r\n"
    assert "Traceback" not in text
