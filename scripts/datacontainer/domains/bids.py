"""BIDS: the entities in a file's name, by the schema of bidsschematools; and the verdict of the BIDS validator."""

import os
import re
from functools import cache
from typing import Any, NamedTuple

from bidsschematools.schema import load_schema

from datacontainer.domains.bidsvalidator import verdict
from datacontainer.domains.bounds import plain, read_json

MOST_VALUES = 20
# The column of an entity that has the name of another field.
RENAMED = {"modality": "mod"}
COUNTED = ("subject", "session", "task", "datatype", "modality", "suffix")


class Schema(NamedTuple):
    """The parts of the schema that names consist of. entities: key in a name → (column, pattern of the value)."""

    entities: dict[str, tuple[str, re.Pattern[str]]]
    suffixes: frozenset[str]
    extensions: frozenset[str]
    datatypes: frozenset[str]
    modalities: dict[str, str]


@cache
def schema() -> Schema:
    """The schema that bidsschematools contains."""
    loaded = load_schema()
    objects = loaded.objects
    entities = {
        one.name: (RENAMED.get(long, long), re.compile(objects.formats[one.format].pattern))
        for long, one in objects.entities.items()
    }
    kinds = (objects.suffixes, objects.extensions, objects.datatypes)
    suffixes, extensions, datatypes = (frozenset(str(one.value) for one in kind.values()) for kind in kinds)
    modalities = {datatype: name for name, one in loaded.rules.modalities.items() for datatype in one.datatypes}
    return Schema(entities, suffixes, extensions, datatypes, modalities)


def metadata(path: str, folder: str) -> dict[str, Any]:
    """Entities by their long names, suffix, extension, datatype and modality; {} if the name is not one of BIDS.

    A file below a folder of a subject must have that subject in its name, and may have a suffix and an extension that
    the schema does not know, as those of derivatives; another file must have known ones. The files inside of a folder
    that BIDS regards as one file, as *.ds, have the fields of that folder.
    """
    last = path.rfind("/")
    if (path.find("-", last) < 0 or path.find("_", last) < 0) and "/sub-" not in path:
        return {}
    *folders, name = path[len(os.path.join(folder, "")) :].split("/")
    starts = [number for number, one in enumerate(folders) if one.startswith("sub-") and "_" not in one]
    if not starts:
        return _parsed(name, strict=True)
    above, datatype = folders[starts[-1] :], None
    expected = f"{above.pop(0)}_"
    if above and above[0].startswith("ses-"):
        expected += f"{above.pop(0)}_"
    if above and above[0] in schema().datatypes:
        datatype = above.pop(0)
    item = f"{above[0]}/" if above else name
    fields = _parsed(item, strict=bool(above)) if f"{item}_".startswith(expected) else {}
    modality = schema().modalities.get(datatype or "")
    return fields and fields | {"datatype": datatype, "modality": modality}


def _parsed(name: str, *, strict: bool) -> dict[str, Any]:
    """The fields of a name, which ends with "/" if it is that of a folder; {} if it has no entity, or an unknown one.

    strict: whether the schema must know suffix and extension.
    Source: BIDS, "Filenames": key-value pairs, then the suffix, separated by underscores; the extension after a dot.
    """
    stem, dot, rest = name.partition(".")
    *pairs, suffix = stem.split("_")
    known, extension = schema(), dot + rest
    if not pairs or (strict and not (suffix in known.suffixes and extension in known.extensions)):
        return {}
    fields: dict[str, Any] = {}
    for pair in pairs:
        key, dash, value = pair.partition("-")
        column, pattern = known.entities.get(key, ("", None))
        if not dash or pattern is None or column in fields or not pattern.fullmatch(value):
            return {}
        fields[column] = value
    return fields | {"suffix": suffix, "extension": extension.rstrip("/")}


def dataset(frame: Any, folder: str) -> dict[str, Any]:
    """The dataset's description, its participants, subjects and tasks, and the verdict of the validator."""
    description = _json(os.path.join(folder, "dataset_description.json"))
    if "subject" not in frame and not description:
        return {"warnings": ["no file has a name of BIDS, and there is no dataset_description.json"]}
    counts = {column: _counts(frame[column]) for column in COUNTED if column in frame}
    participants = _participants(os.path.join(folder, "participants.tsv"))
    validation, warnings = verdict(folder)
    found = {"description": description, "participants": participants, "values": counts}
    return found | {"validator": validation, "warnings": warnings}


def _json(path: str) -> Any:
    """The description that a file contains; None if there is none, which the validator reports."""
    try:
        return plain(read_json(path))
    except (OSError, ValueError):
        return None


def _participants(path: str) -> dict[str, Any] | None:
    """Number of participants, columns, bounds of age, and values of sex; None without a table of them."""
    import pandas as pd

    try:
        table = pd.read_csv(path, sep="\t", dtype=str, encoding_errors="backslashreplace")
    except (OSError, ValueError):
        return None
    summary: dict[str, Any] = {"count": len(table), "columns": plain(list(table))}
    if "age" in table:
        ages = pd.to_numeric(table["age"], errors="coerce").dropna()
        bounds = {name: round(float(getattr(ages, name)()), 2) for name in ("min", "max", "mean")} if len(ages) else {}
        summary["age"] = {"known": len(ages), **bounds}
    return summary | ({"sex": _counts(table["sex"])} if "sex" in table else {})


def _counts(column: Any) -> Any:
    """The values of a column with the number of rows of each; only their number if there are many."""
    counts = column.dropna().value_counts()
    return len(counts) if len(counts) > MOST_VALUES else {str(name): int(counts[name]) for name in sorted(counts.index)}
