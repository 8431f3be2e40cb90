"""The data containers that a comparison can read: catalogs in files, images in engines, and all other sources."""

import json
from pathlib import Path
from typing import Any

from datacontainer.compare.versions import Version
from datacontainer.runtime.errors import DataError
from datacontainer.sources.engineimage import ENGINES, EngineImage
from datacontainer.sources.source import CATALOG, SUMMARY, open_source

PARQUET = b"PAR1"


def open_version(text: str, *, plain_http: bool = False, token: str = "") -> Version:
    """Returns the data container that a user names.

    text: docker:NAME, podman:NAME, the path of a catalog, next to which dataset.json may lie, or as for `open_source`.

    Raises:
        DataContainerError: as `open_source` does.
    """
    path = Path(text)
    if _is_catalog(path):
        summary = path.with_name(SUMMARY)
        return Version(text, path, read_summary(text, summary) if summary.is_file() else None)
    of_engine = text.startswith(tuple(f"{engine}:" for engine in ENGINES))
    source = EngineImage(text) if of_engine else open_source(text, plain_http=plain_http, token=token)
    described = read_summary(text, source.document(SUMMARY))
    # Each image has labels; a server does not send them.
    return Version(text, source.document(CATALOG), described, source.labels or None)


def read_summary(name: str, path: Path) -> dict[str, Any]:
    """Returns the value of a dataset.json. name: of the data container, for the error.

    Raises:
        DataError: if it is no JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
        if isinstance(value, dict):
            return value
        raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise DataError(f"dataset.json of {name!r} is damaged ({error}): build or push it again") from error


def _is_catalog(path: Path) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(len(PARQUET)) == PARQUET
