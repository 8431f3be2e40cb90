"""The stage attest."""

from dataclasses import replace

from datacontainer.domains.registry import is_domain
from datacontainer.entrypoint.template import template_digest
from datacontainer.functions.work import function_sources
from datacontainer.image.attest import attestations, recipe
from datacontainer.image.built import Recipe
from datacontainer.image.programs import program_digests
from datacontainer.image.referrers import write_attestations
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.scan.rules import RULES, minimum_of, read_rule
from datacontainer.stages.base import prepared_of
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Writes the statements about the images, as files and as referrers for a registry."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("attest"), dataset, results)
    binaries = [results.binary(platform) for platform in dataset.platform_folders]
    made = attestations(recipe_of(task), layout=results.layout, summary=results.summary, binaries=binaries)
    write_attestations(made, results.attestations)
    seal(results.seal("attest"), made_with, read=[results.attestations])


def recipe_of(task: Task) -> Recipe:
    """The configuration and the digests of the user's sources, if the images have documents that name them.

    The configuration contains the minimum that cut the shards, also if it is from the rule of the results.
    """
    dataset = task.dataset
    if minimum := minimum_of(dataset) or RULES[read_rule(task.results.shards)]:
        dataset = replace(dataset, shard_files=minimum[0], shard_bytes=minimum[1])
    if not dataset.attest:
        return recipe(dataset, {})
    functions = function_sources([*dataset.metadata, *dataset.dataset_metadata])
    sources = {f"function {spec.rpartition('/')[2]}": digest for spec, digest in functions if not is_domain(spec)}
    template = {"template": template_digest(dataset.template)} if dataset.template else {}
    programs = {f"program {name} of {platform}": digest for name, platform, _, digest in program_digests(dataset)}
    prepared = prepared_of(task)
    base = {f"base {prepared.name}".strip(): prepared.digest.removeprefix("sha256:")} if prepared else {}
    return recipe(dataset, sources | template | programs | base)
