"""Copies of this repository, and fixtures for pipelines that embed the workflow in folders outside of it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.engines import require_tool
from tools.workflow import ROOT, Project, Run, replace, run

EXAMPLES = ROOT / "examples/embedding"
REPOSITORY = "owner/datacontainer"
TAG = "v1.0.0"
# The files and folders of the repository that the workflow reads.
SOURCES = ["workflow", "rules", "scripts", "templates", "packer", "config", "profiles"]


def copy_of_the_repository(folder: Path) -> Path:
    """Copies all files that the workflow reads into a folder; returns the folder."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".snakemake"))
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


def build_with(repository: Path, project: Project, *arguments: str) -> str:
    """Builds a project with a copy of the repository; returns the output."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", repository / "Snakefile", "--cores", "2", "-p"]
    done = run([*command, *arguments], project.folder)
    assert done.status == 0, done.text
    return done.text


@dataclass(frozen=True)
class Lab(Project):
    """A working directory with a Snakefile that embeds the workflow."""

    environment: dict[str, str] = field(default_factory=dict)

    def snakemake(self, *arguments: str, **_: object) -> Run:
        """Runs the Snakefile of this folder, with the folder as working directory."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        return run(command, self.folder, self.environment)

    def edit(self, before: str, after: str) -> None:
        """Replaces a text that must occur once in the Snakefile."""
        replace(self.folder / "Snakefile", before, after)


@pytest.fixture
def lab(tmp_path: Path) -> Callable[..., Lab]:
    """Copies an example, and replaces the path of the repository in its Snakefile by the absolute path."""

    def copy(name: str, **environment: str) -> Lab:
        folder = tmp_path / "lab"
        folder.mkdir()
        text = (EXAMPLES / name / "Snakefile").read_text()
        (folder / "Snakefile").write_text(text.replace('"../../../workflow', f'"{ROOT}/workflow'))
        return Lab(folder, environment)

    return copy


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which Git clones a local release of this repository instead of the one on GitHub."""
    git = require_tool("git")
    folder = tmp_path_factory.mktemp("released")
    clone = folder / "datacontainer"
    shutil.copy(ROOT / "LICENSE", copy_of_the_repository(clone))
    author = ["-c", "user.name=A. Gardener", "-c", "user.email=gardener@example.org"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "release"], ["tag", TAG]):
        subprocess.run([git, *command], cwd=clone, check=True)
    return {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "GITHUB_TOKEN": "",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{REPOSITORY}",
    }
