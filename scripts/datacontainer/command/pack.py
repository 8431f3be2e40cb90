"""Pack: the whole workflow for one folder."""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import yaml

from datacontainer.command.profile import resolve_profile
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
        UsageError: for a wrong setting or profile, or if the package is installed without the workflow.
    """
    if not SCHEMA.is_file():
        raise UsageError("this installation has no workflow: run `pip install --editable FOLDER` with a clone")
    config = {"outdir": given.outdir, "dataset": {"path": given.folder, **_settings(given.settings)}}
    settings = read_settings(config, SCHEMA)
    if not given.dry_run:
        check_writable(Path(settings.outdir))
    options = _options(given)
    with _configuration(config, settings, keep=not given.dry_run) as file:
        return _run(["--configfile", str(file), *options])


def _options(given: argparse.Namespace) -> list[str]:
    target = [] if given.target == "all" else ["--", given.target]
    # With --cores, all jobs of a cluster together would get no more cores: a profile limits the jobs instead.
    cores = ["--cores", str(given.cores or "all")] if given.cores or given.profile is None else []
    profile = [] if given.profile is None else ["--profile", resolve_profile(given.profile)]
    return [*profile, *cores, *OPTIONS, *(["--dry-run"] if given.dry_run else []), *given.further, *target]


def _settings(pairs: Iterable[str]) -> dict[str, Any]:
    """The dataset's keys from texts such as version=2.0 or about.title=Fruit.

    A key whose type is text gets the text, not parsed as YAML.
    """
    defined = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair!r} has no value: write --set {name}=VALUE")
        key, dot, inner = name.partition(".")
        value = text if _is_text(name, defined) else read_text(text, f"--set {name}")
        if not dot:
            settings[key] = value
        elif isinstance(settings.setdefault(key, {}), dict):
            settings[key][inner] = value
        else:
            raise UsageError(f"--set {pair!r}: --set {key} is already a value without keys")
    return settings


def _is_text(name: str, defined: Mapping[str, Any]) -> bool:
    """Whether the type of a key of a dataset, such as version or about.title, is text. defined: $defs of the schema."""
    schema = defined["dataset"]
    for part in name.split("."):
        schema = schema.get("properties", {}).get(part) or schema.get("additionalProperties") or {}
        schema = defined[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return bool(schema.get("type") == "string")


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
