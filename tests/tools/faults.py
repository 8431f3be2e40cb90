"""Kills builds with all processes at random moments; a rerun must make the same products as an undisturbed build.

Run by `make faults`; tests/workflow/test_faults.py runs a few rounds.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tools.trees import fill
from tools.workflow import Project, command

# Files and folders that may differ between two builds of the same data.
VARYING = (".seal", ".lock", ".snakemake_timestamp", "history.tsv", "report.html")
VARYING_FOLDERS = ("logs", "go-cache")

Digests = dict[str, str]


def digests(project: Project) -> Digests:
    """The sha256 of each file under results/, except logs, caches, seals and temporary files."""
    root = project.folder / "results"
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not name.endswith((*VARYING, ".partial", ".digests"))
        and not set(Path(name).parts) & set(VARYING_FOLDERS)
        and not any(part.startswith("tmp") or part.endswith(".jobs") for part in Path(name).parts)
    }


@dataclass
class Killer:
    """Builds a dataset with two states repeatedly, and kills the builds. killed: kills per stage. wrong: problems."""

    folder: Path
    chance: random.Random
    wanted: list[Digests] = field(default_factory=list)
    seconds: float = 0
    bounds: tuple[float, float] = (0, 0)
    killed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def project(self) -> Project:
        """The working directory whose builds are killed."""
        return Project(self.folder / "project")

    def in_a_stage(self) -> bool:
        """Whether a kill was after the first job began and before the last one ended."""
        return any(stage not in ("the start", "the end") for stage in self.killed)

    def prepare(self) -> None:
        """Builds both states undisturbed, to get the expected digests and the duration of a build."""
        for state in (0, 1):
            files = {b"%03d" % i: b"content %d\n" % i * 500 for i in range(300)} | {b"150": b"state %d\n" % state}
            fill(self.folder / f"data{state}", files)
            project = Project(self.folder / f"undisturbed{state}")
            self.configure(project, state)
            begun = time.monotonic()
            project.build()
            self.seconds = time.monotonic() - begun
            self.wanted.append(digests(project))
        self.bounds = (0.5, self.seconds)

    def configure(self, project: Project, state: int) -> None:
        """Configures one of the dataset's two states, which differ in one file."""
        project.folder.mkdir(exist_ok=True)
        project.configure(killed={"path": str(self.folder / f"data{state}"), "shard_files": 64})

    def round(self, number: int) -> None:
        """Kills a build, from scratch or after the last round, and checks the products before and after a rerun."""
        state, fresh = number % 2, self.chance.random() < 0.5
        if fresh:
            shutil.rmtree(self.project.folder, ignore_errors=True)
        self.configure(self.project, state)
        # Until a kill is in a stage, the bounds come nearer, as the time of a build depends on the load.
        low, high = (0.5, self.seconds) if self.in_a_stage() else self.bounds
        moment = self.chance.uniform(low, high)
        stage = kill_after(moment, self.project)
        self.bounds = (moment, high) if stage == "the start" else (low, moment)
        self.killed[stage] += 1
        where = f"round {number}, killed after {moment:.2f} s in {stage}"
        self.check_products(where)
        self.rerun(where, state)

    def check_products(self, where: str) -> None:
        """Records files that have their final name and differ from both undisturbed builds."""
        for name, digest in digests(self.project).items():
            if all(wanted.get(name) != digest for wanted in self.wanted):
                self.wrong.append(f"{where}: {name} differs from an undisturbed build")

    def rerun(self, where: str, state: int) -> None:
        """Runs the workflow again, and records files that are not repaired."""
        run = self.project.snakemake()
        if run.status != 0:
            self.wrong.append(f"{where}: the next run failed: {run.text[-2000:]}")
            shutil.rmtree(self.project.folder)
            return
        found, wanted = digests(self.project), self.wanted[state]
        products = {name for name in wanted if "/stages/hash/" not in name}
        differing = sorted(name for name in products if found.get(name) != wanted[name])
        left = [str(path) for path in self.project.folder.glob("results/**/*.partial")]
        self.wrong += [f"{where}: {name} differs after the next run" for name in differing]
        self.wrong += [f"{where}: {name} is left after the next run" for name in left]

    def table(self) -> str:
        """The summary."""
        rows = [f"| {stage} | {count} |" for stage, count in sorted(self.killed.items())]
        head = ["| killed in | builds |", "|---|---|"]
        return "\n".join([*head, *rows, f"| all | {sum(self.killed.values())} |", "", f"{len(self.wrong)} wrong"])


def kill_after(seconds: float, project: Project) -> str:
    """Starts a build, kills all its processes after some seconds, and returns the stage that it printed last."""
    with tempfile.TemporaryFile("w+", errors="backslashreplace") as output:
        # A terminal or a batch system kills a whole session, so the build gets its own session.
        process = subprocess.Popen(
            # Without the option, the output names no stage until it ends.
            command("--cores", "2", "--printshellcmds"),
            cwd=project.folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        output.seek(0)
        text = output.read()
    lines = [line for line in text.splitlines() if line.startswith("Job ") and ": " in line]
    if "steps (100%) done" in text:
        return "the end"
    return lines[-1].split(": ")[1].split()[0] if lines else "the start"


def main() -> int:
    """Kills the requested number of builds and prints the table; returns 1 if there were problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killer = Killer(Path(folder), random.Random(options.seed))
        killer.prepare()
        for number in range(options.kills):
            before = len(killer.wrong)
            killer.round(number)
            print(f"{number + 1} of {options.kills} killed", *killer.wrong[before:], sep="\n", flush=True)
    print(killer.table())
    return 1 if killer.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
