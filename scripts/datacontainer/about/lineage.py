"""Lineage: the datasets that a dataset was made from, as the records of runs (run.json) in its folder name them."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.about.contents import Record, UnreadableError, read_text
from datacontainer.about.values import MADE_FROM, WrongValueError, complete_entry
from datacontainer.runtime.logs import logger, warn

RUN_FILE = "run.json"
# A packed folder is one run, or has runs below DATASET/VERSION/COMMAND/RUN.
MOST_FOLDERS = 4
# Records of more runs are not read.
MOST_RUNS = 100


def read_lineage(given: Sequence[Mapping[str, str]], folder: str, catalog: Path) -> list[Mapping[str, str]]:
    """Returns the datasets that the dataset in `folder` was made from, sorted: those of its runs, and the `given` ones.

    given: the entries of the configuration. A record that cannot be read is left out with a warning; another
    program's run.json is ignored.

    Raises:
        DataError: if a record differs from the catalog.
    """
    found = {json.dumps(one): one for one in [*given, *_of_runs(folder, catalog)]}
    return sorted(found.values(), key=lambda one: [one.get(key, "") for key in MADE_FROM])


def _of_runs(folder: str, catalog: Path) -> Iterator[dict[str, str]]:
    for number, (name, record) in enumerate(_run_files(catalog)):
        if number == MOST_RUNS:
            warn(f"the dataset contains more than {MOST_RUNS} files {RUN_FILE!r}: its lineage names the first ones")
            return
        try:
            if one := _ancestor(read_text(folder, name, record)):
                yield one
                logger.info("about.made_from: from %r", name)
        except (UnreadableError, WrongValueError) as error:
            warn(f"{name!r} is not used for the lineage of the dataset: {error}")


def _ancestor(content: str) -> dict[str, str]:
    """The dataset that a record of a run names; empty if the file is no record of a run.

    Raises:
        WrongValueError: if a value of the record is wrong.
    """
    value: Any = None
    with suppress(ValueError, RecursionError):
        value = json.loads(content)
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict) or not {"command", "run"} <= value.keys() or "digest" not in data:
        return {}
    values = {key: data.get(key) for key in ("name", "version")} | {"dataset_digest": data["digest"]}
    values |= {key: value[key] for key in ("command", "run")}
    image = {"image": data["image"]} if data.get("image") else {}
    return complete_entry(values | image)


def _run_files(catalog: Path) -> Iterator[tuple[str, Record]]:
    """The files of a catalog with the name of a record, and their records, in the order of the catalog."""
    with pq.ParquetFile(catalog) as file:
        columns = [name for name in ("path", "size", "sha256", "link") if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            paths = file.read_row_group(group, ["path"])["path"].cast(pa.binary())
            found = pc.ends_with(paths, RUN_FILE.encode())
            if not pc.any(found).as_py():
                continue
            for row in file.read_row_group(group, columns).filter(found).to_pylist():
                *folders, name = os.fsdecode(row["path"]).split("/")
                if name == RUN_FILE and len(folders) <= MOST_FOLDERS:
                    record = Record(row["size"], row["sha256"], row.get("link") is not None)
                    yield os.fsdecode(row["path"]), record
