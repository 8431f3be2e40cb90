"""The stage attest."""

from datacontainer.config.dataset import Dataset
from datacontainer.entrypoint.template import template_digest
from datacontainer.image.attest import attestations, recipe
from datacontainer.image.built import Recipe
from datacontainer.image.referrers import write_attestations
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import function_sources, key
from datacontainer.runtime.seals import seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Writes the statements about the images, as files and as referrers for a registry."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("attest"), dataset, results)
    binaries = [results.binary(platform) for platform in dataset.platform_folders]
    made = attestations(recipe_of(dataset), layout=results.layout, summary=results.summary, binaries=binaries)
    write_attestations(made, results.attestations)
    seal(results.seal("attest"), made_with, read=[results.attestations])


def recipe_of(dataset: Dataset) -> Recipe:
    """The configuration and the digests of the user's sources, if the images have documents that name them."""
    if not dataset.attest:
        return recipe(dataset, {})
    functions = function_sources([*dataset.metadata, *dataset.dataset_metadata])
    sources = {f"function {spec.rpartition('/')[2]}": digest for spec, digest in functions}
    template = {"template": template_digest(dataset.template)} if dataset.template else {}
    return recipe(dataset, sources | template)
