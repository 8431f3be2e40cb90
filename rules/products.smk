# products: the files that each target stands for, and what a person reads at the end of a run.
import time

STARTED = time.time()


def products(target):
    """The files of every dataset for a target, as far as its configuration asks for them."""
    return [f"<results>/{name}/{file}" for name, one in SETTINGS.datasets.items() for file in target_files(one, target)]


def print_next_steps():
    """Prints the lines to paste next."""
    lines = next_steps(SETTINGS.outdir, SETTINGS.datasets.values())
    if lines:
        print("\nNext, paste a line:", *lines, sep="\n  ", file=sys.stderr)
    for line in left_over(SETTINGS.outdir, SETTINGS.datasets.values()):
        print(line, file=sys.stderr)


def print_failures():
    """Prints the error of each job that failed in this run on another machine, whose terminal nobody sees."""
    failed = getattr(workflow.scheduler, "failed", ())
    jobs = [one for job in failed if not job.is_local for one in getattr(job, "jobs", [job])]
    logs = [Path(log) for job in jobs for log in job.log]
    errors = [last_error(log) for log in logs if log.exists() and log.stat().st_mtime >= STARTED]
    print(*sorted(filter(None, errors)), sep="\n", end="\n" if any(errors) else "", file=sys.stderr)
