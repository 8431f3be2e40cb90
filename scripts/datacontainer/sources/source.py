"""A source: a data container in a registry, an image layout, an archive or a SIF, or behind a server."""

from collections.abc import Generator, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import UsageError
from datacontainer.sources.files import Files

CATALOG, SUMMARY = "catalog.parquet", "dataset.json"


class Stream(Protocol):
    """Bytes to read one after the other."""

    def read(self, count: int, /) -> bytes:
        """The next bytes, at most `count`; none at the end."""
        ...


class Run(NamedTuple):
    """A part of a source that one connection reads: the bytes from `start` to before `stop` of a layer's tar.

    layer: a diff ID. stop: None for the end. rows: those whose contents begin in the run. part: the number of a part of
    the only row, from 0; None for whole files.
    """

    layer: str
    start: int
    stop: int | None
    rows: range
    part: int | None = None


class Content(NamedTuple):
    """The content of a file, or of a part of it, to read before the next content.

    start: the place of the part in the file. executable: None if it is known from another part.
    """

    row: int
    start: int
    size_bytes: int
    executable: bool | None
    stream: Stream


class Folder(NamedTuple):
    """A folder of the image; files of the image may lie in it. path: with the mount, as bytes."""

    path: bytes


class Traffic:
    """Bytes and requests of a source; threads may share it."""

    def __init__(self) -> None:
        """Begins with 0."""
        self.size_bytes, self.requests = 0, 0
        self._lock = Lock()

    def add(self, size_bytes: int, requests: int = 0) -> None:
        """Counts bytes and requests."""
        with self._lock:
            self.size_bytes, self.requests = self.size_bytes + size_bytes, self.requests + requests


class Source(Protocol):
    """A data container. name: as the user wrote it. digest: of its manifest or index, "" if it has none.

    identity: a name for what is derived from the metadata; the same for the same metadata.
    """

    name: str
    digest: str
    traffic: Traffic

    @property
    def labels(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def identity(self) -> str: ...  # noqa: D102

    def document(self, name: str) -> Path:
        """The path of a local file with the content of /.datacontainer/NAME.

        Raises:
            DataContainerError: if the image has no such document, or it cannot be read.
        """
        ...

    def runs(self, files: Files) -> list[Run]:
        """The parts of the source to read for the contents of files.

        Raises:
            DataError: if a file lies outside of its layer.
        """
        ...

    def notice(self, runs: list[Run]) -> str:
        """A line for the user before the runs are read, "" if there is none."""
        ...

    def contents(self, run: Run, files: Files) -> Generator[Content | Folder]:
        """The contents in a run, and the folders in it if `files` has tails."""
        ...


def open_source(text: str, *, plain_http: bool = False, token: str = "") -> Source:
    """Returns the source that a user names.

    text: HOST[:PORT]/REPOSITORY[:TAG], oci:FOLDER, a folder with an image layout, the path of an archive or a SIF, or
    the URL of a server. token: of the server.

    Raises:
        UsageError: if there is no such source.
        DataContainerError: if it cannot be read, or is no data container.
    """
    path = Path(text.removeprefix("oci:"))
    if text.startswith(("http://", "https://")):
        from datacontainer.sources.server import Server

        return Server(text, token)
    if path.is_dir() or text.startswith("oci:"):
        from datacontainer.sources.local import open_layout

        return open_layout(text, path)
    if path.is_file():
        return _open_file(text, path)
    if text.startswith(("/", ".")) or text.endswith((".sif", ".tar")):
        raise UsageError(f"there is no file {text!r}: correct the path")
    from datacontainer.sources.remote import open_reference

    return open_reference(Reference.parse(text), plain_http=plain_http)


def _open_file(text: str, path: Path) -> Source:
    with open(path, "rb") as file:
        head = file.read(48)
    if head[32:41] == b"SIF_MAGIC":
        from datacontainer.sources.sif import Sif

        return Sif(text, path)
    from datacontainer.sources.local import open_archive

    return open_archive(text, path)
