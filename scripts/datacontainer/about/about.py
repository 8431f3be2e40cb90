"""About: the values of the configuration, completed with those that the dataset's own files contain."""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.about.files import FILES
from datacontainer.about.values import KEYS, WrongValueError
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.logs import logger, warn

MAX_BYTES = 1 << 20


class Record(NamedTuple):
    """The record of a file in the catalog. link: whether it is a symlink."""

    size_bytes: int
    sha256: str
    link: bool


def read_about(given: Mapping[str, Any], folder: str, catalog: Path) -> dict[str, Any]:
    """Returns what is known about the dataset in `folder`, with keys in the order of KEYS; logs where each is from.

    given: `about` of the configuration, which overrides the files. Only files in the catalog are read. A file that is
    too large, no UTF-8, a symlink or not well-formed is left out, and so is a wrong value, each with a warning.

    Raises:
        DataError: if a file differs from its record in the catalog.
    """
    found = {key: (KEYS[key](value), "the configuration") for key, value in given.items() if value}
    records = _records(catalog)
    for name, read in FILES.items():
        if name not in records or (name.startswith("README") and "description" in found):
            continue
        if (content := _content(os.path.join(folder, name), name, records[name])) is None:
            continue
        try:
            values = read(content)
        except (ValueError, UsageError, RecursionError) as error:
            warn(f"{name!r} is not used to describe the dataset: it cannot be read: {error}")
            continue
        for key, value in values.items():
            if value and key not in found and (checked := _checked(name, key, value)):
                found[key] = checked, name
    for key, (_, origin) in found.items():
        logger.info("about.%s: from %s", key, origin)
    return {key: found[key][0] for key in KEYS if key in found}


def _checked(name: str, key: str, value: Any) -> Any:
    try:
        return KEYS[key](value)
    except WrongValueError as error:
        warn(f"{name!r}: its {key} is not used to describe the dataset: {error}")
        return None


def _content(path: str, name: str, record: Record) -> str | None:
    problem = "it is a symlink" if record.link else f"it is larger than {MAX_BYTES} bytes"
    if not record.link and record.size_bytes <= MAX_BYTES:
        content = b""
        with suppress(FileNotFoundError), open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if hashlib.sha256(content).hexdigest() != record.sha256:
            raise DataError(f"{path!r} changed after it was read for the catalog: run snakemake again")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            problem = "it is not UTF-8 text"
    warn(f"{name!r} is not used to describe the dataset: {problem}")
    return None


def _records(catalog: Path) -> dict[str, Record]:
    """The records of FILES in a catalog; reads only the row groups between whose names one of them can be."""
    found, wanted = {}, [name.encode() for name in FILES]
    with pq.ParquetFile(catalog) as file:
        columns = [name for name in ("path", "size", "sha256", "link") if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            known = file.metadata.row_group(group).column(0).statistics
            bounds = (known.min, known.max) if known and known.has_min_max else (b"", b"\xff")
            first, last = (one.encode() if isinstance(one, str) else one for one in bounds)
            if any(first <= name <= last for name in wanted):
                table = file.read_row_group(group, columns)
                chosen = table.filter(pc.is_in(table["path"].cast(pa.binary()), pa.array(wanted, pa.binary())))
                for row in chosen.cast(chosen.schema.set(0, pa.field("path", pa.binary()))).to_pylist():
                    found[row["path"].decode()] = Record(row["size"], row["sha256"], row.get("link") is not None)
    return found
