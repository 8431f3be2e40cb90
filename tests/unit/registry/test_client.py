"""Reads of a blob that the registry sends."""

from io import BytesIO

import pytest
from urllib3 import HTTPResponse

from datacontainer.registry.client import Repository
from datacontainer.registry.reference import Reference

CONTENT = bytes(range(10))


@pytest.fixture
def repository(monkeypatch) -> Repository:
    """A repository with one blob."""

    class Answer:
        raw = HTTPResponse(
            BytesIO(CONTENT), headers={"Content-Length": str(len(CONTENT))}, status=200, preload_content=False
        )

    made = Repository(Reference("localhost:1", "data", "latest"))
    monkeypatch.setattr(made.transport, "request", lambda *_, **__: Answer)
    return made


@pytest.mark.parametrize("count", [1, 3, 10, 11])
def test_read_pieces_of_any_size_give_the_blob(repository, count):
    with repository.open_blob("sha256:0") as stream:
        pieces = list(iter(lambda: stream.raw.read(count), b""))
    assert b"".join(pieces) == CONTENT
