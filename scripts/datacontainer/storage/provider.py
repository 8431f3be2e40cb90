"""Provider: the plugin of a URL with the settings of the run, which the jobs get in an environment variable."""

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger
from datacontainer.storage.place import PLUGINS, Object

# Not an argument of a job, as settings contain secrets. Jobs on a cluster set it again, from the variables and options
# that Snakemake passes to them.
VARIABLE = "DATACONTAINER_STORAGE"
LOGINS = ("HTTPBasicAuth", "HTTPDigestAuth")


class Source(Protocol):
    """A dataset in storage. Its methods raise a DataError, with the remedy, if the storage refuses a request."""

    def objects(self) -> Iterator[Object]:
        """The files, sorted by the bytes of their paths."""

    def contents(self, objects: Iterable[Object]) -> Iterator[tuple[Object, bytes]]:
        """The bytes of files in their order, in chunks, at least one for each file.

        Raises:
            DataError: if a file differs from the given one.
        """

    def small(self, path: bytes, most: int) -> bytes:
        """The first bytes of a file, at most a number of bytes; none if there is no such file."""


def open_source(url: str) -> Source:
    """The dataset of a URL, whose plugin is installed."""
    scheme = url.partition("://")[0]
    module = import_module(f"snakemake_storage_plugin_{PLUGINS[scheme]}")
    place = Path(tempfile.gettempdir())
    provider = module.StorageProvider(local_prefix=place, logger=logger, settings=_settings(url, module))
    source: Source = import_module(f"datacontainer.storage.{PLUGINS[scheme]}").Dataset(provider, url)
    return source


def pass_settings(url: str, settings: Any) -> None:
    """Passes the settings of the plugin for a URL to the programs that this process starts.

    Raises:
        UsageError: for a kind of login that is none of LOGINS.
    """
    passed = _passed() | {url: {one.name: getattr(settings, one.name) for one in dataclasses.fields(settings)}}
    os.environ[VARIABLE] = json.dumps(passed, default=_login)


def _login(value: Any) -> list[str]:
    name = type(value).__name__
    if name not in LOGINS:
        raise UsageError(f"the storage plugin's setting {name} cannot be passed to jobs: use {' or '.join(LOGINS)}")
    return [name, value.username, value.password]


def _passed() -> dict[str, Any]:
    passed: dict[str, Any] = json.loads(os.environ.get(VARIABLE) or "{}")
    return passed


def _settings(url: str, module: Any) -> Any:
    """The settings that were passed or, without Snakemake, those of the plugin's own variables."""
    if passed := _passed().get(url):
        logins = {name: getattr(module, one[0])(*one[1:]) for name, one in passed.items() if isinstance(one, list)}
        return module.StorageProviderSettings(**(passed | logins))
    settings = module.StorageProviderSettings()
    prefix = f"SNAKEMAKE_STORAGE_{PLUGINS[url.partition('://')[0]].upper()}_"
    fields = [one for one in dataclasses.fields(settings) if prefix + one.name.upper() in os.environ]
    given = {one.name: one.metadata.get("parse_func", str)(os.environ[prefix + one.name.upper()]) for one in fields}
    return dataclasses.replace(settings, **given)
