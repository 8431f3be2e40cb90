"""Copies of this repository, and builds with them."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.embedding import SOURCES
from tools.workflow import ROOT, Project


def copy_of_the_repository(folder: Path) -> Path:
    """A copy of all files that the workflow reads."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".snakemake"))
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


def build_with(repository: Path, project: Project, *arguments: str) -> str:
    """Builds a project with a copy; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile"), "--cores", "2", *arguments],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def replace(file: Path, before: str, after: str) -> None:
    """Replaces a text that is there once."""
    text = file.read_text()
    assert text.count(before) == 1, before
    file.write_text(text.replace(before, after))
