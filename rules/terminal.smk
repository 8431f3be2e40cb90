# terminal: the output of a run. A workflow that embeds this one keeps Snakemake's own output.
import time

STARTED = time.time()
OURS = {ROOT / file for file in ("Snakefile", "workflow/Snakefile", "workflow/pack.smk")}


def products(target):
    """The files of every dataset for a target, as far as its configuration asks for them."""
    pairs = [(name, file) for name, one in SETTINGS.datasets.items() for file in target_files(one, target)]
    return [local(str(results_of(name).folder / file)) for name, file in pairs]


def use_console():
    """Replaces Snakemake's output on the terminal, unless the user asked for it, and adds the last lines of the run."""
    handlers = [one for one in logger.handlers if one.name == "DefaultStreamHandler"]
    asked = workflow.output_settings
    silent = asked.dryrun or Quietness.ALL in (asked.quiet or ())
    if silent or not workflow.is_main_process or not handlers or Path(workflow.main_snakefile) not in OURS:
        return None
    logger.removeHandler(handlers[0])
    console = Console(
        handlers[0],
        plain=asked.verbose or asked.printshellcmds or asked.debug_dag or asked.show_failed_logs,
        messages=not asked.quiet,
        summary=summary_lines,
        whole=work_of_hash,
        targets=TARGETS,
        stream=handlers[0].stream,
    )
    logger.addHandler(console)
    return console


def summary_lines():
    """The last lines of a run that succeeded."""
    made = {str(file) for job in workflow.dag.jobs for file in job.output}
    paths = [(dataset, results_of(name)) for name, dataset in SETTINGS.datasets.items()]
    return summary(paths, Path(place("<logs>")), made)


def work_of_hash(name):
    """The files and bytes of the shards that a run has to hash."""
    jobs = [job for job in workflow.dag.needrun_jobs() if job.rule.name == "hash" and job.wildcards.dataset == name]
    dataset, results = located(SETTINGS.datasets[name]), results_of(name)
    shards = [shard for job in jobs for shard in AUTHORITY.due_shards(job.wildcards.batch, dataset, results)]
    found = size_of(results.shards, shards)
    return Amount(0, found.files, 0, found.size_bytes)


def print_failures():
    """Prints the error of each failed job, for `onerror` of an embedding workflow."""
    failures = Failures(STARTED)
    failed = [one for job in getattr(workflow.scheduler, "failed", ()) for one in getattr(job, "jobs", [job])]
    for job in failed:
        if not job.is_local:
            failures.add_job(job.jobid, job.rule.name, list(job.log))
    if failures:
        print(*failures.lines(), sep="\n", file=sys.stderr)


CONSOLE = use_console()
if CONSOLE:
    stop_at_ctrl_c(CONSOLE.stop, jobs_run)


def show(text):
    """Prints a line on the terminal."""
    CONSOLE.print(text) if CONSOLE else print(text, file=sys.stderr)
