"""Servers that run during a benchmark: a registry and a Docker daemon."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import Words, need

START_SECONDS = 30
ANSWERS = "import sys, urllib.request as u; u.build_opener(u.ProxyHandler({})).open(sys.argv[1])"


@contextmanager
def docker(folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables for a separate Docker daemon, which stops at the end of the block."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    host = f"unix://{folder}/socket"
    words: list[str | Path] = ["dockerd", "--storage-driver=overlay2", "--iptables=false", "--bridge=none", "-H", host]
    words += ["--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid"]
    apptainer = {"APPTAINER_TMPDIR": str(temporary), "APPTAINER_CACHEDIR": str(temporary)}
    with _serving(words, ["docker", "-H", host, "version"], folder / "log"):
        yield {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "0", **apptainer}
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def registry(folder: Path) -> Iterator[tuple[str, Path]]:
    """The host of an empty registry, which stops at the end of the block, and the folder of its blobs."""
    need("docker-registry", "skopeo")
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    # JSON is YAML.
    settings = {"version": 0.1, "storage": storage, "http": {"addr": host}, "log": {"level": "error"}}
    (folder / "config.yml").write_text(json.dumps(settings))
    ready = [sys.executable, "-c", ANSWERS, f"http://{host}/v2/"]
    with _serving(["docker-registry", "serve", folder / "config.yml"], ready, folder / "log"):
        yield host, folder / "data/docker/registry/v2/blobs"
    shutil.rmtree(folder)


@contextmanager
def _serving(words: Words, ready: Sequence[str], log: Path) -> Iterator[None]:
    """A server that answers, which stops at the end of the block. ready: a command that succeeds when it answers."""
    with open(log, "wb") as sink, subprocess.Popen(words, stdout=sink, stderr=sink) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while subprocess.run(ready, capture_output=True, check=False).returncode:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{words[0]} did not start: {log.read_text()[-1000:]}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
