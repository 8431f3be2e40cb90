# What a workflow that embeds this one calls, as `datacontainer.product(…)`: docs/embedding.md shows it.


def product(name, file):
    """An input for the rules of an embedding workflow: a product of the dataset `name`, wherever the embedding puts it.

    Both texts may have the wildcards of the rule. A plain path would do, but then Snakemake also runs the rule when the
    dataset was looked at and had not changed.
    """

    def resolve(wildcards):
        dataset = name.format(**wildcards)
        if dataset not in SETTINGS.datasets:
            stop(f"no dataset {dataset!r} in this configuration: it has {', '.join(SETTINGS.datasets)}")
        checkpoints.scan.get(dataset=dataset)
        folder = Path(checkpoints.aggregate.get(dataset=dataset).output.catalog).parent
        if file not in ("catalog.parquet", "dataset.json"):
            checkpoints.assemble.get(dataset=dataset)
        return str(folder / file.format(**wildcards))

    return resolve
