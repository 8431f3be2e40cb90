"""Fixtures that run the workflow in the same way as a user, and functions that read its products."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.engines import lacking
from tools.limits import limit
from tools.shared import VARIABLE, once

ROOT = Path(__file__).parent.parent.parent
# Snakemake imports every installed plugin at each start, so those of storage and clusters are in a folder of their own.
PLUGINS = ROOT / ".venv/plugins"
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
ASK, WARM = (Path(__file__).with_name(f"{name}.py") for name in ("ask", "warm"))
# The beginnings of the variables that Python reads when it starts.
AT_THE_START = ("PYTHON", "COVERAGE_", "LANG", "LC_")
# The environment of this worker, before a test changes it.
STARTED = dict(os.environ)
# The program that Snakemake takes for Python in a warm run. The fields: PYTHONPATH, Python, ask.py, and the address.
LAUNCHER = """#!/bin/sh
case "$1 $2" in
    "-m snakemake" | */scripts/datacontainer\\ [a-z]*) [ "$PYTHONPATH" != {0} ] || exec {1} -IS {2} {3} "$@" ;;
esac
exec {1} "$@"
"""
warm_processes: list[subprocess.Popen] = []


def command(*arguments: str, python: str | Path = sys.executable) -> list[str]:
    """The command that runs the repository's Snakefile."""
    return [str(python), "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *arguments]


@dataclass(frozen=True)
class Run:
    """A finished run of Snakemake: its exit status and its output."""

    status: int
    text: str


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Runs a command in a folder. environment: further variables."""
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(
        warmed(command, variables),
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
        check=False,
    )
    return Run(done.returncode, done.stdout)


def warmed(command: Sequence[str | Path], environment: Mapping[str, str]) -> Sequence[str | Path]:
    """The command; if it starts Snakemake with this Python, one that forks a process which has imported Snakemake."""
    names = {name for name in {*STARTED, *environment} if name.startswith(AT_THE_START)} - {"PYTHONPATH"}
    if list(command[:3]) != SNAKEMAKE or any(STARTED.get(name) != environment.get(name) for name in names):
        return command
    return [sys.executable, "-IS", ASK, warm_python(environment.get("PYTHONPATH", "")), *command[1:]]


@cache
def warm_python(python_path: str) -> Path:
    """The address of a process of this worker that has imported Snakemake and the plugins on the path."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "own")
    address = Path(os.environ[VARIABLE], f"{worker}.{len(warm_processes)}")
    write_launcher(Path(f"{address}.bin"), address, python_path)
    # It forks, so it has no threads of OpenBLAS. It ends when its standard input does.
    environment = STARTED | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": python_path}
    with socket.socket(socket.AF_UNIX) as listener, limit(None):
        listener.bind(str(address))
        listener.listen()
        words = [sys.executable, str(WARM), str(listener.fileno())]
        process = subprocess.Popen(words, stdin=-1, env=environment, pass_fds=[listener.fileno()])
    warm_processes.append(process)
    return address


def write_launcher(folder: Path, address: Path, python_path: str) -> None:
    """Fills a folder with the programs next to Python, and a Python that forks the process at the address for a job."""
    folder.mkdir()
    for program in Path(sys.executable).parent.iterdir():
        (folder / program.name).symlink_to(program)
    text = LAUNCHER.format(*map(shlex.quote, map(str, (python_path, sys.executable, ASK, address))))
    (folder / "python").unlink()
    (folder / "python").write_text(text)
    (folder / "python").chmod(0o755)


@pytest.fixture(scope="session", autouse=True)
def _no_warm_python_is_left():
    yield
    for process in warm_processes:
        process.communicate()


@dataclass(frozen=True)
class Project:
    """A working directory of the workflow outside of the repository."""

    folder: Path

    def snakemake(
        self,
        *arguments: str,
        cores: int = 2,
        environment: dict[str, str] | None = None,
        python: str | Path = sys.executable,
        console: bool = False,
    ) -> Run:
        """Runs the repository's Snakefile here. console: whether to leave out Snakemake's own blocks."""
        blocks = [] if console else ["--printshellcmds"]
        return run(command("--cores", str(cores), *blocks, *arguments, python=python), self.folder, environment)

    def build(self, *arguments: str, **options: Any) -> str:
        """Runs the workflow, which must succeed; returns its output."""
        run = self.snakemake(*arguments, **options)
        assert run.status == 0, run.text
        return run.text

    def configure(self, **datasets: Any) -> None:
        """Writes config/config.yaml with the given datasets."""
        (self.folder / "config").mkdir(exist_ok=True)
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump({"datasets": datasets}))

    def product(self, name: str, file: str) -> Path:
        """The path of a dataset's product."""
        return self.folder / "results" / name / file

    def layout_alone(self, name: str, outdir: Path) -> Path:
        """Links the layout of a dataset into another folder of results, where no other test waits for its lock."""
        shutil.copytree(self.product(name, "oci"), outdir / name / "oci", copy_function=os.link)
        return outdir

    def image_id(self, name: str) -> str:
        """The digest of the dataset's config blob."""
        manifest = json.loads(self.product(name, "oci/manifest.json").read_bytes())
        return str(manifest[0]["Config"]).rpartition("/")[2]

    def copy(self, folder: Path, *, with_data: bool = False) -> "Project":
        """A copy of the project, whose dataset `data` is a symlink to this project's, so that a run has nothing to do.

        with_data: copy the dataset too. The files then have other inodes, so that a run reads all of them.
        """
        shutil.copytree(self.folder, folder, symlinks=True)
        if not with_data:
            shutil.rmtree(folder / "data")
            (folder / "data").symlink_to(self.folder / "data")
            # Snakemake compares the mtime of the symlink itself.
            os.utime(folder / "data", (1, 1), follow_symlinks=False)
        return Project(folder)


@pytest.fixture(scope="session")
def plugins() -> Path:
    """The folder with Snakemake's plugins for storage and clusters."""
    if not PLUGINS.is_dir():
        lacking(f"{PLUGINS} does not exist: `make .venv/ready-dev` installs the plugins")
    return PLUGINS


@pytest.fixture
def _with_plugins(plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that the test starts find the plugins."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(plugins), os.environ.get("PYTHONPATH")])))


def measured() -> dict[str, str]:
    """Variables with which Python programs record their coverage, if pytest runs with --cov; else none.

    Measuring costs a build 40 % more time; so only few builds, which together run all stages, are measured.
    """
    if "coverage" not in sys.modules or sys.modules["coverage"].Coverage.current() is None:
        return {}
    settings = f"[run]\nsource = {ROOT}/scripts\ndata_file = {ROOT}/.coverage\nparallel = true\n"
    return {"COVERAGE_PROCESS_START": str(once("coverage", lambda folder: (folder / "rc").write_text(settings)) / "rc")}


NOTHING = "Nothing to be done"


def jobs(text: str) -> dict[str, int]:
    """The number of jobs of each rule, from the job table in the output."""
    table = text.rsplit("Job stats:", maxsplit=1)[-1] if "Job stats:" in text else ""
    lines = [line.split() for line in table.splitlines()]
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}


def started(text: str) -> set[str]:
    """The stages whose jobs ran."""
    return {line.split(": ")[1].split()[0] for line in text.splitlines() if line.startswith("Job ") and ": " in line}


def replace(file: Path, before: str, after: str) -> None:
    """Replaces a text that must occur once in the file."""
    text = file.read_text()
    assert text.count(before) == 1, before
    file.write_text(text.replace(before, after))


def fails(project: Project, *arguments: str, **options) -> str:
    run = project.snakemake(*arguments, **options)
    assert run.status != 0
    return run.text


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with an empty working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


@pytest.fixture(scope="session")
def fruit() -> Project:
    """The example, built once for all tests; a test must only change a copy."""

    def make(folder: Path) -> None:
        shutil.copytree(ROOT / "examples/fruit", folder / "data")
        Project(folder).configure(fruit={"path": "data"})
        Project(folder).build(environment=measured())

    return Project(once("fruit", make))
