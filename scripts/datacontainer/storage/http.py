"""HTTP: one file of a server, or the files of a folder's index page, with the settings of Snakemake's plugin."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes, urljoin, urlsplit

import requests

from datacontainer.runtime.errors import DataError
from datacontainer.storage.place import Object, identity

READERS, CHUNK_BYTES, SECONDS = 8, 1 << 20, 60
# Pages below pages, in case a server links a folder into itself.
MOST_LEVELS = 64


class Dataset:
    """A file or, if the URL ends with a slash, the files below it to which its index page and theirs have links."""

    def __init__(self, provider: Any, url: str) -> None:
        """provider: the plugin's."""
        self._url, self._settings = url, provider.settings
        self._name = unquote_to_bytes(urlsplit(url).path.rpartition("/")[2])
        self._folder = not self._name

    def objects(self) -> Iterator[Object]:
        """See Source."""
        if not self._folder:
            paths = [self._name]
        elif not (paths := sorted(self._links(self._url, 0))):
            raise DataError(f"{self._url!r} is not an index page with links of files: correct the dataset's `path`")
        with ThreadPoolExecutor(READERS) as pool:
            yield from pool.map(self._status, paths)

    def contents(self, objects: Iterable[Object]) -> Iterator[tuple[Object, bytes]]:
        """See Source."""
        for one in objects:
            left = one.size
            with self._request("GET", self._of(one.path)) as answer:
                if self._object(one.path, answer) == one:
                    yield one, b""
                    for chunk in answer.iter_content(CHUNK_BYTES):
                        left -= len(chunk)
                        yield one, chunk[: left if left < 0 else None]
                else:
                    left = -1
            if left:
                raise DataError(f"{self._of(one.path)!r} changed after the scan: run snakemake again")

    def small(self, path: bytes, most: int) -> bytes:
        """See Source."""
        if path != self._name and not self._folder:
            return b""
        with self._request("GET", self._of(path), missing=True) as answer:
            return b"" if answer.status_code == requests.codes.not_found else next(answer.iter_content(most), b"")

    def _of(self, path: bytes) -> str:
        return self._url + quote_from_bytes(path) if self._folder else self._url

    def _links(self, page: str, level: int) -> Iterator[bytes]:
        """The paths of the files to which an index page has links, and those of the index pages below it."""
        with self._request("GET", page) as answer:
            links = _Links()
            links.feed(answer.text if "html" in answer.headers.get("Content-Type", "") else "")
        for link in sorted({urljoin(page, href) for href in links.found}):
            # Pages also have links to other orders of their list, and to parent folders.
            if not link.startswith(page) or link == page or "?" in link or "#" in link:
                continue
            if not link.endswith("/"):
                yield unquote_to_bytes(link[len(self._url) :])
            elif level < MOST_LEVELS:
                yield from self._links(link, level + 1)

    def _status(self, path: bytes) -> Object:
        with self._request("HEAD" if self._settings.supports_head else "GET", self._of(path)) as answer:
            return self._object(path, answer)

    def _object(self, path: bytes, answer: requests.Response) -> Object:
        """The file in an answer.

        Raises:
            DataError: if the answer has no size, or nothing that differs for another version of the file.
        """
        size, modified = (answer.headers.get(name, "") for name in ("Content-Length", "Last-Modified"))
        version = answer.headers.get("ETag") or modified
        if not size.isdigit() or not version:
            lacking = "ETag and no Last-Modified" if size.isdigit() else "Content-Length"
            raise DataError(
                f"{self._of(path)!r}: the server sends no {lacking}, so a changed file would not be noticed: download "
                "the data to a folder"
            )
        mtime = int(parsedate_to_datetime(modified).timestamp()) if modified else 0
        return Object(path, int(size), mtime * 10**9, identity(version))

    @contextmanager
    def _request(self, verb: str, url: str, *, missing: bool = False) -> Iterator[requests.Response]:
        """The answer to a request. missing: whether it may be that there is no such file."""
        try:
            with requests.request(
                verb,
                url,
                auth=self._settings.auth,
                allow_redirects=self._settings.allow_redirects,
                # The size of a compressed answer is not that of the file.
                headers={"Accept-Encoding": "identity"},
                stream=True,
                timeout=SECONDS,
            ) as answer:
                expected = (requests.codes.ok, requests.codes.not_found if missing else requests.codes.ok)
                if answer.status_code not in expected:
                    raise DataError(
                        f"{url!r}: the server answers {answer.status_code} {answer.reason}: correct the dataset's "
                        "`path`, or set a login with --storage-http-auth"
                    )
                yield answer
        except requests.RequestException as error:
            raise DataError(f"{url!r} cannot be read: {' '.join(str(error).split())}") from error


class _Links(HTMLParser):
    """The links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]
