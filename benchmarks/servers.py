"""Servers that run during a benchmark: a registry and a Docker daemon."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import need
from tools.servers import serving, serving_registry


@contextmanager
def docker(folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables for a separate Docker daemon, which stops at the end of the block."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    host = f"unix://{folder}/socket"
    words: list[str | Path] = ["dockerd", "--storage-driver=overlay2", "--iptables=false", "--bridge=none", "-H", host]
    words += ["--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid"]
    apptainer = {"APPTAINER_TMPDIR": str(temporary), "APPTAINER_CACHEDIR": str(temporary)}
    version = ["docker", "-H", host, "version"]
    with serving(
        words, lambda: not subprocess.run(version, capture_output=True, check=False).returncode, folder / "log"
    ):
        yield {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "0", **apptainer}
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def registry(folder: Path) -> Iterator[tuple[str, Path]]:
    """The host of an empty registry, which stops at the end of the block, and the folder of its blobs."""
    need("docker-registry", "skopeo")
    folder.mkdir(parents=True, exist_ok=True)
    with serving_registry("docker-registry", folder) as host:
        yield host, folder / "data/docker/registry/v2/blobs"
    shutil.rmtree(folder)
