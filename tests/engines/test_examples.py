"""The examples of five fields: the programs that wrote their data, and the questions of their READMEs in Docker."""

import gzip
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tools.images import tree_of
from tools.shared import once
from tools.workflow import ROOT, Project

NAMES = ["climate", "genomics", "microscopy", "neuroimaging", "tables"]
BUILD = """snakemake --cores 2 --configfile examples/{0}/config.yaml
docker load -i results/{0}/{0}.docker.tar
"""
# A block of commands and, if it follows directly, the block with their standard output.
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n.*?^```\n)?", re.MULTILINE | re.DOTALL)
SEPARATOR = "\x1e"
QUESTIONS = 10
# The question and the answer of an example in the gallery of the README, with the lines of the answer.
ROW = r"^\| \[{0}\]\(examples/{0}/README.md\) \|[^|]*\| `([^`]*)` \| `(.*)` \|$"


@pytest.fixture(scope="session")
def examples() -> Project:
    """The images of all examples, built by one run."""

    def make(folder: Path) -> None:
        (folder / "examples").symlink_to(ROOT / "examples")
        Project(folder).build("--configfile", *(f"examples/{name}/config.yaml" for name in NAMES))

    return Project(once("examples", make))


@pytest.fixture
def environment(docker, tmp_path) -> dict[str, str]:
    """Variables with a PATH to the client of the tests' daemon, and to this Python."""
    (tmp_path / "docker").write_text(f'#!/bin/sh\nexec {shlex.join(map(str, docker.command))} "$@"\n')
    (tmp_path / "docker").chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"}


def answered(text: str, outputs: list[str]) -> str:
    """The text in which the blocks of commands, except the first, are followed by these outputs."""
    first, *blocks = BLOCK.finditer(text)
    parts = [text[: first.end()]]
    for before, block, output in zip([first, *blocks[:-1]], blocks, outputs, strict=True):
        parts.append(f"{text[before.end() : block.start()]}```sh\n{block[1]}```\n\n```text\n{output.rstrip()}\n```\n")
    return "".join([*parts, text[blocks[-1].end() :]])


@pytest.mark.parametrize("name", NAMES)
def test_readme_questions_print_their_output(name, docker, examples, environment, pytestconfig):
    readme = ROOT / f"examples/{name}/README.md"
    text = readme.read_text()
    build, *questions = BLOCK.findall(text)
    assert (build, len(questions)) == (BUILD.format(name), QUESTIONS)
    docker("load", "-i", examples.product(name, f"{name}.docker.tar"))
    ((asked, shown),) = re.findall(ROW.format(name), (ROOT / "README.md").read_text(), re.MULTILINE)
    commands = [*questions, f"docker run --rm {name}:1.0 {asked}\n"]
    script = ["bash", "-euo", "pipefail", "-c", f"printf '{SEPARATOR}'\n".join(commands)]
    done = subprocess.run(script, cwd=examples.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    *outputs, gallery = done.stdout.split(SEPARATOR)
    assert shown.split("`<br>`") == gallery.splitlines()
    expected = answered(text, outputs)
    if pytestconfig.getoption("--golden"):
        readme.write_text(expected)
    assert readme.read_text() == expected


@pytest.mark.parametrize("name", NAMES)
def test_generate_writes_the_data_of_the_example(name, tmp_path):
    subprocess.run([sys.executable, ROOT / f"examples/{name}/generate.py", tmp_path], check=True)
    assert contents(tmp_path) == contents(ROOT / f"examples/{name}/data")


def contents(folder: Path) -> dict[bytes, bytes]:
    """The contents of all files by path. Images are decompressed, because versions of zlib compress differently."""
    return {
        path: gzip.decompress(entry.content) if path.endswith(b".nii.gz") else entry.content
        for path, entry in tree_of(folder).items()
    }
