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
            wait_for(checkpoint, located(SETTINGS.datasets[dataset]), results)
        return local(str(results.folder / file.format(**wildcards)))

    return resolve


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


def base_inputs(dataset):
    """The inputs of the stage base: the file or folder of the base, if it is an output of this workflow."""
    if any(one.is_producer(dataset.base) for one in workflow.rules):
        return [local(dataset.base)]
    # Few datasets have a base, and each process of Snakemake reads the rules.
    from datacontainer.base.open import check_base

    or_stop(check_base, dataset.name, dataset.base, dataset.platforms)
    return []


def dataset_inputs(dataset):
    """The inputs of scan that other rules may make: the dataset's folder, and the files and rules in `after`."""
    watch_slurm()
    made = made_by_rule(SETTINGS.datasets[dataset.name].path)
    if made is None and not dataset.after:
        or_stop(check_folder, dataset)
    after = or_stop(files_before, dataset, workflow.rules)
    if workflow.is_main_process:
        others = [one for one in workflow.rules if Path(os.path.abspath(str(one.snakefile))).parent != ROOT / "rules"]
        or_stop(check_writers, replace(dataset, path=str(made or dataset.path)), others, after)
    found = list(map(local, after))
    # Snakemake would replace parts such as {x} and <x> of a path that no rule makes.
    if made is not None:
        found.append(not_retrieved(made))
    elif not is_remote(dataset.path) and not re.search(r"\{.+\}|<\w+>", dataset.path):
        found.append(ancient(local(dataset.path)))
    return found
