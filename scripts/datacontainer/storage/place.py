"""Place: whether the path of a dataset is a URL in storage, and its plugin; every job imports this module."""

import hashlib
import re
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from datacontainer.runtime.errors import MissingToolError, UsageError

# The plugin of Snakemake for each scheme.
PLUGINS = {"s3": "s3", "http": "http", "https": "http"}
URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.DOTALL)


class Object(NamedTuple):
    """A file in storage.

    path: relative to the dataset, `/`-separated. identity: a positive number of 63 bits that differs when the storage
    has another version of the file; it takes the place of an inode in the lists of files.
    """

    path: bytes
    size: int
    mtime_ns: int
    identity: int


def is_remote(path: str) -> bool:
    """Whether a dataset's path is a URL, not a folder."""
    return URL.match(path) is not None


def last_name(url: str) -> str:
    """The last name in a URL, from which the dataset gets its name."""
    if url.startswith("s3:"):
        return url.rstrip("/").rpartition("/")[2]
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or ""


def normalized(url: str) -> str:
    """The URL without a slash at its end, unless the slash has a meaning."""
    return url.rstrip("/") if url.startswith("s3:") else url


def identity(version: str) -> int:
    """The identity of a version of a file, from the text by which the storage names the version."""
    return int.from_bytes(hashlib.sha256(version.encode()).digest()[:8]) >> 1 | 1


def plugin_of(dataset: str, url: str) -> str:
    """The name of the plugin for a URL, which is installed. dataset: its name, for messages.

    Raises:
        UsageError: if the scheme is unknown.
        MissingToolError: if the plugin is not installed.
    """
    scheme = url.partition("://")[0]
    if scheme not in PLUGINS:
        raise UsageError(
            f"datasets.{dataset}.path: {url!r} begins with {scheme}://, expected {', '.join(PLUGINS)} or a folder: "
            f"fetch the data with a rule, `input: storage({url!r})` and `output: directory(…)`, and pack its output"
        )
    name = PLUGINS[scheme]
    if find_spec(f"snakemake_storage_plugin_{name}") is None:
        raise MissingToolError(
            f"datasets.{dataset}.path: {url!r} needs a plugin of Snakemake: run `python -m pip install "
            f"snakemake-storage-plugin-{name}`"
        )
    return name


def check_functions(dataset: str, url: str, functions: tuple[str, ...]) -> None:
    """Raises UsageError if there are functions for the whole dataset. dataset: its name, for messages."""
    if functions:
        raise UsageError(
            f"datasets.{dataset}: {functions[0]!r} needs the whole dataset in a folder, but {url!r} is in storage: "
            "remove it, or copy the data to a folder"
        )
