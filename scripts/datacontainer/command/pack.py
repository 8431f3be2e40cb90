"""Pack: the whole workflow for one folder."""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import yaml

from datacontainer.config.document import read_text
from datacontainer.config.results import PACKER
from datacontainer.config.settings import Settings, read_settings
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import check_writable, write_bytes
from datacontainer.runtime.sources import ROOT

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
# The options of profiles/default, which Snakemake finds only in the folder of the repository.
OPTIONS = ("--scheduler", "greedy", "--rerun-incomplete", "--nolock")


def pack(given: argparse.Namespace) -> int:
    """Builds the products of a folder; returns the exit status of Snakemake.

    Raises:
        UsageError: for a setting that is unknown or wrong.
    """
    config = {"outdir": given.outdir, "dataset": {"path": given.folder, **_settings(given.settings)}}
    settings = read_settings(config, SCHEMA)
    if not given.dry_run:
        check_writable(Path(settings.outdir))
    with _configuration(config, settings, keep=not given.dry_run) as file:
        return _run(["--configfile", str(file), *_options(given)])


def _options(given: argparse.Namespace) -> list[str]:
    target = [] if given.target == "all" else [given.target]
    options = ["--cores", str(given.cores or "all"), *OPTIONS, *(["--dry-run"] if given.dry_run else [])]
    return [*options, *given.further, "--", *target] if target else [*options, *given.further]


def _settings(pairs: Iterable[str]) -> dict[str, Any]:
    """The dataset's keys from texts such as version=2.0; a key whose type is text gets the text, not parsed as YAML."""
    keys = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["$defs"]["dataset"]["properties"]
    return dict(_setting(pair, keys) for pair in pairs)


def _setting(pair: str, keys: Mapping[str, Any]) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals:
        raise UsageError(f"--set {pair!r} has no value: write --set {name}=VALUE")
    if keys.get(name, {}).get("type") == "string":
        return name, text
    return name, read_text(text, f"--set {name}")


@contextmanager
def _configuration(config: Mapping[str, Any], settings: Settings, *, keep: bool) -> Iterator[Path]:
    """A file with the configuration. keep: whether it stays, next to the packer, for the jobs of a cluster."""
    content = json.dumps(config, indent=2).encode() + b"\n"
    (name,) = settings.datasets
    with nullcontext("") if keep else tempfile.TemporaryDirectory() as folder:
        file = Path(settings.outdir, PACKER).with_name(f"{name}.json") if keep else Path(folder, "config.json")
        write_bytes(file, content)
        yield file


def _run(arguments: list[str]) -> int:
    """Runs Snakemake in this process; its exit status."""
    try:
        from snakemake.cli import main

        main(["--snakefile", str(ROOT / "workflow/pack.smk"), *arguments])
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    return 0
