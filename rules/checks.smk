# checks: errors of the configuration that end the run before the first job.


def check_configuration():
    """Stops if a function, template or key of the configuration is missing, or the results are from another folder."""
    if in_container() and "://" not in IMAGE and not os.path.exists(IMAGE):
        stop(UsageError(f"no container {IMAGE!r}: run `make container`, or set DATACONTAINER_IMAGE to an image"))
    settings = {"named_by_folder": SETTINGS.named_by_folder, "deployed": deployed()}
    for name, dataset in SETTINGS.datasets.items():
        or_stop(check_dataset, dataset, results_of(name), **settings)


def check_due(step, results):
    """Stops before the first job if outdir cannot be written, or if a job on this machine needs Go and finds none."""
    here = step.stage == "packer" or (step.stage == "compile" and workflow.local_exec)
    or_stop(check_writable, results.folder)
    if here and not deployed():
        or_stop(find_go)


def lock_products(dataset):
    """Locks the dataset's products against other runs, also from other working directories, until this run ends.

    In a job, stops if its run ended, before Snakemake deletes the outputs of the job.
    """
    results = results_of(dataset)
    if not workflow.is_main_process:
        or_stop(check_run, results.lock, run_of_job())
    elif workflow.executor_plugin is not None and not workflow.dryrun:
        or_stop(take_over, results.lock, results.jobs, dataset, show)


if workflow.is_main_process:
    workflow.register_envvars(begin_run())
    logger.addFilter(note_name)
