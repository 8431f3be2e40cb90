"""Provider: the plugin of a URL with the settings of the run, which the jobs get in an environment variable."""

import base64
import dataclasses
import os
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from datacontainer.runtime.logs import logger
from datacontainer.storage.place import PLUGINS, Object

# Not an argument of a job, as settings contain secrets. Jobs on a cluster set it again, from the variables and options
# that Snakemake passes to them.
VARIABLE = "DATACONTAINER_STORAGE"


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
    """Passes the settings of the plugin for a URL to the programs that this process starts."""
    os.environ[VARIABLE] = base64.b64encode(pickle.dumps(_passed() | {url: settings})).decode()


def _passed() -> dict[str, Any]:
    text = os.environ.get(VARIABLE)
    # This process or its parent wrote it.
    return pickle.loads(base64.b64decode(text)) if text else {}


def _settings(url: str, module: Any) -> Any:
    """The settings that were passed or, without Snakemake, those of the plugin's own variables."""
    passed = _passed()
    if url in passed:
        return passed[url]
    settings = module.StorageProviderSettings()
    prefix = f"SNAKEMAKE_STORAGE_{PLUGINS[url.partition('://')[0]].upper()}_"
    names = [one.name for one in dataclasses.fields(settings) if one.metadata.get("env_var")]
    given = {name: os.environ[prefix + name.upper()] for name in names if prefix + name.upper() in os.environ}
    return dataclasses.replace(settings, **given)
