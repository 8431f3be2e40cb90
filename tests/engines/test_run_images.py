"""Tests of `-commands` and `-run` in containers: a static Go program counts the rows of the data and of a table."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datacontainer.entrypoint.gobuild import find_go
from tools.bases import Base, Given, layer
from tools.bases import folder as folder_of
from tools.engines import Tool, require_tool
from tools.shared import once
from tools.trees import fill
from tools.validators import rocrate_problems
from tools.workflow import Project

SOURCE = """package main

import (
	"fmt"
	"net"
	"os"
	"strings"
)

func main() {
	var rows [2]int
	for n, path := range os.Args[1:3] {
		content, err := os.ReadFile(path)
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		rows[n] = strings.Count(string(content), "\\n") - 1
	}
	found, _ := net.Interfaces()
	fmt.Println("interfaces:", len(found))
	if err := os.WriteFile(os.Args[3], fmt.Appendf(nil, "data,%d\\ntable,%d\\n", rows[0], rows[1]), 0o666); err != nil {
		panic(err)
	}
}
"""
COMMANDS = {
    "count": {
        "description": "Counts the rows of the data and of a table.",
        "program": "bin/count",
        "argv": ["{data}/participants.tsv", "{in.table}", "{out.counts}"],
        "inputs": {"table": {"type": "file", "description": "A table with a header."}},
        "outputs": {"counts": {"path": "counts.csv"}},
    },
    "lines": {
        "description": "Counts lines with busybox.",
        "program": "/bin/busybox",
        "argv": ["wc", "-{param.what}", "{in.table}"],
        "inputs": {"table": {"type": "file"}},
        "parameters": {"what": {"type": "text", "default": "l"}},
        "rules": {"all": "Counts everything."},
    },
}
ON_A_BASE = {
    "script": {
        "description": "Counts bytes with a script.",
        "program": "bin/script",
        "argv": ["{in.table}", "{out.bytes}"],
        "inputs": {"table": {"type": "file"}},
        "outputs": {"bytes": {"path": "bytes"}},
    },
    "busybox": {
        "description": "Counts bytes with a program of the base.",
        "argv": ["busybox", "wc", "-c", "{in.table}"],
        "inputs": {"table": {"type": "file"}},
    },
}
COUNTS = b"data,2\ntable,3\n"
SAFE = ("--read-only", "--cap-drop", "ALL", "--user", "65534:65534")
# Without seccomp, Docker's kernel lets no user of a container make a network of its own.
OFFLINE = ("--network", "none")


@pytest.fixture(scope="module")
def counting() -> Project:
    """The dataset `rows`, which is BIDS, and its images with two commands."""

    def make(folder: Path) -> None:
        description = {"Name": "Rows", "BIDSVersion": "1.10.0", "License": "CC0-1.0"}
        files = {
            b"participants.tsv": b"participant_id\nsub-1\nsub-2\n",
            b"dataset_description.json": json.dumps(description).encode(),
        }
        fill(folder / "rows", files)
        fill(folder / "count", {b"go.mod": b"module count\ngo 1.25\n", b"main.go": SOURCE.encode()})
        (folder / "bin").mkdir()
        environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOPROXY": "off"}
        command = [find_go(), "build", "-o", folder / "bin/count", "."]
        subprocess.run(command, cwd=folder / "count", env=environment, check=True)
        fill(folder / "bin", {b"script": b'#!/bin/sh\nwc -c < "$1" > "$2"\n'})
        busybox = Path(require_tool("busybox")).read_bytes()
        programs = [Given(f"bin/{name}", content=busybox, mode=0o755) for name in ("busybox", "sh", "wc")]
        base = Base(folder / "base")
        base.finish(base.image("linux/amd64", [layer(folder_of("bin"), *programs)], Env=["PATH=/bin"]))
        project = Project(folder)
        project.configure(
            rows={"path": "rows", "commands": COMMANDS, "attest": ["provenance"]},
            based={"path": "rows", "commands": ON_A_BASE, "base": "base"},
        )
        project.build("verify")

    return Project(once("counting", make))


@pytest.fixture
def visitor(short_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with the inputs in `in`, and `out`, which every user may write."""
    folder = short_folder / f"visitor-{request.node.name.replace('[', '-').replace(']', '')}"
    fill(folder, {b"in/my table.csv": b"a\n1\n2\n3\n"})
    (folder / "out").mkdir()
    (folder / "out").chmod(0o777)
    return folder


def loaded(docker: Tool, counting: Project) -> tuple[str, ...]:
    docker("load", "--input", counting.product("rows", "rows.docker.tar"))
    return ("run", "--rm", *SAFE)


def bound(visitor: Path) -> tuple[str, ...]:
    return ("-v", f"{visitor}/in:/in:ro", "-v", f"{visitor}/out:/out")


def record_of(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_bytes())


def results(visitor: Path, command: str = "count") -> list[str]:
    return sorted(os.listdir(visitor / "out/rows/1.0" / command))


ASKED = ("-run", "count", "--in", "table=/in/my table.csv", "--out", "/out")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_run_in_docker_and_apptainer_keep_one_valid_result(docker, apptainer, counting, visitor, monkeypatch):
    run = loaded(docker, counting)
    first = docker.run(*run, *OFFLINE, *bound(visitor), "rows:1.0", *ASKED)
    (name,) = results(visitor)
    assert first.stdout == f"/out/rows/1.0/count/{name}\n".encode()
    folder = visitor / "out/rows/1.0/count" / name
    assert (folder / "counts.csv").read_bytes() == COUNTS
    assert (folder / "run.log").read_bytes() == b"interfaces: 1\n"
    # The same question in another engine has the same place.
    binds = ("--bind", f"{visitor}/in:/in:ro", "--bind", f"{visitor}/out:/out")
    again = apptainer.run("run", "--userns", *binds, counting.product("rows", "rows.sif"), *ASKED)
    assert (again.stdout, results(visitor)) == (first.stdout, [name])
    assert b"the result exists: " in again.stderr
    record = record_of(folder)
    (image,) = json.loads(docker("inspect", "rows:1.0"))
    digest = image["Config"]["Labels"]["io.datacontainer.dataset.digest"]
    assert record["data"] == {"name": "rows", "version": "1.0", "digest": digest}
    identity = json.dumps(record["identity"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record["digest"] == "sha256:" + hashlib.sha256(identity.encode()).hexdigest()
    assert (record["run"], record["status"], record["network"]) == (name, 0, "off")
    assert record["program"]["digest"] == f"sha256:{sha256sum(counting.folder / 'bin/count')}"
    assert record["inputs"]["table"]["digest"] == f"sha256:{sha256sum(visitor / 'in/my table.csv')}"
    assert {one["path"]: one["sha256"] for one in record["files"]} == {
        path.name: sha256sum(path) for path in folder.iterdir() if path.name != "run.json"
    }
    derivative = json.loads((folder / "dataset_description.json").read_bytes())
    assert (derivative["DatasetType"], derivative["Name"]) == ("derivative", "count of Rows")
    assert rocrate_problems(folder, monkeypatch, "process-run-crate-0.5") == []
    assert rocrate_problems(folder, monkeypatch, "ro-crate-1.1") == []


def test_run_in_apptainer_has_no_network_and_the_programs_of_the_image(apptainer, counting, visitor):
    binds = ("--bind", f"{visitor}/in:/in:ro", "--bind", f"{visitor}/out:/out")
    run = ("run", "--userns", *binds, counting.product("rows", "rows.sif"))
    apptainer(*run, *ASKED, "-private")
    (name,) = results(visitor)
    folder = visitor / "out/rows/1.0/count" / name
    assert (folder / "run.log").read_bytes() == b"interfaces: 1\n"
    assert (record_of(folder)["network"], record_of(folder)["private"]) == ("off", True)
    assert b"my table" not in (folder / "run.json").read_bytes() + (folder / "ro-crate-metadata.json").read_bytes()
    apptainer(*run, "-run", "lines", "-in", "table=/in/my table.csv", "-out", "/out")
    (name,) = results(visitor, "lines")
    assert (visitor / "out/rows/1.0/lines" / name / "run.log").read_bytes() == b"4 /in/my table.csv\n"


def test_run_on_a_base_uses_its_programs(docker, apptainer, counting, visitor):
    docker("load", "--input", counting.product("based", "based.docker.tar"))
    binds = ("--bind", f"{visitor}/in:/in:ro", "--bind", f"{visitor}/out:/out")
    asked = ("-in", "table=/in/my table.csv", "-out", "/out")
    first = docker.run("run", "--rm", *SAFE, *OFFLINE, *bound(visitor), "based:1.0", "-run", "busybox", *asked)
    folder = visitor / first.stdout.decode().strip().removeprefix("/")
    assert (folder / "run.log").read_bytes() == b"8 /in/my table.csv\n"
    base = json.loads((counting.folder / "base/index.json").read_bytes())["manifests"][0]["digest"]
    assert record_of(folder)["base"] == record_of(folder)["identity"]["base"] == base
    sif = counting.product("based", "based.sif")
    again = apptainer.run("run", "--userns", *binds, sif, "-run", "busybox", *asked)
    assert (again.stdout, b"the result exists" in again.stderr) == (first.stdout, True)
    (visitor / "own").mkdir()
    (visitor / "own").chmod(0o777)
    binds = ("--bind", f"{visitor}/in:/in:ro", "--bind", f"{visitor}/own:/out")
    scripted = apptainer.text("run", "--userns", *binds, sif, "-run", "script", *asked)
    assert (visitor / "own" / scripted.removeprefix("/out/") / "bytes").read_bytes() == b"8\n"


def test_commands_in_docker_lists_them_and_failures_are_one_line(docker, counting, visitor):
    run = (*loaded(docker, counting), *OFFLINE)
    assert docker.text(*run, "rows:1.0", "-commands").splitlines() == [
        "count  Counts the rows of the data and of a table.",
        "lines  Counts lines with busybox.",
    ]
    shown = docker.text(*run, "rows:1.0", "-commands", "lines")
    assert "-run lines -in table=FILE [-param what=VALUE] -out DIR" in shown
    assert "rules:\n  all  Counts everything." in shown
    bare = docker.run(*run, "-v", f"{visitor}/in:/in:ro", "rows:1.0", *ASKED, status=2)
    assert bare.stderr.startswith(b'error: -out "/out" is not a folder: bind a folder that you may write')
    (visitor / "out").chmod(0o755)
    closed = docker.run(*run, *bound(visitor), "rows:1.0", *ASKED, status=1)
    assert closed.stderr == (
        b'error: writing "/out/rows/1.0/count": permission denied: bind a folder that you may write, with free space\n'
    )
    (visitor / "out").chmod(0o777)
    words = ("-run", "lines", "-param", "what=x", "-in", "table=/in/my table.csv", "-out", "/out")
    failed = docker.run(*run, *bound(visitor), "rows:1.0", *words, status=1)
    assert b'error: the command failed with the exit status 1; its output is in "/out/rows/1.0/lines/' in failed.stderr
    (log,) = results(visitor, "lines")
    assert b"wc: invalid option -- 'x'" in (visitor / "out/rows/1.0/lines" / log).read_bytes()


def test_run_in_docker_with_a_network_records_it(docker, counting, visitor):
    run = loaded(docker, counting)
    done = docker.run(*run, "--network", "host", *bound(visitor), "rows:1.0", *ASKED)
    (name,) = results(visitor)
    expected = "available, because the kernel does not allow the entrypoint to take it away"
    assert record_of(visitor / "out/rows/1.0/count" / name)["network"] == expected
    assert b"note: the network is available" in done.stderr


def test_verify_finds_a_program_that_differs_from_its_record(counting, tmp_path):
    project = Project(tmp_path / "project")
    subprocess.run(["cp", "-a", counting.folder, project.folder], check=True)
    file = project.product("rows", "commands.json")
    file.write_text(file.read_text().replace(sha256sum(project.folder / "bin/count"), "0" * 64))
    provenance = json.loads(project.product("rows", "attestations/provenance.json").read_bytes())
    assert sha256sum(project.folder / "bin/count") in json.dumps(provenance)
    done = subprocess.run(
        [sys.executable, "-c", VERIFY, project.product("rows", "")], capture_output=True, text=True, check=False
    )
    assert "the programs of linux/amd64" in done.stderr + done.stdout


VERIFY = """
import sys
from pathlib import Path
from datacontainer.verify.verify import verify
folder = Path(sys.argv[1])
report = folder / "report.json"
verify(catalog=folder / "catalog.parquet", mount="/data", layout=folder / "oci", images={}, report=report)
"""


def sha256sum(path: Path) -> str:
    return subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.lstrip("\\")[:64]
