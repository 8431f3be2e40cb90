"""BIDS: the entities in a file's name, by the schema of bidsschematools; and the verdict of the BIDS validator."""

import json
import os
import re
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

from datacontainer.domains.bidsvalidator import verdict
from datacontainer.domains.bounds import filled, plain, read_start

MOST_JSON_BYTES, MOST_TSV_BYTES, MOST_VALUES = 16 << 20, 64 << 20, 20
MISSING = ("", "n/a")
# The column of an entity that has the name of another field.
RENAMED = {"modality": "mod"}


class Schema(NamedTuple):
    """The parts of the schema that names consist of. entities: key in a name → (column, pattern of the value)."""

    entities: dict[str, tuple[str, re.Pattern[str]]]
    suffixes: frozenset[str]
    extensions: frozenset[str]
    modalities: dict[str, str]
    datatypes: frozenset[str]


@cache
def schema() -> Schema:
    """The schema that bidsschematools contains."""
    from bidsschematools.schema import load_schema

    loaded = load_schema()
    objects, formats = loaded.objects, loaded.objects.formats
    entities = {
        one.name: (RENAMED.get(long, long), re.compile(formats[one.format].pattern))
        for long, one in objects.entities.items()
    }
    modalities = {datatype: name for name, one in loaded.rules.modalities.items() for datatype in one.datatypes}
    suffixes, extensions = (
        frozenset(str(one.value) for one in values.values()) for values in (objects.suffixes, objects.extensions)
    )
    datatypes = frozenset(str(one.value) for one in objects.datatypes.values())
    return Schema(entities, suffixes, extensions, modalities, datatypes)


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
        return _parsed(name, strict=True) or {}
    above, datatype = folders[starts[-1] :], None
    expected = [above.pop(0)]
    if above and above[0].startswith("ses-"):
        expected.append(above.pop(0))
    if above and above[0] in schema().datatypes:
        datatype = above.pop(0)
    item = above[0] if above else name
    if not f"{item}_".startswith("".join(f"{one}_" for one in expected)):
        return {}
    fields = _parsed(f"{item}/" if above else name, strict=bool(above))
    if fields is None:
        return {}
    modality = schema().modalities.get(datatype or "")
    return fields | filled({"datatype": datatype, "modality": modality})


def _parsed(name: str, *, strict: bool) -> dict[str, Any] | None:
    """The fields of a name, which ends with "/" if it is that of a folder; None if it has no entity, or an unknown one.

    strict: whether the schema must know suffix and extension.
    Source: BIDS, "Filenames": key-value pairs, then the suffix, separated by underscores; the extension after a dot.
    """
    stem, dot, rest = name.partition(".")
    *pairs, suffix = stem.split("_")
    known = schema()
    extension = dot + rest
    if not pairs or (strict and not (suffix in known.suffixes and extension in known.extensions)):
        return None
    fields: dict[str, Any] = {}
    for pair in pairs:
        key, dash, value = pair.partition("-")
        column, pattern = known.entities.get(key, ("", None))
        if not dash or pattern is None or column in fields or not pattern.fullmatch(value):
            return None
        fields[column] = value
    return fields | filled({"suffix": suffix, "extension": extension.rstrip("/")})


def dataset(frame: Any, folder: str) -> dict[str, Any]:
    """The dataset's description, its participants, subjects and tasks, and the verdict of the validator."""
    description = _json(os.path.join(folder, "dataset_description.json"))
    if "subject" not in frame and not description:
        return {"warnings": ["no file has a name of BIDS, and there is no dataset_description.json"]}
    columns = ("subject", "session", "task", "datatype", "modality", "suffix")
    counts = {column: _values(frame[column]) for column in columns if column in frame}
    found = {"description": description, "participants": _participants(os.path.join(folder, "participants.tsv"))}
    validation, warnings = verdict(folder)
    return filled(found | {"values": counts}) | {"validator": validation, "warnings": warnings}


def _values(column: Any) -> Any:
    """The values of a column with the number of files of each; only their number if there are many."""
    counts = column.dropna().value_counts()
    return len(counts) if len(counts) > MOST_VALUES else {str(name): int(counts[name]) for name in sorted(counts.index)}


def _json(path: str) -> Any:
    """The description that a file contains; None if there is none, which the validator reports."""
    try:
        return plain(json.loads(read_start(path, MOST_JSON_BYTES)))
    except (OSError, ValueError):
        return None


def _participants(path: str) -> dict[str, Any] | None:
    """Number of participants, columns, and the values of age and sex as given; None without a table of them."""
    try:
        lines = read_start(path, MOST_TSV_BYTES).decode("utf-8-sig", "backslashreplace").splitlines()
    except OSError:
        return None
    names, *rows = [line.split("\t") for line in lines if line] or [[]]
    summary: dict[str, Any] = {"count": len(rows), "columns": plain(names)}
    for name in ("age", "sex"):
        if name in names:
            place = names.index(name)
            values = [row[place] for row in rows if place < len(row) and row[place] not in MISSING]
            summary[name] = _ages(values) if name == "age" else dict(sorted(Counter(values).most_common(MOST_VALUES)))
    return summary


def _ages(values: list[str]) -> dict[str, Any]:
    """Bounds and mean of the ages that are numbers."""
    ages = [float(value) for value in values if value.replace(".", "", 1).isdigit()]
    if not ages:
        return {"known": 0}
    return {"known": len(ages), "min": min(ages), "max": max(ages), "mean": round(sum(ages) / len(ages), 2)}
