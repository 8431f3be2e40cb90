"""Which requests to a registry are sent again, and when."""

import time
from typing import Any

import pytest
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from datacontainer.registry.errors import RegistryError
from datacontainer.registry.transport import FIRST_PAUSE_SECONDS, Transport


@pytest.fixture
def pauses(monkeypatch):
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@pytest.fixture
def host(monkeypatch) -> Transport:
    """A registry that gives prepared answers, which are statuses with headers, or errors."""

    class Pool:
        answers: list[Any]

        def request(self, *_: object, **__: object) -> HTTPResponse:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return HTTPResponse(b"", headers=answer[1], status=answer[0], preload_content=False)

    made = Transport("localhost:1")
    made._base = "http://localhost:1/v2/"
    monkeypatch.setattr(made, "_pool", Pool())
    return made


def test_request_waits_as_long_as_the_registry_asks_or_twice_as_long_each_time(host, pauses):
    host._pool.answers = [(429, {"Retry-After": "7"}), (503, {}), (502, {}), (200, {})]
    assert host.request("GET", "x", "").status == 200
    asked, first, second = pauses
    assert asked == 7
    assert FIRST_PAUSE_SECONDS <= first <= 2 * FIRST_PAUSE_SECONDS <= second <= 4 * FIRST_PAUSE_SECONDS


def test_request_over_a_connection_that_fails_is_sent_again_unless_it_is_the_first(host, pauses):
    host._pool.answers = [ProtocolError("cut"), (200, {})]
    with pytest.raises(RegistryError):
        host.request("GET", "x", "")
    assert host.request("GET", "x", "").status == 200
    host._pool.answers = [ProtocolError("cut"), (200, {})]
    assert host.request("GET", "x", "").status == 200
    assert len(pauses) == 1
