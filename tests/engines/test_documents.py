"""The commands of the README and the tutorials, pasted into a shell: each page in its own copy of the repository."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tools.embedding import copy_of_the_repository
from tools.engines import Word, require_tool
from tools.workflow import PLUGINS, ROOT

PAGES = [
    "README.md",
    "docs/cluster.md",
    *sorted(page.relative_to(ROOT).as_posix() for page in ROOT.glob("docs/tutorials/*.md")),
]
# The reasons for which a page may exempt a block of commands, as <!-- not run: REASON -->.
REASONS = {
    *("GitHub URL", "Kubernetes cluster", "conda", "make test", "registry", "your own folder", "takes five minutes"),
    *("Lustre", "cwltool", "needs the container", "LSF or PBS or Grid Engine", "Btrfs file system", "published port"),
    *("Docker 28", "SingularityCE"),
}
# A block of commands and, if it follows directly, the block with their standard output.
BLOCK = re.compile(
    r"^(?:<!-- not run: ([^\n]*) -->\n)?```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)
SEPARATOR = "\x1e"
# The oldest version in which a pod mounts a folder of an image.
KUBERNETES = "1.33"
TIMEOUT_SECONDS = 300
# podman 4.3 sets limits that a container in a container may not set.
CONTAINERS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\nnetns = "none"\n'
# The tests' Slurm answers sooner than a real cluster.
QUICK = """
slurm-init-seconds-before-status-checks: 1
seconds-between-status-checks: 1
"""


@dataclass(frozen=True)
class Page:
    """A page of the documentation as one script."""

    blocks: list[tuple[str, str, str]]

    @property
    def commands(self) -> list[str]:
        """The blocks to run."""
        return [commands for reason, commands, _ in self.blocks if not reason]

    @property
    def outputs(self) -> list[str]:
        """The output shown for each block to run; empty if the page shows none."""
        return [output for reason, _, output in self.blocks if not reason]

    def runs(self, program: str) -> bool:
        """Whether a line begins with the program."""
        return any(line.split()[:1] == [program] for block in self.commands for line in block.splitlines())


def page(name: str) -> Page:
    return Page(BLOCK.findall((ROOT / name).read_text()))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the repository in which `make setup` has nothing to do."""
    folder = copy_of_the_repository(tmp_path / "datacontainer")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns(".snakemake", "__pycache__"))
    for name in ("Makefile", "pyproject.toml", *(path.name for path in ROOT.glob("requirements*.txt"))):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (folder / ".venv/ready").touch()
    return folder


@pytest.fixture
def programs(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder for the PATH with the engines that the page of this test uses, connected to the tests' own daemons."""
    folder = tmp_path / "bin"
    folder.mkdir()
    used = page(request.getfixturevalue("name"))
    for name in filter(used.runs, ("docker", "podman", "skopeo")):
        write_program(folder / name, *request.getfixturevalue(name).command)
    if used.runs("docker"):
        request.getfixturevalue("docker").run("rmi", "--force", "fruit:1.0", status=None)
        compose = shlex.join(map(str, request.getfixturevalue("compose").command))
        request.getfixturevalue("busybox_image")
        text = (folder / "docker").read_text()
        (folder / "docker").write_text(
            text.replace("exec", f'[ "$1" = compose ] && shift && exec {compose} "$@"\nexec', 1)
        )
    if used.runs("podman"):
        request.getfixturevalue("podman")("import", "-", "busybox", input=request.getfixturevalue("busybox"))
    for name in filter(used.runs, ("apptainer", "openssl", "rclone")):
        require_tool(name)
    return folder


def write_program(file: Path, *command: Word) -> None:
    file.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n')
    file.chmod(0o755)


def run(script: str, clone: Path, programs: Path, *enter: Word) -> subprocess.CompletedProcess[str]:
    (clone.parent / "containers.conf").write_text(CONTAINERS)
    settings = {
        "HOME": clone.parent,
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{clone / 'scripts'}{':' * bool(enter)}{PLUGINS if enter else ''}",
        "PIP_NO_INDEX": 1,
        "CONTAINERS_CONF": clone.parent / "containers.conf",
        "APPTAINER_USERNS": 1,
    }
    environment = [f"{key}={value}" for key, value in settings.items()]
    return subprocess.run(
        [*enter, "env", f"--chdir={clone}", *environment, "bash", "-euo", "pipefail", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )


@pytest.mark.parametrize("name", PAGES)
def test_page_pasted_into_a_shell_prints_its_output(name, clone, programs, request):
    document = page(name)
    enter: tuple[Word, ...] = ()
    if any("profiles/slurm" in block for block in document.commands):
        enter = request.getfixturevalue("slurm").command
        profile = clone / "profiles/slurm/profile.yaml"
        profile.write_text(yaml.safe_dump(yaml.safe_load(profile.read_text()) | yaml.safe_load(QUICK)))
    if any("tools.sif" in block for block in document.commands):
        (clone / "tools.sif").symlink_to(request.getfixturevalue("sandbox"))
    script = f"printf '{SEPARATOR}'\n".join(document.commands)
    host = request.getfixturevalue("registry").host if "localhost:5000" in script else ""
    script = script.replace("localhost:5000", host)
    done = run(script, clone, programs, *enter)
    assert done.returncode == 0, done.stdout + done.stderr
    for commands, shown, printed in zip(document.commands, document.outputs, done.stdout.split(SEPARATOR), strict=True):
        assert not shown or matches(shown.replace("localhost:5000", host), printed), (commands, printed, done.stderr)


def matches(shown: str, printed: str) -> bool:
    """Whether the text is the one shown, in which … represents any text of a line."""
    return re.fullmatch(".*".join(map(re.escape, shown.strip().split("…"))), printed.strip()) is not None


@pytest.mark.parametrize("name", PAGES)
def test_page_exempts_blocks_for_known_reasons_alone(name):
    assert {reason for reason, _, _ in page(name).blocks if reason} <= REASONS
    assert page(name).commands
    assert len(page(name).blocks) == (ROOT / name).read_text().count("```sh")


def test_kubernetes_pods_are_valid_and_mount_the_data():
    volume_of_image = yaml.safe_load((ROOT / "examples/kubernetes/image-volume.yaml").read_text())
    (text,) = re.findall(
        r"^```yaml\n(apiVersion.*?)^```", (ROOT / "docs/tutorials/share.md").read_text(), re.MULTILINE | re.DOTALL
    )
    for pod in (volume_of_image, yaml.safe_load(text)):
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    spec = yaml.safe_load(text)["spec"]
    (writer,), (reader,), (volume,) = spec["initContainers"], spec["containers"], spec["volumes"]
    (filled,), (read,) = writer["volumeMounts"], reader["volumeMounts"]
    assert writer["args"] == ["-export", filled["mountPath"]]
    assert f"{read['mountPath']}/" in reader["command"][-1]
    assert filled["name"] == read["name"] == volume["name"]
    (reader,), (volume,) = volume_of_image["spec"]["containers"], volume_of_image["spec"]["volumes"]
    (read,) = reader["volumeMounts"]
    assert read["name"] == volume["name"]
    assert f"{read['mountPath']}/" in reader["command"][-1]
