"""Copies of this repository, and builds with these copies."""

import shutil
import sys
from pathlib import Path

from tools.embedding import SOURCES
from tools.workflow import ROOT, Project, run


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
