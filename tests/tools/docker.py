"""Fixtures: a separate Docker daemon for the tests, and other tools that read images without a daemon."""

import os
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tools.engines import Tool, require_root, require_tool
from tools.servers import serving

RUN = ("run", "--rm", "--network", "none")
# The default limits of podman 4.3 are higher than a nested container allows.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
BUSYBOX_COMMANDS = ("cat", "find", "sh", "sleep")


@pytest.fixture(scope="session")
def docker(short_folder: Path) -> Iterator[Tool]:
    """The client of a Docker daemon that is started for the tests and stopped after them."""
    require_root("dockerd")
    for name in ("dockerd", "containerd", "unshare", "setpriv"):
        require_tool(name)
    folder = short_folder / "docker"
    folder.mkdir()
    client = Tool((require_tool("docker"), "--config", folder / "config", "-H", f"unix://{folder}/socket"))
    with serving(
        _daemon(folder), lambda: client.run("version", status=None).returncode == 0, folder / "log"
    ) as process:
        yield client
        # Running containers are removed before the daemon is killed, because they would leave control groups.
        containers = client.text("ps", "-aq").split()
        client.run("rm", "-f", *containers, status=0 if containers else None)
        process.kill()


def _daemon(folder: Path) -> list[str]:
    """The daemon's command. Its processes and mounts are in namespaces that end with the tests."""
    ends_with_us = "setpriv --pdeathsig KILL unshare --mount --pid --fork --mount-proc --kill-child"
    private_run = ["sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh"]
    places = f"--data-root {folder}/data --exec-root {folder}/exec --pidfile {folder}/pid -H unix://{folder}/socket"
    settings = f"--storage-driver=vfs --iptables=false --bridge=none {places}"
    return [*ends_with_us.split(), *private_run, require_tool("dockerd"), *settings.split()]


@pytest.fixture(scope="session")
def podman(short_folder: Path) -> Iterator[Tool]:
    """podman with its own storage."""
    require_root("podman")
    folder = short_folder / "podman"
    places = ["--root", folder / "root", "--runroot", folder / "run", "--tmpdir", folder / "tmp"]
    settings = ["--storage-driver", "vfs", "--events-backend", "none", "--cgroup-manager", "cgroupfs"]
    tool = Tool((require_tool("podman"), *places, *settings))
    yield tool
    tool.run("rm", "-af", status=None)


@pytest.fixture(scope="session")
def skopeo() -> Tool:
    return Tool((require_tool("skopeo"), "--insecure-policy"))


@pytest.fixture(scope="session")
def umoci() -> Tool:
    return Tool((require_tool("umoci"),))


@pytest.fixture(scope="session")
def compose(docker: Tool) -> Tool:
    """docker-compose, connected to the tests' daemon."""
    (host,) = (word for word in docker.command if str(word).startswith("unix:"))
    return Tool((require_tool("docker-compose"), "-H", host))


@pytest.fixture(scope="session")
def busybox() -> bytes:
    """The tar of a small system: busybox under several names."""
    program = Path(require_tool("busybox"))
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
        tar.add(os.path.realpath(program), "bin/busybox")
        for command in BUSYBOX_COMMANDS:
            link = tarfile.TarInfo(f"bin/{command}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def busybox_image(docker: Tool, busybox: bytes) -> str:
    """The name of an image with a shell, which is imported without a registry."""
    docker("import", "-", "busybox", input=busybox)
    return "busybox"
