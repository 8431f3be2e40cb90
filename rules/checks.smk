# checks: errors of the configuration that end the run before the first job.


def check_configuration():
    """Stops if a function, template or key of the configuration is missing, or the results are from another folder."""
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
    """Locks the dataset's products against other runs, also from other working directories, until this run ends."""
    if not workflow.is_main_process or workflow.executor_plugin is None or workflow.dryrun:
        return
    lock = Path(place(f"<results>/{PACKER}")).with_name(f"{dataset}.lock")
    if warning := or_stop(hold, lock, f"dataset {dataset!r} in {str(lock.parent.parent)!r}"):
        show(warning)
