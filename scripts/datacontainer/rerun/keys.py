"""Keys: a digest of everything that decides what a stage writes."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.entrypoint.compile import PACKER_MODULES
from datacontainer.entrypoint.template import template_digest
from datacontainer.functions.load import source_digest
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import PACKER, Step, made_from
from datacontainer.runtime.sources import ROOT, files_digest, source_files


def key(step: Step, dataset: Dataset, results: Results) -> str:
    """The key of a step, in hex: a digest of its stage's format version, of the configuration and the user's sources
    that the stage depends on, and of the keys of the steps that it is made from.

    Two stages find what no key can know beforehand: scan the names of the shards, which are digests of their lists, and
    aggregate the digest of all content. The keys behind them depend on what these two found. The packer's key is a
    digest of its source; no other key depends on it, so a new packer is no reason to read the data again.
    """
    if step == PACKER:
        return _packer()
    upstream = [_found(one, step, dataset, results) for one in made_from(step, dataset, results) if one != PACKER]
    return _digest([step.stage, FORMATS[step.stage], _configuration(step.stage, dataset), upstream])


def function_sources(functions: Sequence[str]) -> list[tuple[str, str]]:
    """The user's functions as the configuration names them, each with the digest of its source."""
    return [(spec, _source(spec)) for spec in functions]


# What the other stages depend on is in the keys of the steps that they are made from.
_CONFIGURATION: dict[str, Callable[[Dataset], list[Any]]] = {
    "scan": lambda one: [one.path, one.exclude, one.symlinks, one.shard_files, one.shard_bytes],
    "hash": lambda one: [
        one.digests,
        function_sources(one.metadata),
        [one.mount, one.compression] if one.formats else [],
    ],
    "aggregate": lambda one: [one.name, one.version, one.mount, function_sources(one.dataset_metadata)],
    "render": lambda one: [one.mount, template_digest(one.template)],
    "assemble": lambda one: [one.identity, one.compression],
    "attest": lambda one: [
        one.attest,
        [one.digests, one.exclude, one.symlinks, one.shard_files, one.shard_bytes],
        function_sources([*one.metadata, *one.dataset_metadata]),
    ],
    "convert": lambda one: [files_digest([one.sign], Path(one.sign).parent) if one.sign else ""],
}


def _configuration(stage: str, dataset: Dataset) -> list[Any]:
    return _CONFIGURATION[stage](dataset) if stage in _CONFIGURATION else []


def _found(upstream: Step, step: Step, dataset: Dataset, results: Results) -> str:
    if upstream.stage == "scan":
        return step.part
    if upstream.stage == "aggregate":
        return results.content.read_text(errors="replace") if results.content.is_file() else ""
    return upstream.part + key(upstream, dataset, results)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


# Read once in a process; each job of a stage is a process of its own.
@cache
def _source(spec: str) -> str:
    return source_digest(spec)


@cache
def _packer() -> str:
    return files_digest(source_files(*PACKER_MODULES), ROOT)
