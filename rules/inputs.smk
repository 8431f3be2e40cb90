# What the rules take as inputs and params: functions of the wildcards, or that make one.


STATES_BEFORE_JOBS = {}


def dataset_state(wildcards):
    """What the dataset looks like now; a change of it makes scan run again.

    Only the main process walks the tree: those of single jobs, on a cluster's nodes too, have no use for the answer. It
    asks more than once before the first job; and scan runs anyway, and is asked again, when the packer is to be built.
    """
    return state_now(dataset_of(wildcards)) if workflow.is_main_process else None


def state_now(dataset):
    """The state of a dataset; nothing without a packer of the first run."""
    packer = Path(rules.compile_packer.output[0])
    if not packer.exists():
        return None
    if workflow.scheduler is not None or dataset not in STATES_BEFORE_JOBS:
        state = fingerprint(dataset.path, dataset.exclude, packer, dataset.symlinks)
        STATES_BEFORE_JOBS[dataset] = state
    return STATES_BEFORE_JOBS[dataset]


def identity_in_catalog(wildcards):
    """What the catalog's summary says of the dataset besides its content."""
    dataset = dataset_of(wildcards)
    return {"name": dataset.name, "version": dataset.version, "mount": dataset.mount}


def of_shards(path):
    """An input: `path` for each shard of the dataset, in the order of the shards' paths."""

    def resolve(wildcards):
        shards = read_shards(Path(checkpoints.scan.get(**wildcards).output.table))
        return [path.replace("{shard}", shard).format(**wildcards) for shard in shards]

    return resolve


def ancient_of_shards(path):
    """As of_shards, for files whose change shows in another input, by content."""
    resolve = of_shards(path)
    return lambda wildcards: [ancient(name) for name in resolve(wildcards)]


def the_packer(wildcards):
    """The packer, whose change shows in a parameter: that it was only built again is no reason to read the data again."""
    return ancient(checkpoints.compile_packer.get().output[0])


def settled(path, *steps):
    """An input that is looked at again when scan and aggregate, and further steps, are done.

    Otherwise Snakemake runs all that follows once a scan has run, whether or not it found a change.
    """

    def resolve(wildcards):
        for step in ("scan", "aggregate", *steps):
            getattr(checkpoints, step).get(dataset=wildcards.dataset)
        return path.format(**wildcards)

    return resolve


def ancient_settled(path, *steps):
    """As settled, for a file whose change shows in another input."""
    resolve = settled(path, *steps)
    return lambda wildcards: ancient(resolve(wildcards))


def entrypoints(wildcards):
    """The dataset's entrypoint for each platform."""
    binaries = settled("<results>/{dataset}/bin")(wildcards)
    return [f"{binaries}/{platform}/entrypoint" for platform in dataset_of(wildcards).platform_folders]


def entrypoint_seals(wildcards):
    """The seal of each entrypoint."""
    seals = settled("<results>/{dataset}/stages/seals")(wildcards)
    return [ancient(f"{seals}/compile-{platform}.seal") for platform in dataset_of(wildcards).platform_folders]


def image_of(format, suffix):
    """An input: the dataset's image of a format, where the configuration asks for it."""
    resolve = settled(f"<results>/{{dataset}}/{{dataset}}.{suffix}")
    return lambda wildcards: resolve(wildcards) if format in dataset_of(wildcards).formats else []


def go_cache(wildcards):
    """Go's build cache where neither the environment nor a home folder has one."""
    return str(Path(rules.compile_packer.output[0]).with_name("go-cache"))
