"""Fixture: a local registry without a referrers API, and a client for it."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.engines import require_tool

START_SECONDS = 20


@dataclass(frozen=True)
class Registry:
    """A registry at a host and port, and requests to it."""

    host: str

    def get(self, path: str, media_type: str = "*/*") -> bytes:
        """The content of a path below /v2/."""
        return self._call("GET", path, {"Accept": media_type})

    def put(self, path: str, media_type: str, content: bytes) -> None:
        """Stores content under a path below /v2/."""
        self._call("PUT", path, {"Content-Type": media_type}, content)

    def status(self, path: str) -> int:
        """The HTTP status of a GET request for a path."""
        try:
            self.get(path)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def _call(self, method: str, path: str, headers: dict[str, str], content: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://{self.host}/v2/{path}", content, headers, method=method)
        # No proxy: a proxy in the environment cannot reach this machine.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return bytes(answer.read())


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that is started for the tests and stopped after them."""
    program, folder = require_tool("docker-registry"), tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    settings = {"version": 0.1, "storage": storage, "http": {"addr": host}, "log": {"level": "error"}}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(settings))
    with (
        open(folder / "log", "wb") as log,
        subprocess.Popen([program, "serve", folder / "config.yml"], stdout=log, stderr=log) as process,
    ):
        try:
            _wait_for(Registry(host), process, folder / "log")
            yield Registry(host)
        finally:
            process.kill()


def _wait_for(registry: Registry, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            registry.get("")
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the registry did not start: {log.read_text()[-2000:]}", pytrace=False)
        time.sleep(0.1)
