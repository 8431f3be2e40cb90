"""About: the values of the configuration, completed with those that the dataset's own files contain."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.about.contents import Record, UnreadableError, read_text
from datacontainer.about.files import FILES
from datacontainer.about.lineage import read_lineage
from datacontainer.about.values import KEYS, WrongValueError
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger, warn


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
        try:
            content = read_text(folder, name, records[name])
        except UnreadableError as error:
            warn(f"{name!r} is not used to describe the dataset: {error}")
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
    values = {key: found[key][0] for key in KEYS if key in found}
    made_from = read_lineage(values.get("made_from", ()), folder, catalog)
    return values | ({"made_from": made_from} if made_from else {})


def _checked(name: str, key: str, value: Any) -> Any:
    try:
        return KEYS[key](value)
    except WrongValueError as error:
        warn(f"{name!r}: its {key} is not used to describe the dataset: {error}")
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
