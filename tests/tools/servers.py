"""Servers that run during tests or benchmarks."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30
# No proxy: a proxy in the environment cannot reach this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def serving(words: Sequence[str | Path], is_ready: Callable[[], bool], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers, which stops at the end of the block."""
    with open(log, "wb") as sink, subprocess.Popen(words, stdout=sink, stderr=sink) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{words[0]} did not start: {log.read_text()[-2000:]}")
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()


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
def serving_registry(program: str, folder: Path) -> Iterator[str]:
    """The host and port of an empty registry in an existing folder, which stops at the end of the block."""
    host = f"127.0.0.1:{free_port()}"
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    settings = {"version": 0.1, "storage": storage, "http": {"addr": host}, "log": {"level": "error"}}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(settings))
    with serving([program, "serve", folder / "config.yml"], lambda: _answers(host), folder / "log"):
        yield host


def _answers(host: str) -> bool:
    try:
        with OPENER.open(f"http://{host}/v2/"):
            return True
    except OSError:
        return False
