"""Keys: the key of a stage is a digest of everything that decides the stage's output."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from datacontainer.base.fingerprint import base_record, fingerprint
from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.domains.registry import with_domains
from datacontainer.entrypoint.template import template_digest
from datacontainer.functions.work import function_sources
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import PACKER, Step, made_from, shards_of
from datacontainer.runtime.sources import ROOT, files_digest, source_files


def key(step: Step, dataset: Dataset, results: Results) -> str:
    """Returns the key of a step: a sha256, in hex, of the stage's format version, of the settings and the user's source
    files that the stage depends on, and of the keys of the steps whose output it reads.

    Later keys depend on two results that are known only during a run: the names of the shards, which are digests of
    their lists, from scan; and the digest of all content, from aggregate. The packer's key is a digest of its source;
    no other key depends on it, so a new packer does not cause the data to be read again.
    """
    if step == PACKER:
        return _packer()
    # The batches of the shards change neither the keys of shards nor later keys.
    of_shards = step.stage in ("hash", "aggregate")
    made = shards_of(step, results) if of_shards else made_from(step, dataset, results)
    upstream = [_found(one, step, dataset, results) for one in made if one != PACKER]
    stage = "hash" if step.stage == "shard" else step.stage
    return _digest([stage, FORMATS[stage], _settings(stage, dataset), upstream])


# The form of compressed layers, if it changed since a release: other layers are not written again.
_FORMS = {"zstd": "zstd:chunked"}


def _layers(dataset: Dataset) -> str:
    return _FORMS.get(dataset.compression, dataset.compression)


def _signing(dataset: Dataset) -> list[Any]:
    return [files_digest([dataset.sign], Path(dataset.sign).parent) if dataset.sign else ""]


def _commands(dataset: Dataset) -> list[Any]:
    """The commands and the digests of their programs; nothing without commands, so that earlier keys stay valid."""
    if not dataset.commands:
        return []
    # Few datasets have commands, and every job imports this module.
    from datacontainer.image.programs import program_digests

    commands = {name: {**one, "program": None} for name, one in dataset.commands.items()}
    return [commands, program_digests(dataset)]


# Stages that are missing here depend on settings only through the keys of the steps whose output they read.
_SETTINGS: dict[str, Callable[[Dataset], list[Any]]] = {
    "scan": lambda one: [one.path, one.left_out, one.exclude, one.symlinks, one.shard_files, one.shard_bytes],
    "hash": lambda one: [
        one.digests,
        function_sources(one.metadata),
        [one.mount, _layers(one)] if one.formats else [],
    ],
    "aggregate": lambda one: [
        [one.name, one.version, one.mount, one.about],
        function_sources(with_domains(one.dataset_metadata, one.metadata)),
        one.on_error,
    ],
    "render": lambda one: [one.mount, template_digest(one.template)],
    "base": lambda one: [one.base, one.platforms, one.mount, fingerprint(one.base)] if one.base else [],
    "assemble": lambda one: [one.identity, _layers(one), one.standards, *_commands(one)],
    "attest": lambda one: [
        one.attest,
        [one.about, one.digests, one.exclude_defaults, one.exclude, one.symlinks, one.shard_files, one.shard_bytes],
        function_sources([*one.metadata, *one.dataset_metadata]),
    ],
    "push": lambda one: [one.push],
    # The key of a report without a push is that of earlier releases.
    "report": lambda one: [one.push] if one.push else [],
    "convert": _signing,
    "convert_oci": _signing,
}


def _settings(stage: str, dataset: Dataset) -> list[Any]:
    return _SETTINGS[stage](dataset) if stage in _SETTINGS else []


def _found(upstream: Step, step: Step, dataset: Dataset, results: Results) -> str:
    if upstream.stage == "scan":
        return step.part
    if upstream.stage == "aggregate":
        return results.content.read_text(errors="replace") if results.content.is_file() else ""
    if upstream.stage == "base":
        # A tag of a registry may point to another image when it is fetched again.
        return base_record(results.base) + key(upstream, dataset, results)
    return upstream.part + key(upstream, dataset, results)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


# Cached: the sources do not change within a process, and each job is a separate process.
@cache
def _packer() -> str:
    from datacontainer.entrypoint.compile import PACKER_MODULES

    return files_digest(source_files(*PACKER_MODULES), ROOT)
