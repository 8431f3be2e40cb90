# common: the configuration, and the command that runs a stage.

# A checkout has a configuration file; `--config dataset=FOLDER` and an embedding workflow need none.
WORDS = workflow.config_settings.config_args or ()
OWN = ["config/config.yaml"] if os.path.exists("config/config.yaml") and not workflow.modifier.skip_configfile else []
if workflow.is_main_process and workflow.modifier.is_main_snakefile():
    # Snakemake reads the last of two equal keys, and its messages about a syntax error have no line number.
    for file in (*workflow.configfiles, *OWN):
        or_stop(read_file, file)
    or_stop(check_words, WORDS)
if OWN:

    configfile: "config/config.yaml"


# The objects of the datasets whose path is storage.PLUGIN(QUERY), by query.
STORED = {}


def query_of(value):
    """A configuration in which each object of a storage plugin is replaced by its query."""
    if isinstance(value, dict):
        return {key: query_of(one) for key, one in value.items()}
    stored = get_flag_value(value, "storage_object")
    if stored:
        STORED[stored.query] = stored
    return stored.query if stored else value


TYPED = Typed(workflow.configfiles, WORDS)
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
SETTINGS = or_stop(read_settings, query_of(config), SCHEMA, TYPED, checked=not workflow.is_main_process)

# Applies `prefix` and `pathvars` of an embedding workflow to paths. Each `use rule` reads this file again.
MODIFIER = workflow.modifier


wildcard_constraints:
    dataset="|".join(map(re.escape, SETTINGS.datasets)),
    batch="batch-[0-9]+",
    platform="linux-(amd64|arm64)",


def dataset_of(wildcards):
    """The dataset of a job; the job that compiles the packer belongs to no dataset and gets the first."""
    return located(SETTINGS.datasets[wildcards.get("dataset", next(iter(SETTINGS.datasets)))])


def place(path):
    """The path of a template such as "<results>/x", with the prefix of an embedding workflow."""
    return str(MODIFIER.pathvars.apply(MODIFIER.modify_path(path)))


def results_of(name):
    """The paths of a dataset's results."""
    return Results(Path(place("<results>")) / name)


def command(stage, part=None):
    """A param: the command that runs a stage. part: the wildcard that names the batch or the platform.

    Snakemake does not compare a param that depends on outputs or threads: seals decide what runs again.
    """

    def resolve(wildcards, output, threads):
        dataset = dataset_of(wildcards)
        task = Task(
            dataset=dataset,
            folder=results_of(dataset.name).folder,
            packer=Path(place(f"<results>/{PACKER}")),
            logs=Path(place("<logs>")) / dataset.name,
            parts=(wildcards[part],) if part else (),
            threads=threads,
            batches=0 if on_cluster() else 1,
            run=run_of_job(),
        )
        if in_container():
            bind_folders()
        python = "python" if deployed() else sys.executable
        return shlex.join([python, str(ROOT / "scripts/datacontainer"), stage, task.to_json()])

    return resolve
