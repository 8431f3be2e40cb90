"""Summary: the datasets, their products and the next commands, printed at the end of a run that succeeded."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS, LAYOUT
from datacontainer.config.results import Results
from datacontainer.runtime.logs import NOTE_MARK, warnings_in
from datacontainer.runtime.progress import size
from datacontainer.terminal.nextsteps import left_over, next_steps

SHOWN_DATASETS, SHOWN_TYPES, SHOWN_WARNINGS, SHOWN_COMMANDS = 3, 4, 3, 5
# More datasets than SHOWN_DATASETS get a line each, up to this number.
SHOWN_LINES = 20
# Read in a fraction of a second; report.html has the digest of a larger SIF.
LARGEST_HASHED_BYTES = 64 << 20
# The results of stages that only check; a run in which such a stage fails prints no summary.
CHECKS = {
    "rescan": "rescan: every file matches its record",
    "verify": "verify: the images and the catalog do not differ",
}


def summary(results: Sequence[tuple[Dataset, Results]], logs: Path, made: Collection[str]) -> Iterator[str]:
    """The lines to print.

    results: of every dataset. logs: the folder with a folder of logs for each dataset. made: the files that the targets
    of this run include; other files in the results folder may be older than the data.
    """
    known = [(dataset, paths) for dataset, paths in results if str(paths.catalog) in made and paths.summary.is_file()]
    if not known:
        return
    yield ""
    for dataset, paths in islice(known, SHOWN_LINES):
        yield _headline(dataset, paths)
        yield from _warnings(paths, logs / dataset.name)
        yield from (f"  {text}" for stage, text in CHECKS.items() if str(paths.seal(stage)) in made)
        if str(paths.seal("push")) in made:
            yield from (f"  {text}" for text in warnings_in(logs / dataset.name / "push.log", NOTE_MARK))
        if len(known) <= SHOWN_DATASETS:
            yield from _products(paths, made)
    if len(known) > SHOWN_LINES:
        yield f"and {len(known) - SHOWN_LINES} more datasets"
    for dataset, paths in known:
        yield from left_over(paths.folder, dataset)
    commands = [line for dataset, paths in known for line in next_steps(paths.folder, dataset, made)]
    if commands:
        yield "Next, paste a line:"
        yield from (f"  {line}" for line in commands[:SHOWN_COMMANDS])


def _headline(dataset: Dataset, paths: Results) -> str:
    about = json.loads(paths.summary.read_bytes())
    types = [f"{suffix or 'no suffix'} {one['files']:,}" for suffix, one in about["types"].items()]
    more = f", {len(types) - SHOWN_TYPES} more types" if len(types) > SHOWN_TYPES else ""
    counts = [
        _count(about["files"], "file"),
        size(about["bytes"]),
        _count(about.get("empty", 0), "empty file"),
        _count(about["links"], "symlink"),
    ]
    shown = f" ({', '.join(types[:SHOWN_TYPES])}{more})" if types else ""
    return f"{dataset.name}:{dataset.version}: {', '.join(counts)}{shown}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _warnings(paths: Results, logs: Path) -> Iterator[str]:
    """The notes of scan, and the distinct warnings of all stages, with the number of logs that contain each."""
    yield from (f"  {text}" for text in warnings_in(logs / "scan.log", NOTE_MARK))
    found = Counter(text for log in _logs(paths, logs) for text in warnings_in(log))
    for text, number in found.most_common(SHOWN_WARNINGS):
        yield f"  warning: {text}{f' ({number} times)' if number > 1 else ''}"
    if len(found) > SHOWN_WARNINGS:
        yield f"  {len(found) - SHOWN_WARNINGS} more warnings: see the logs in {logs}"


def _logs(paths: Results, logs: Path) -> Iterator[Path]:
    """The logs of the stages; a log of a batch that does not exist any more is left out."""
    yield from sorted(logs.glob("*.log"))
    for stage in ("hash", "rescan"):
        yield from (logs / stage / f"{batch}.log" for batch in paths.batches())


def _products(paths: Results, made: Collection[str]) -> Iterator[str]:
    """A line for each product: path, size, and digest if it has one; for the standards, the names of the documents."""
    layout = str(paths.layout / "index.json")
    with_layout = [str(path) for path in (paths.layout, paths.standards) if layout in made]
    rows = [row for row in _rows(paths) if str(row[0]) in (*made, *with_layout)]
    width = max((len(str(path)) for path, *_ in rows), default=0)
    for path, size_bytes, digest in rows:
        yield f"  {path!s:{width}}  {size(size_bytes):>9}  {digest}".rstrip()


def _rows(paths: Results) -> Iterator[tuple[Path, int, str]]:
    layout = paths.layout / "index.json"
    if layout.is_file():
        manifest = json.loads(layout.read_bytes())["manifests"][0]["digest"]
        blobs = sum(blob.stat().st_size for blob in (paths.layout / "blobs/sha256").iterdir())
        yield paths.layout, blobs, manifest
    images = [paths.image(name) for name, one in FORMATS.items() if one is not LAYOUT]
    documents = sorted(path for path in paths.standards.glob("*.json") if path.name != paths.summary.name)
    if documents:
        yield (
            paths.standards,
            sum(path.stat().st_size for path in documents),
            ", ".join(path.name for path in documents),
        )
    others = [paths.catalog, paths.folder / "report.html", paths.folder / "stages/verify/report.json"]
    for path in (*images, *others):
        if path.is_file():
            yield path, path.stat().st_size, _digest(path, layout)


def _digest(path: Path, layout: Path) -> str:
    """The digest of a product: the image ID of an archive, and the sha256 of another file, if it is small."""
    if path.suffix == ".tar" and layout.is_file():
        # The image ID is the digest of the config blob.
        listed = json.loads((layout.parent / "manifest.json").read_bytes())
        return "image ID sha256:" + str(listed[0]["Config"]).rpartition("/")[2]
    if path.suffix == ".html" or path.stat().st_size > LARGEST_HASHED_BYTES:
        return ""
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
