# What sign and attest need to know: the key, and what the images are made with.
from datacontainer.image.attest import recipe
from datacontainer.sif.sign import check_key


def check_keys():
    """Returns when the keys that are to sign are there; it is better told before the data is read than after."""
    for name, dataset in SETTINGS.datasets.items():
        if dataset.sign is not None and "sif" in dataset.formats:
            check_key(name, dataset.sign)


# Single jobs, on a cluster's nodes too, parse this file again; one that does not sign may not see the key.
if workflow.is_main_process:
    try:
        check_keys()
    except DataContainerError as error:
        raise WorkflowError(str(error)) from None


def signing_key(wildcards):
    """The key to sign with, and the beginning of a digest of it, so that another key is noticed; None without one.

    It is no input: Snakemake takes inputs into its archives, and checks them against those of other rules.
    """
    key = dataset_of(wildcards).sign
    return (key, files_digest([key])[:16]) if key is not None else None


def recipe_of(wildcards):
    """What is known beforehand of how the images are built, where it is to be told of."""
    dataset = dataset_of(wildcards)
    functions = [*dataset.metadata, *dataset.dataset_metadata] if dataset.attest else []
    template = template_files(dataset.template) if dataset.attest else []
    sources = {f"function {spec.rpartition('/')[2]}": source_digest(spec) for spec in functions}
    sources |= {"template": files_digest(template)} if template else {}
    sources |= {
        "entrypoint source": files_digest(ENTRYPOINT_FILES),
        "packer source": PACKER_SOURCES,
        "datacontainer package": files_digest(LIBRARY_FILES),
    }
    return recipe(dataset, sources)


def attested_binaries(wildcards):
    """The entrypoints, where something is to be said of what they are made of."""
    return ancient(entrypoints(wildcards)) if dataset_of(wildcards).attest else []


def attestations_of(wildcards):
    """The folder of what is said of the images, where something is."""
    return settled("<results>/{dataset}/attestations")(wildcards) if dataset_of(wildcards).attest else []
