"""Servers of data containers: the files over HTTP, as `-serve` sends them."""

import hashlib
import re
import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import urllib3
from urllib3.exceptions import HTTPError

from datacontainer.runtime.errors import DataContainerError, DataError
from datacontainer.runtime.outputs import completed
from datacontainer.sources.cache import kept
from datacontainer.sources.files import Files
from datacontainer.sources.plan import RUN_BYTES
from datacontainer.sources.source import CATALOG, SUMMARY, Content, Folder, Run, Traffic

COPY_BYTES = 1 << 20
# Files of one run, each of which is a request.
RUN_FILES = 64
RETRIES = urllib3.Retry(total=5, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), redirect=0)


class Server:
    """A data container behind a server; see `Source`."""

    digest = ""
    labels: Mapping[str, str] = {}

    def __init__(self, url: str, token: str) -> None:
        """url: of the server. token: that it asks for, "" without."""
        self.name, self._url, self.traffic = url, url.rstrip("/"), Traffic()
        headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._pool = urllib3.PoolManager(headers=headers, maxsize=16, timeout=urllib3.Timeout(20, 300))

    @cached_property
    def identity(self) -> str:
        """The sha256 of the catalog and of dataset.json."""
        texts = [self._digest_of(name) for name in (CATALOG, SUMMARY)]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    def document(self, name: str) -> Path:
        """See `Source`."""
        folder = kept("metadata", self.identity, lambda _: None)
        if not (folder / name).is_file():
            digest = self._digest_of(name)
            with completed(folder / name) as partial, self._opened(f"/.datacontainer/{name}") as answer:
                with open(partial, "w+b") as target:
                    shutil.copyfileobj(_Counted(answer, self.traffic), target, COPY_BYTES)
                    target.seek(0)
                    found = hashlib.file_digest(target, "sha256").hexdigest()
                if found != digest:
                    raise DataError(
                        f"digest mismatch for {name!r} of {self.name!r}: the server announced {digest}, the content "
                        f"gives {found}: run the same command again"
                    )
        return folder / name

    def runs(self, files: Files) -> list[Run]:
        """See `Source`; large files have a run for each part."""
        runs, first, size_bytes = list[Run](), 0, 0
        for row, one in enumerate(files.sizes.tolist()):
            if one > RUN_BYTES or size_bytes > RUN_BYTES or row - first >= RUN_FILES:
                runs += self._files(first, row)
                first, size_bytes = row, 0
            if one > RUN_BYTES:
                parts = range(-(-one // RUN_BYTES))
                rows = range(row, row + 1)
                runs += [
                    Run("", number * RUN_BYTES, min(one, (number + 1) * RUN_BYTES), rows, number) for number in parts
                ]
                first = row + 1
            size_bytes += one
        return runs + self._files(first, len(files))

    def notice(self, runs: list[Run]) -> str:  # noqa: ARG002
        """See `Source`."""
        return ""

    def contents(self, run: Run, files: Files) -> Generator[Content | Folder]:
        """See `Source`. A server sends no modes: no file is executable."""
        for row in run.rows:
            stop = int(files.sizes[row]) if run.stop is None else run.stop
            path = quote(files.mount + b"/" + files.path(row))
            bounds = f"bytes={run.start}-{stop - 1}" if run.part is not None else ""
            with self._opened(path, bounds) as answer:
                yield Content(row, run.start, stop - run.start, False, _Counted(answer, self.traffic))

    def _files(self, first: int, end: int) -> list[Run]:
        return [Run("", 0, None, range(first, end))] if first < end else []

    def _digest_of(self, name: str) -> str:
        """The sha256 of a document, which a server sends as its ETag."""
        with self._opened(f"/.datacontainer/{name}", method="HEAD") as answer:
            digest = answer.headers.get("ETag", "").strip('"')
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise DataError(f"{self.name!r} is no server of a data container: start one with `docker run … -serve`")
        return digest

    @contextmanager
    def _opened(self, path: str, bounds: str = "", method: str = "GET") -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer to a request, whose content is not read yet. bounds: the header Range."""
        headers = {**self._pool.headers, **({"Range": bounds} if bounds else {})}
        self.traffic.add(0, 1)
        try:
            answer = self._pool.request(
                method, self._url + path, headers=headers, preload_content=False, retries=RETRIES, redirect=False
            )
        except HTTPError as error:
            raise self._unreachable(error) from error
        try:
            if answer.status != (206 if bounds else 200):
                hint = "give its token with --token or $DATACONTAINER_TOKEN" if answer.status == 401 else "see its log"
                raise DataContainerError(f"{self.name!r} answered {answer.status} to {method} {path}: {hint}")
            yield answer
            answer.release_conn()
        except HTTPError as error:
            raise self._unreachable(error) from error
        finally:
            answer.close()

    def _unreachable(self, error: HTTPError) -> DataContainerError:
        reason = " ".join(str(getattr(error, "reason", None) or error).split())[:200]
        return DataContainerError(f"no answer from {self.name!r} ({reason}): check that it runs, and run this again")


class _Counted:
    """The content of an answer, whose bytes are counted."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, traffic: Traffic) -> None:
        self._answer, self._traffic = answer, traffic

    def read(self, count: int = -1) -> bytes:
        content: bytes = self._answer.read(count)
        self._traffic.add(len(content))
        return content
