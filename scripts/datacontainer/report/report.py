"""Report: a page, and a table, that show a dataset and its images at a glance."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.config.formats import FORMATS
from datacontainer.report.columns import columns
from datacontainer.report.counts import Count, Counts
from datacontainer.report.history import State, remember
from datacontainer.report.images import Image, commands, package, read_images
from datacontainer.report.page import bars, class_text, growth_points, name_text, steps, write_page
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import write_bytes

# How many lines of each kind a page has before the rest becomes one.
MOST_LINES = 12
MOST_GROUPS = 8
MOST_NAMES = 3
TITLE = "org.opencontainers.image.title"
NO_SUFFIX, NO_FOLDER, OTHERS = "(no suffix)", "(no folder)", "(%d others)"

Line = tuple[str, int, int]


class Stage(NamedTuple):
    """A stage, and how many of what it made."""

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
) -> None:
    """Writes the `page` (HTML) and the `table` (tab-separated: section, name, files, bytes), and adds to `history`.

    summary: dataset.json. shards: scan's table. images: the product of each further format, by its name.
    The catalog is read in columns, twice where contents repeat, and a SIF of up to a GiB once for its digest.

    Raises:
        DataError: when the history is damaged.
    """
    described = json.loads(summary.read_bytes())
    counts = Counts(catalog)
    lines = _lines(described, counts)
    states = remember(history, State(*(described[key] for key in ("version", "files", "bytes", "digest"))))
    repeat = described["duplicates"]["files"] > 0
    values = {
        "dataset": described,
        "types": bars(lines["type"], "bytes"),
        "folders": bars(lines["folder"], "bytes"),
        "sizes": bars(lines["size"], "files"),
        "repeated": counts.repeated(MOST_GROUPS, MOST_NAMES) if repeat else [],
        "columns": columns(catalog),
        "metadata": {key: _as_json(value) for key, value in described["metadata"].items()},
        "history": steps(states)[-MOST_LINES:],
        "growth": growth_points(states) if len(states) > 1 else "",
        **_of_images(described, len(shards.read_text().splitlines()), layout, images),
    }
    write_page(template, page, values)
    write_bytes(table, _table(described, lines).encode())
    logger.info("%d files, %d states", described["files"], len(states))


def _of_images(described: Mapping[str, Any], shards: int, layout: Path, made: Mapping[str, Path]) -> dict[str, Any]:
    """What the page says of the images, and how they came to be."""
    images = read_images(layout)
    packages = {name: package(FORMATS[name], image) for name, image in made.items()}
    tag = f"{described['name']}:{described['version']}"
    return {
        "title": images[0].labels.get(TITLE, described["name"]),
        "images": images,
        "packages": list(packages.values()),
        "commands": list(commands(tag, described["mount"], layout.name, packages)),
        "stages": _stages(described, shards, images, packages),
    }


def _lines(described: Mapping[str, Any], counts: Counts) -> dict[str, list[Line]]:
    """What the charts show, by section."""
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


def _with_others(lines: Sequence[Line]) -> list[Line]:
    """The first lines, and the sum of all others."""
    rest = lines[MOST_LINES:]
    if not rest:
        return list(lines)
    return [*lines[:MOST_LINES], (OTHERS % len(rest), sum(line[1] for line in rest), sum(line[2] for line in rest))]


def _stages(described: Mapping[str, Any], shards: int, images: Sequence[Image], made: Collection[str]) -> list[Stage]:
    """Each stage, and how many of what it made. made: the formats that were."""
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


def _table(described: Mapping[str, Any], lines: Mapping[str, Sequence[Line]]) -> str:
    repeated = described["duplicates"]
    rows = [
        ("section", "name", "files", "bytes"),
        ("total", "all files", described["files"], described["bytes"]),
        ("total", "repeated contents", repeated["files"], repeated["bytes"]),
        *((section, *line) for section, of_section in lines.items() for line in of_section),
    ]
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)
