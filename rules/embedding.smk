# embedding: functions for workflows that use this one as a module.


def product(name, file):
    """A product of the dataset `name`, with the embedding's prefix, as an input for a rule of an embedding workflow.

    Both texts may contain wildcards of the rule. With a plain path instead, Snakemake also runs the rule after a scan
    that found no change.
    """

    def resolve(wildcards):
        dataset = name.format(**wildcards)
        if dataset not in SETTINGS.datasets:
            stop(f"no dataset {dataset!r} in this configuration: it has {', '.join(SETTINGS.datasets)}")
        results = results_of(dataset)
        for checkpoint in checkpoints_before("render"):
            wait_for(checkpoint, SETTINGS.datasets[dataset], results)
        return local(str(results.folder / file.format(**wildcards)))

    return resolve


def packer_has_a_rule():
    """Whether another embedding in the same workflow builds the packer of this results folder."""
    return any(one.is_producer(place(f"<results>/{PACKER}")) for one in workflow.rules)


def check_embedding():
    """Stops if an embedding workflow uses an unsupported modifier; called before the rules of this workflow exist."""
    if MODIFIER.path_modifier.modifies_prefixes:
        stop(
            "replace_prefix does not change every path of this workflow: use `prefix`, or `pathvars: results=…, logs=…`"
        )
    # A later `use … with` changes a part of the same embedding.
    for name in SETTINGS.datasets if MODIFIER.rule_whitelist is None else ():
        catalog = results_of(name).catalog
        if any(one.is_producer(str(catalog)) for one in workflow.rules):
            stop(f"two embeddings write {str(catalog)!r}: give one of them another outdir, prefix or dataset name")


def files_to_wait_for(wildcards):
    """An input of scan: the files in `after`, and the outputs of the rules in `after`."""
    dataset = dataset_of(wildcards)
    found = list(files_before(dataset))
    others = [one for one in workflow.rules if Path(os.path.abspath(str(one.snakefile))).parent != ROOT / "rules"]
    unordered = unordered_writers(others, dataset.path, found) if workflow.is_main_process else []
    if unordered:
        stop(
            f"rules write below {dataset.path!r}, and dataset {dataset.name!r} does not wait for them: "
            f"{', '.join(unordered)}; add their names, or a file that the last of them writes, to "
            f"datasets.{dataset.name}.after"
        )
    return list(map(local, found))


def files_before(dataset):
    by_name = {one.name: one for one in workflow.rules}
    for name in dataset.after:
        if name not in by_name:
            yield name
        elif by_name[name].has_wildcards():
            stop(f"datasets.{dataset.name}.after: {name!r} has wildcards: list the files that it writes")
        else:
            yield from map(str, by_name[name].output)
