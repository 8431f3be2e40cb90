"""The stage assemble."""

import json
import shutil
from pathlib import Path

from datacontainer.entrypoint.gobinary import check_one_go
from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.image.commands import write_commands
from datacontainer.image.dockerfile import write_dockerfile
from datacontainer.image.programs import check_programs, programs_of
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.runtime.sources import ROOT
from datacontainer.stages.base import identity_of, prepared_of
from datacontainer.stages.task import Task
from datacontainer.standards.standards import write_standards


def run(task: Task) -> None:
    """Writes the image layout from layers and entrypoints, and the Dockerfile next to it."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("assemble"), dataset, results)
    about = {"compression": dataset.compression}
    identity, base = identity_of(task), prepared_of(task)
    if not dataset.base:
        shutil.rmtree(results.base, ignore_errors=True)
    check_programs(dataset, static=not dataset.base)
    programs = programs_of(dataset.commands, dataset.platforms)
    commands = write_commands(dataset.commands, programs, results.commands, base.digest if base else "")
    assemble_layout(
        identity=identity,
        summary=results.summary,
        layers=[_layer(task, shard) for shard in results.shard_names()],
        metadata=_metadata(task) | commands,
        binaries=_binaries(task),
        programs=programs,
        layout=results.layout,
        packer=task.packer,
        base=base,
        **about,
    )
    dockerfile = results.folder / "Dockerfile"
    template = ROOT / "templates/Dockerfile.j2"
    based = {"extends": "it has layers of a base"} if dataset.base else {}
    write_dockerfile(identity, template, results.layout, results.summary, dockerfile, **about, **based)
    layout = [results.layout / name for name in ("index.json", "manifest.json", "oci-layout")]
    read = [
        *layout,
        dockerfile,
        dockerfile.with_name(".dockerignore"),
        *([results.standards] if dataset.standards else []),
        *commands.values(),
    ]
    seal(results.seal("assemble"), made_with, read=read, unread=[results.layout / "blobs"])


def _layer(task: Task, shard: str) -> ShardLayer:
    facts = task.results.facts(shard)
    check(task.results.seal("hash", shard), facts)
    return ShardLayer(task.results.layer(shard), json.loads(facts.read_bytes()))


def _metadata(task: Task) -> dict[str, Path]:
    results = task.results
    inside = {"catalog.parquet": results.image_catalog, "dataset.json": results.summary}
    check(results.seal("aggregate"), *inside.values())
    made = write_standards(
        task.dataset.standards, results.standards, summary=results.summary, catalog=results.image_catalog
    )
    return inside | made


def _binaries(task: Task) -> dict[str, Path]:
    found, seals = {}, {}
    for platform, folder in zip(task.dataset.platforms, task.dataset.platform_folders, strict=True):
        found[platform] = task.results.binary(folder)
        seals[found[platform]] = task.results.seal("compile", folder)
        check(seals[found[platform]], found[platform].parent)
    check_one_go(seals)
    return found
