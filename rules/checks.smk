# What has to hold before the first job, said in one line where it does not.


def dataset_folder(wildcards):
    """The dataset's folder, which another rule of an embedding workflow may make."""
    path = dataset_of(wildcards).path
    made = any(one.is_producer(path) for one in workflow.rules)
    if not made and not Path(path).is_dir():
        stop(
            f"dataset {wildcards.dataset!r}: {path!r} is not a folder: correct datasets.{wildcards.dataset}.path, "
            "or the folder in --config dataset=FOLDER"
        )
    lock_products(wildcards.dataset)
    return local(path)


def lock_products(dataset):
    """Keeps other runs, also those that start in another folder, from the dataset's products until this one ends."""
    if not workflow.is_main_process or workflow.executor_plugin is None or workflow.dryrun:
        return
    lock = Path(rules.compile_packer.output[0]).with_name(f"{dataset}.lock")
    try:
        warning = hold(lock, f"dataset {dataset!r} in {str(lock.parent.parent)!r}")
    except DataContainerError as error:
        stop(error)
    if warning:
        print(warning, file=sys.stderr)


def stop(message):
    """Ends the run with one line, before the first job: Snakemake prints a trace below an exception's."""
    if workflow.scheduler is not None:
        raise WorkflowError(message)
    logger.error(f"error: {message}")
    raise SystemExit(UsageError.exit_status)


def check_code():
    """Stops where there is no file of a function or template that the configuration names."""
    for name, dataset in SETTINGS.datasets.items() if workflow.is_main_process else ():
        for spec in (*dataset.metadata, *dataset.dataset_metadata):
            try:
                check_file(spec)
            except DataContainerError as error:
                stop(f"datasets.{name}: {error}")
        if dataset.template is not None and not template_files(dataset.template):
            stop(f"datasets.{name}.template: there is no file or folder with files at {dataset.template!r}")


def check_origins():
    """Stops where a dataset that is called after its folder would replace the results of another of the same name."""
    if not (SETTINGS.named_by_folder and workflow.is_main_process):
        return
    # An embedding workflow may have moved the results elsewhere.
    results = Path(rules.compile_packer.output[0]).parents[1]
    for name, dataset in SETTINGS.datasets.items():
        try:
            check_origin(name, dataset.path, results / name)
        except DataContainerError as error:
            stop(error)
