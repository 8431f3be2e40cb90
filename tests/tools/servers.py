"""Servers that run during tests or benchmarks."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.limits import limit, watch

START_SECONDS = 30
# No proxy: a proxy in the environment cannot reach this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def serving(words: Sequence[str | Path], is_ready: Callable[[], bool], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers, which stops at the end of the block."""
    with open(log, "wb") as sink, limit(None), subprocess.Popen(words, stdout=sink, stderr=sink) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{words[0]} did not start: {log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            watch(process)


def free_port() -> int:
    """A port of this machine on which no program listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether a program of this machine listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def serving_registry(program: str, folder: Path, http: Any = None, **more: Any) -> Iterator[str]:
    """The host and port of an empty registry in an existing folder, which stops at the end of the block.

    http, more: further settings of docker-registry, such as those of TLS and of logins.
    """
    port = free_port()
    host = f"127.0.0.1:{port}"
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    settings = {"version": 0.1, "storage": storage, "http": {"addr": host, **(http or {})}, "log": {"level": "error"}}
    settings |= more
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(settings))
    with serving([program, "serve", folder / "config.yml"], lambda: listens(port), folder / "log"):
        yield host
