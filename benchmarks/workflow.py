"""Builds of a dataset with the workflow of a checkout, and Snakemake workflows that do nothing, to compare with."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Command, Cost, Words, run

ROOT = Path(__file__).parent.parent
PLATFORM = "linux-amd64"
# Each rule waits for the rule before it, like the stages.
IDLE = """
rule all:
    input: "{jobs}.done"
rule first:
    output: "1.done"
    shell: ": > {{output}}"
for number in range(2, {jobs} + 1):
    rule:
        input: f"{{number - 1}}.done"
        output: f"{{number}}.done"
        shell: ": > {{output}}"
"""


@dataclass(frozen=True)
class Build:
    """The products of a dataset in a folder, made by the workflow of a checkout. formats, mount: if not the default."""

    dataset: Path
    folder: Path
    root: Path = ROOT
    formats: tuple[str, ...] | None = None
    mount: str | None = None

    @property
    def results(self) -> Path:
        """The folder with the products of the dataset."""
        return self.folder / "results" / self.dataset.name

    @property
    def entrypoint(self) -> Path:
        """The compiled entrypoint."""
        return self.results / "bin" / PLATFORM / "entrypoint"

    def command(self, *words: str, removed: Sequence[Path] = ()) -> Command:
        """The command that runs the workflow."""
        return snakemake(self._configured(), self.root / "Snakefile", *words, removed=removed, root=self.root)

    def run(self, *words: str, fresh: bool = False) -> Cost:
        """Runs the workflow; fresh: without earlier products, but with the packer."""
        return run(self.command(*words, removed=[self.results] if fresh else []))

    def first(self) -> float:
        """The seconds of the workflow without earlier products and without the packer."""
        return run(self.command(removed=[self.folder / "results"])).seconds

    def again(self) -> float:
        """The seconds of a run that finds nothing to do; raises RuntimeError if it runs a job."""
        cost = self.run()
        if "Nothing to be done" not in cost.messages:
            raise RuntimeError(f"a run without a change was not the second one: {cost.messages}")
        return cost.seconds

    def jobs(self) -> int:
        """The number of jobs of the first run, without the target rule."""
        shutil.rmtree(self.folder / "results", ignore_errors=True)
        return self.run("--verbose").messages.count("Finished jobid") - 1

    def stage(self, name: str, *removed: Path) -> Command:
        """The command that runs one stage of the built dataset on two cores. removed: its results, to make it write."""
        words: list[str | Path] = [sys.executable, self.root / "scripts/datacontainer", name]
        words += ["--config", self._configured() / "config/config.yaml", "--threads", "2"]
        return Command(words, folder=self.folder, environment=_environment(self.root), removed=removed)

    def _configured(self) -> Path:
        """The working folder, with its configuration."""
        keys = {"path": str(self.dataset), "formats": self.formats, "mount": self.mount}
        configured = {key: value for key, value in keys.items() if value is not None}
        configuration = {"datasets": {self.dataset.name: configured}}
        (self.folder / "config").mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        (self.folder / "config/config.yaml").write_text(json.dumps(configuration))
        return self.folder


def snakemake(folder: Path, snakefile: Path, *words: str, removed: Sequence[Path] = (), root: Path = ROOT) -> Command:
    """The command that runs a workflow on two cores."""
    command: Words = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--cores", "2", *words]
    return Command(command, folder=folder, environment=_environment(root), removed=removed)


def idle(jobs: int, folder: Path, *, done: bool) -> Command:
    """The command that runs a workflow with as many jobs that do nothing; done: with nothing to do."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Snakefile").write_text(IDLE.format(jobs=jobs))
    outputs = [] if done else [folder / f"{number}.done" for number in range(1, jobs + 1)]
    return snakemake(folder, folder / "Snakefile", removed=outputs)


def _environment(root: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(root / "scripts")}
