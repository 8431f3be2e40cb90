"""Report: a page and a table that summarize a dataset and its images."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.about.values import MADE_FROM
from datacontainer.config.dataset import OCI_LABEL
from datacontainer.config.formats import FORMATS
from datacontainer.report.columns import Column, read_columns
from datacontainer.report.counts import Count, Counts
from datacontainer.report.findings import findings
from datacontainer.report.history import State, add_state
from datacontainer.report.images import Image, commands, package, read_images
from datacontainer.report.page import bars, class_text, growth_points, name_text, steps, value_text, write_page
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import write_bytes

# Lines of a chart; one more line has the sum of the rest.
MOST_LINES = 12
MOST_GROUPS = 8
MOST_NAMES = 3
MOST_VALUES = 40
CREDIT = {"License": "licenses", "Authors": "authors"}
NO_SUFFIX, NO_FOLDER, OTHERS = "(no suffix)", "(no folder)", "(%d others)"

Line = tuple[str, int, int]


class Stage(NamedTuple):
    """A stage, and the number of things that it made; what: their name, as in "shards"."""

    name: str
    made: int
    what: str


def report(
    *,
    catalog: Path,
    summary: Path,
    shards: Path,
    layout: Path,
    images: Mapping[str, Path],
    template: Path,
    page: Path,
    table: Path,
    history: Path,
    documents: Sequence[str] = (),
    reference: str | None = None,
) -> None:
    """Writes the `page` (HTML) and the `table` (tab-separated: section, name, files, bytes); adds a line to `history`.

    summary: dataset.json. shards: the table that scan wrote. images: the product of each format but the layout, by the
    format's name. documents: names of those of the standards. reference: of the key `push`. Reads a SIF of up to 1 GiB
    for its sha256.

    Raises:
        DataError: if the history is damaged.
    """
    described = json.loads(summary.read_bytes())
    counts = Counts(catalog)
    lines, columns = _lines(described, counts), read_columns(catalog, MOST_VALUES)
    states = add_state(history, State(*(described[key] for key in ("version", "files", "bytes", "digest"))))
    duplicates = described["duplicates"]["files"] > 0
    values = {
        "dataset": described,
        "lineage": [dict.fromkeys(MADE_FROM, "") | one for one in described["about"].get("made_from", ())],
        "types": bars(lines["type"], "bytes"),
        "folders": bars(lines["folder"], "bytes"),
        "sizes": bars(lines["size"], "files"),
        "duplicates": counts.duplicates(MOST_GROUPS, MOST_NAMES) if duplicates else [],
        "columns": columns,
        "metadata": {key: _as_json(value) for key, value in described["metadata"].items()},
        "findings": list(findings(described)),
        "history": steps(states)[-MOST_LINES:],
        "growth": growth_points(states) if len(states) > 1 else "",
        **_of_images(described, len(shards.read_text().splitlines()), layout, images, reference),
    }
    if documents:
        values["credit"]["Standards"] = ", ".join(documents)
    write_page(template, page, values)
    write_bytes(table, _table(described, lines, columns).encode())
    logger.info("%d files; the history has %d states", described["files"], len(states))


def _of_images(
    described: Mapping[str, Any], shards: int, layout: Path, made: Mapping[str, Path], reference: str | None
) -> dict[str, Any]:
    """Returns the values of the template about the images and the stages that made them."""
    images = read_images(layout)
    labels = images[0].labels
    packages = {name: package(FORMATS[name], image) for name, image in made.items()}
    tag = f"{described['name']}:{described['version']}"
    return {
        "title": labels.get(OCI_LABEL + "title", described["name"]),
        "credit": {key: labels[OCI_LABEL + label] for key, label in CREDIT.items() if labels.get(OCI_LABEL + label)},
        "images": images,
        "packages": list(packages.values()),
        "commands": list(commands(tag, described["mount"], layout.name, packages, reference)),
        "stages": _stages(described, shards, images, packages),
    }


def _lines(described: Mapping[str, Any], counts: Counts) -> dict[str, list[Line]]:
    """Returns the lines of the charts, by section of the table."""
    found = described["types"].items()
    types = [(name_text(suffix) if suffix else NO_SUFFIX, of["files"], of["bytes"]) for suffix, of in found]
    folders, others = counts.folders(MOST_LINES)
    named = [_folder_line(one) for one in folders]
    if others.key:
        named.append((OTHERS % int(others.key), others.files, others.size_bytes))
    sizes = [(class_text(int(one.key)), one.files, one.size_bytes) for one in counts.size_classes()]
    return {"type": _with_others(types), "folder": named, "size": sizes}


def _folder_line(count: Count) -> Line:
    name = f"{name_text(count.key)}/" if isinstance(count.key, bytes) and count.key else NO_FOLDER
    return name, count.files, count.size_bytes


def _value_line(count: Count) -> Line:
    return value_text(str(count.key)), count.files, count.size_bytes


def _with_others(lines: Sequence[Line]) -> list[Line]:
    """Returns the first lines, and a line with the sum of the rest."""
    rest = lines[MOST_LINES:]
    if not rest:
        return list(lines)
    return [*lines[:MOST_LINES], (OTHERS % len(rest), sum(line[1] for line in rest), sum(line[2] for line in rest))]


def _stages(described: Mapping[str, Any], shards: int, images: Sequence[Image], made: Collection[str]) -> list[Stage]:
    """Returns the stages in the order of the workflow. made: names of the formats whose product exists."""
    listed = described["files"] + described["links"]
    stages: list[tuple[str, int, str, str]] = [
        ("scan", listed, "name", "names"),
        ("hash", shards, "shard", "shards"),
        ("aggregate", len(described["fields"]), "column", "columns"),
        ("render", listed, "entry", "entries"),
        ("compile", len(images), "binary", "binaries"),
        ("assemble", images[0].layers, "layer", "layers"),
        *((one.stage, int(one.name in made), one.title, f"{one.title}s") for one in FORMATS.values() if one.own_data),
    ]
    return [Stage(name, number, one if number == 1 else many) for name, number, one, many in stages]


def _as_json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(described: Mapping[str, Any], lines: Mapping[str, Sequence[Line]], columns: Sequence[Column]) -> str:
    duplicates = described["duplicates"]
    rows = [
        ("section", "name", "files", "bytes"),
        ("total", "all files", described["files"], described["bytes"]),
        ("total", "duplicate files", duplicates["files"], duplicates["bytes"]),
        ("total", "empty files", described["empty"], 0),
        ("total", "symlinks", described["links"], 0),
        *((section, *line) for section, of_section in lines.items() for line in of_section),
        *((f"value of {name_text(one.name)}", *_value_line(count)) for one in columns for count in one.frequent),
    ]
    return "".join("\t".join(_cell(str(text)) for text in row) + "\n" for row in rows)


def _cell(text: str) -> str:
    """The text, after a quote if a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
