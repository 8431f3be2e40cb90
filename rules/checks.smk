# checks: errors of the configuration that end the run before the first job.


def check_configuration():
    """Stops if a function, template or key of the configuration is missing, or the results are from another folder."""
    try:
        check_outdir(place("<results>"))
        for name, dataset in SETTINGS.datasets.items():
            check_dataset(dataset, results_of(name), named_by_folder=SETTINGS.named_by_folder)
    except DataContainerError as error:
        stop(error)


def dataset_folder(wildcards):
    """An input of scan: the dataset's folder, which other rules of an embedding workflow may make."""
    dataset = dataset_of(wildcards)
    made = [one for one in workflow.rules if one.is_producer(dataset.path)]
    if not made and not dataset.after and not Path(dataset.path).is_dir():
        stop(
            f"dataset {wildcards.dataset!r}: {dataset.path!r} is not a folder: correct datasets.{wildcards.dataset}.path, "
            "or the folder in --config dataset=FOLDER"
        )
    lock_products(wildcards.dataset)
    return local(dataset.path) if made else ancient(local(dataset.path))


def check_go():
    """Stops if a run has to compile and Go is missing; with --sdm, the jobs have a Go of their own."""
    if workflow.executor_plugin is None or workflow.deployment_settings.deployment_method:
        return
    try:
        find_go()
    except DataContainerError as error:
        stop(error)


def lock_products(dataset):
    """Locks the dataset's products against other runs, also from other working directories, until this run ends."""
    if not workflow.is_main_process or workflow.executor_plugin is None or workflow.dryrun:
        return
    lock = Path(place(f"<results>/{PACKER}")).with_name(f"{dataset}.lock")
    try:
        warning = hold(lock, f"dataset {dataset!r} in {str(lock.parent.parent)!r}")
    except DataContainerError as error:
        stop(error)
    if warning:
        show(warning)
