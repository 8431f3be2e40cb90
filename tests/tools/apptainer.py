"""Fixtures: Apptainer, run by the tests' own user and by an unprivileged user, and a small container."""

import os
import pwd
import re
import subprocess
from pathlib import Path

import pytest

from tools.engines import Tool, lacking, require_root, require_tool

# Created by tests/tools/setup.
TEST_USER = "dc-test"
# A data object in group 1, as Apptainer lists it.
ROW = re.compile(r"^\d+\s*\|1\s*\|NONE\s*\|(\d+)-(\d+)\s*\|(.+?)\s*$", re.MULTILINE)


@pytest.fixture(scope="session", params=["own", TEST_USER])
def apptainer(request: pytest.FixtureRequest, short_folder: Path) -> Tool:
    """Apptainer as the tests' own user, then as an unprivileged user, each with its own home and cache."""
    program = require_tool("apptainer")
    home = short_folder / f"home-{request.param}"
    # The folder exists if tests with the other user ran in between.
    home.mkdir(exist_ok=True)
    become: list[str] = []
    if request.param == TEST_USER:
        user = _test_user()
        os.chown(home, user.pw_uid, user.pw_gid)
        become = [require_tool("runuser"), "-u", TEST_USER, "--"]
    settings = [f"HOME={home}", f"APPTAINER_CACHEDIR={home}/cache", f"APPTAINER_TMPDIR={home}", f"TMPDIR={home}"]
    return Tool((*become, "env", "-i", f"--chdir={home}", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", *settings, program))


def _test_user() -> pwd.struct_passwd:
    require_root("becoming another user")
    try:
        return pwd.getpwnam(TEST_USER)
    except KeyError:
        lacking(f"the user {TEST_USER} does not exist: on Debian 12, `sudo tests/tools/setup` creates it")


@pytest.fixture
def home(apptainer: Tool) -> Path:
    """The folder in which `apptainer` runs, and which it may write."""
    (setting,) = (word for word in apptainer.command if str(word).startswith("HOME="))
    return Path(str(setting).removeprefix("HOME="))


@pytest.fixture(scope="session")
def sandbox(short_folder: Path, busybox: bytes) -> Path:
    """The root folder of a small system that Apptainer can run, with a shell and without /data."""
    folder = short_folder / "sandbox"
    folder.mkdir()
    subprocess.run(["tar", "--extract", "--directory", folder], input=busybox, check=True)
    for name in ("home", "root", "var/tmp"):
        (folder / name).mkdir(parents=True)
    return folder


def blobs_of(image: Path) -> list[tuple[str, int, bytes]]:
    """The kind, offset and content of each data object, which Apptainer lists."""
    command = [require_tool("apptainer"), "sif", "list", image]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    content = image.read_bytes()
    return [(kind, int(start), content[int(start) : int(end)]) for start, end, kind in ROW.findall(listed)]


def partition_offset(sif: Path) -> int:
    """The position of the SquashFS, which Apptainer reads from the descriptors."""
    command = [require_tool("apptainer"), "sif", "list", sif]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    (row,) = (line for line in lines if "(Squashfs/*System" in line)
    return int(row.split("|")[3].split("-")[0])
