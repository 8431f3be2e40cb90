"""Upload of a blob: in chunks, from the byte that the registry has after a cut connection or a killed process.

Source: OCI distribution-spec 1.1, "Pushing a blob in chunks", "Mounting a blob from another repository".
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote, urljoin

from datacontainer.registry.client import Repository
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.transport import PASSING, Answer, wait
from datacontainer.runtime.errors import DataError

CHUNK_BYTES = 64 << 20
# How often an upload continues without any byte in between.
TRIES = 5
BINARY = "application/octet-stream"
RANGE = re.compile(r"(?:bytes=)?0-(\d+)")
# A registry answers with one of them if it forgot the upload, has other bytes of it, or does not report its bytes.
FORGOTTEN = {400, 404, 405, 416}


class BlobFile(NamedTuple):
    """A blob of an image layout."""

    path: Path
    digest: str
    size_bytes: int


class Upload:
    """The upload of a blob to a repository."""

    def __init__(self, repository: Repository, blob: BlobFile, sent: Callable[[int], None]) -> None:
        """sent: called with the number of bytes of each part, before it is sent."""
        self._repository, self._blob, self._sent = repository, blob, sent
        self._url, self._place, self._chunk = "", 0, CHUNK_BYTES

    def mount(self, sources: Sequence[str]) -> bool:
        """Makes the registry take the blob from the first of its other repositories that has it.

        Returns whether one has it; if not, an upload has begun, if `sources` is not empty.
        """
        for source in sources:
            query = f"?mount={quote(self._blob.digest, safe='')}&from={quote(source, safe='')}"
            scope = f"{self._repository.writing} repository:{source}:pull"
            answer = self._post(query, scope)
            if answer.status == 201:
                return True
            self._take(answer)
        return False

    def send(self, earlier: str, started: Callable[[str], None]) -> None:
        """Uploads the blob. earlier: the URL of an upload that a process began before, or "".

        started: called with the URL of the upload after each chunk.

        Raises:
            RegistryError: if the registry refuses it, or the connection is cut several times without progress.
            DataError: if the file changes.
        """
        self._url = earlier or self._url
        if not earlier or not self._continue():
            self._begin()
        furthest, tries = self._place, 0
        while True:
            try:
                if self._step(started):
                    return
            except RegistryError as error:
                tries += 1
                if tries == TRIES or not _passes(error):
                    raise
                wait(tries, error.pause_seconds)
                if not self._continue():
                    self._begin()
            if self._place > furthest:
                furthest, tries = self._place, 0

    def _step(self, started: Callable[[str], None]) -> bool:
        """Sends the next chunk, or ends the upload; returns whether it ended."""
        size_bytes = self._blob.size_bytes
        whole = self._place == 0 and size_bytes <= self._chunk
        if self._place < size_bytes and not whole:
            started(self._url)
            self._send_chunk()
            return False
        self._finish(size_bytes if whole else 0)
        return True

    def _post(self, query: str, scope: str) -> Answer:
        path = self._repository.path("blobs", f"uploads/{query}")
        headers = {"Content-Length": "0"}
        return self._repository.transport.request("POST", path, scope, expected=(201, 202), headers=headers)

    def _begin(self) -> None:
        """Begins a new upload."""
        if not self._url or self._place:
            self._take(self._post("", self._repository.writing))
        self._place = 0

    def _take(self, answer: Answer) -> None:
        location = answer.headers.get("Location", "")
        base = urljoin(self._repository.transport.base, self._repository.path("blobs", "uploads/"))
        self._url = urljoin(base, location)
        smallest = answer.headers.get("OCI-Chunk-Min-Length", "")
        self._chunk = max(CHUNK_BYTES, int(smallest) if smallest.isdecimal() else 0)

    def _continue(self) -> bool:
        """Asks the registry how much of the upload it has; returns whether it knows the upload."""
        answer = self._repository.transport.request(
            "GET", self._url, self._repository.writing, expected=(204, *FORGOTTEN)
        )
        found = RANGE.fullmatch(answer.headers.get("Range", ""))
        if answer.status != 204 or (found and int(found[1]) >= self._blob.size_bytes):
            self._url, self._place = "", 0
            return False
        if answer.headers.get("Location"):
            self._take(answer)
        # docker-registry answers "0-0" for an upload without bytes.
        self._place = int(found[1]) + 1 if found and found[1] != "0" else 0
        return True

    def _send_chunk(self) -> None:
        end = min(self._place + self._chunk, self._blob.size_bytes)
        answer = self._with_body("PATCH", self._url, self._place, end, Content_Range=f"{self._place}-{end - 1}")
        self._take(answer)
        self._place = end

    def _finish(self, end: int) -> None:
        """Ends the upload, in a request with the first bytes of the blob up to `end`."""
        url = f"{self._url}{'&' if '?' in self._url else '?'}digest={quote(self._blob.digest, safe='')}"
        try:
            self._with_body("PUT", url, 0, end)
        except RegistryError as error:
            if error.code != "DIGEST_INVALID":
                raise
            raise DataError(
                f"{str(self._blob.path)!r} is damaged: the registry computes another digest than {self._blob.digest}: "
                "run `snakemake verify`, and delete what it names"
            ) from error

    def _with_body(self, method: str, url: str, start: int, end: int, **headers: str) -> Answer:
        """The answer to a request with a part of the blob."""
        send, scope = self._repository.transport.request, self._repository.writing
        every = {"Content-Type": BINARY, "Content-Length": str(end - start)}
        every |= {name.replace("_", "-"): value for name, value in headers.items()}
        with open(self._blob.path, "rb", buffering=0) as file:
            part = _Part(self._blob, file, start, end, self._sent)
            return send(method, url, scope, expected=(201, 202, 204), headers=every, body=part.again, attempts=1)


class _Part:
    """A part of a blob's file, as the body of a request."""

    def __init__(self, blob: BlobFile, file: IO[bytes], start: int, end: int, sent: Callable[[int], None]) -> None:
        self._blob, self._file, self._start, self._end, self._sent = blob, file, start, end, sent
        self._left = 0

    def again(self) -> "_Part":
        """The same part from its first byte."""
        self._left = self._end - self._start
        self._file.seek(self._start)
        return self

    def read(self, count: int = -1) -> bytes:
        """The next bytes, at most `count`."""
        content = self._file.read(self._left if count < 0 else min(count, self._left))
        if self._left and not content:
            raise DataError(f"{str(self._blob.path)!r} became shorter while it was sent: run the same command again")
        self._left -= len(content)
        self._sent(len(content))
        return content


def _passes(error: RegistryError) -> bool:
    """Whether another request may succeed after an error."""
    return error.status == 0 or error.status in FORGOTTEN | PASSING
