"""Contents of small files of a dataset, compared with their records in the catalog."""

import hashlib
import os
from contextlib import suppress
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.storage.place import is_remote

MAX_BYTES = 1 << 20


class Record(NamedTuple):
    """The record of a file in the catalog. link: whether it is a symlink."""

    size_bytes: int
    sha256: str
    link: bool


class UnreadableError(ValueError):
    """A file whose content is not read; the text gives the reason."""


def read_text(folder: str, name: str, record: Record) -> str:
    """Returns the content of a file of a dataset in `folder`.

    Raises:
        UnreadableError: if the file is larger than MAX_BYTES, a symlink, or no UTF-8.
        DataError: if the file differs from its record.
    """
    if record.link:
        raise UnreadableError("it is a symlink")
    if record.size_bytes > MAX_BYTES:
        raise UnreadableError(f"it is larger than {MAX_BYTES} bytes")
    path, content = os.path.join(folder, name), b""
    if is_remote(folder):
        from datacontainer.storage.provider import open_source

        content = open_source(folder).small(os.fsencode(name), MAX_BYTES + 1)
    else:
        with suppress(FileNotFoundError), open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    if hashlib.sha256(content).hexdigest() != record.sha256:
        raise DataError(f"{path!r} changed after it was read for the catalog: run snakemake again")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("it is not UTF-8 text") from error
