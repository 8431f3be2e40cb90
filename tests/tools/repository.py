"""Copies of this repository, and builds with these copies."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.embedding import SOURCES
from tools.workflow import ROOT, Project


def copy_of_the_repository(folder: Path) -> Path:
    """Copies all files that the workflow reads into a folder; returns the folder."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".snakemake"))
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


def build_with(repository: Path, project: Project, *arguments: str) -> str:
    """Builds a project with a copy of the repository; returns the output."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(repository / "Snakefile"),
            "--cores",
            "2",
            "-p",
            *arguments,
        ],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def replace(file: Path, before: str, after: str) -> None:
    """Replaces a text that must occur once in the file."""
    text = file.read_text()
    assert text.count(before) == 1, before
    file.write_text(text.replace(before, after))
