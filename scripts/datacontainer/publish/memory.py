"""Memory of pushes: unfinished uploads, and the repositories to which a dataset was pushed."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

from datacontainer.registry.reference import Reference
from datacontainer.runtime.outputs import write_bytes

MAXIMUM_REPOSITORIES, MAXIMUM_SOURCES = 20, 3


class Memory:
    """A file that is read at the start and written with each change; threads share it.

    Without it, a push works, and sends again what it would have found. It is not written to a read-only folder.
    """

    def __init__(self, file: Path, reference: Reference) -> None:
        """reference: of the push."""
        self._file, self._reference, self._lock = file, reference, Lock()
        self._uploads: dict[str, str] = {}
        self._others: dict[str, Mapping[str, str]] = {}
        self._repositories: list[str] = []
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            value = json.loads(file.read_bytes())
            self._repositories = [str(one) for one in value["repositories"]]
            self._others = dict(value["uploads"])
            self._uploads = {key: str(url) for key, url in dict(self._others.pop(reference.name, {})).items()}

    def upload(self, digest: str) -> str:
        """The URL of the unfinished upload of a blob; "" if there is none."""
        return self._uploads.get(digest, "")

    def begun(self, digest: str, url: str) -> None:
        """Records the URL of an unfinished upload."""
        with self._lock:
            self._uploads[digest] = url
            self._write()

    def ended(self, digest: str) -> None:
        """Removes the upload of a blob that is complete."""
        with self._lock:
            if self._uploads.pop(digest, None):
                self._write()

    def sources(self) -> list[str]:
        """Other repositories of the same registry that may have blobs of the dataset, the latest first."""
        found = [one.partition("/") for one in reversed(self._repositories) if one != self._reference.name]
        return [name for host, _, name in found if host == self._reference.host][:MAXIMUM_SOURCES]

    def pushed(self) -> None:
        """Records that the push ended."""
        with self._lock:
            others = [one for one in self._repositories if one != self._reference.name]
            self._repositories = [*others, self._reference.name][-MAXIMUM_REPOSITORIES:]
            self._uploads = {}
            self._write()

    def _write(self) -> None:
        unfinished = {self._reference.name: self._uploads} if self._uploads else {}
        value = {"repositories": self._repositories, "uploads": {**self._others, **unfinished}}
        with suppress(OSError):
            write_bytes(self._file, json.dumps(value, indent=0).encode())
