"""Fixture: a local registry without a referrers API, and a client for it."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tools.engines import require_tool
from tools.servers import OPENER, serving_registry


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

    def status(self, path: str, media_type: str = "*/*") -> int:
        """The HTTP status of a GET request for a path."""
        try:
            self.get(path, media_type)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def _call(self, method: str, path: str, headers: dict[str, str], content: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://{self.host}/v2/{path}", content, headers, method=method)
        with OPENER.open(request, timeout=20) as answer:
            return bytes(answer.read())


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that is started for the tests and stopped after them."""
    with serving_registry(require_tool("docker-registry"), tmp_path_factory.mktemp("registry")) as host:
        yield Registry(host)
