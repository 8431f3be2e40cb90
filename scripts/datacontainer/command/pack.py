"""Pack: the whole workflow for one folder, with what a person wants to know on the terminal."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from datacontainer.config.nextsteps import next_steps
from datacontainer.config.results import PACKER, Results
from datacontainer.config.settings import Settings, read_settings
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import write_bytes
from datacontainer.runtime.sources import ROOT

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
# As profiles/default has them; Snakemake finds that only from the repository's folder.
OPTIONS = ("--scheduler", "greedy", "--rerun-incomplete", "--nolock")
MESSAGE = re.compile(r"(?:local)?(?:rule|checkpoint|Job) .*?: (.+)")
SHOWN = re.compile(r"(error|warning|stopped): |.* changed since the last scan|.*; its stage runs again|verify ")
SHOWN_TAIL = 20
UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB")


def pack(given: argparse.Namespace) -> int:
    """Builds the products of a folder and prints what they are; the exit status is Snakemake's.

    Raises:
        UsageError: for a setting that is unknown or wrong.
    """
    config = {"outdir": given.outdir, "dataset": {"path": given.folder, **_settings(given.settings)}}
    settings = read_settings(config, SCHEMA)
    with _configuration(config, settings, keep=not given.dry_run) as file:
        status = _run(["--configfile", str(file), *_options(given)])
    if status == 0 and not given.dry_run:
        print(*_summary(settings), sep="\n")
    return status


def _options(given: argparse.Namespace) -> list[str]:
    target = [] if given.target == "all" else [given.target]
    options = ["--cores", str(given.cores or "all"), *OPTIONS, *(["--dry-run"] if given.dry_run else [])]
    return [*options, *given.further, "--", *target] if target else [*options, *given.further]


def _settings(pairs: Iterable[str]) -> dict[str, Any]:
    """The dataset's keys from texts such as version=2.0: a key that takes text alone gets the text as it is."""
    keys = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["$defs"]["dataset"]["properties"]
    return dict(_setting(pair, keys) for pair in pairs)


def _setting(pair: str, keys: Mapping[str, Any]) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals:
        raise UsageError(f"--set {pair!r} has no value: write --set {name}=VALUE")
    if keys.get(name, {}).get("type") == "string":
        return name, text
    try:
        return name, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"--set {pair!r}: the value is not YAML: {' '.join(str(error).split())}") from error


@contextmanager
def _configuration(config: Mapping[str, Any], settings: Settings, *, keep: bool) -> Iterator[Path]:
    """A file with the configuration; to keep it, beside the packer, where the jobs of a cluster find it."""
    content = json.dumps(config, indent=2).encode() + b"\n"
    (name,) = settings.datasets
    with tempfile.TemporaryDirectory() as folder:
        file = Path(settings.outdir, PACKER).with_name(f"{name}.json") if keep else Path(folder, "config.json")
        write_bytes(file, content)
        yield file


def _run(arguments: list[str]) -> int:
    """Runs Snakemake and prints messages, warnings and errors; where it fails without one, its last lines."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow/pack.smk"), *arguments]
    last: deque[str] = deque(maxlen=SHOWN_TAIL)
    told = False
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="backslashreplace"
    ) as process:
        for line in process.stdout or ():
            last.append(line)
            found = MESSAGE.fullmatch(line.rstrip("\n"))
            if found or SHOWN.match(line):
                print(found[1] if found else line.rstrip("\n"), file=sys.stderr, flush=True)
                told = told or line.startswith("error: ")
    if process.returncode and not told:
        sys.stderr.writelines(last)
    return process.returncode


def _summary(settings: Settings) -> Iterator[str]:
    """What was packed, the products with their sizes, and the lines to paste next."""
    for name, dataset in settings.datasets.items():
        results = Results(Path(settings.outdir, name))
        about = json.loads(results.summary.read_bytes())
        size = _size(about["bytes"])
        yield f"\n{name}:{dataset.version}  {about['files']} files, {size}, dataset digest {about['digest']}"
        for path in (results.catalog, *map(results.image, dataset.images), results.folder / "report.html"):
            if path.exists():
                yield f"  {path}  {_size(path.stat().st_size)}"
    lines = next_steps(settings.outdir, list(settings.datasets.values()))
    if lines:
        yield "\nNext, paste a line:"
        yield from (f"  {line}" for line in lines)


def _size(size_bytes: int) -> str:
    power = min(len(UNITS) - 1, max(0, (len(str(size_bytes)) - 1) // 3))
    return f"{size_bytes} bytes" if power == 0 else f"{size_bytes / 1000**power:.1f} {UNITS[power]}"
