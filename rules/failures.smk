# What went wrong on other machines, whose terminal nobody sees.
import time

STARTED = time.time()


def print_failures():
    """Shows the error of each job that failed in this run and was not run here, where it was shown already."""
    failed = getattr(workflow.scheduler, "failed", ())
    jobs = [one for job in failed if not job.is_local for one in getattr(job, "jobs", [job])]
    logs = [Path(log) for job in jobs for log in job.log]
    errors = [last_error(log) for log in logs if log.exists() and log.stat().st_mtime >= STARTED]
    print(*sorted(filter(None, errors)), sep="\n", end="\n" if any(errors) else "", file=sys.stderr)
