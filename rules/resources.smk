# resources: the memory and time that a job requests from a cluster; a run on one machine ignores them.
import time

# The entries of each dataset's folder, and the seconds that a run has left to count more.
COUNTED = {}
COUNT_SECONDS = [5.0]
UNITS = {"mem_mb": "MB", "runtime": "minutes"}


# The highest requests, which only the main process knows; None without a limit.
LIMITS = {name: workflow.global_resources.get(f"max_{name}").value for name in UNITS}


def job_size(wildcards):
    """The size of the job's batch or, without one, of the dataset; 0 before the first scan."""
    batches = (wildcards.batch,) if "batch" in wildcards.keys() else None
    return size_of(results_of(wildcards.dataset).shards, batches)


def scan_size(wildcards):
    """The size for a scan, which no earlier stage knows: the entries of the folder, counted for a short time."""
    if not (workflow.is_main_process and on_cluster()):
        return Size(0, 0)
    # Another job may make the folder.
    now = wildcards.dataset, jobs_run()
    if now not in COUNTED:
        began = time.monotonic()
        COUNTED[now] = count_files(SETTINGS.datasets[wildcards.dataset].path, COUNT_SECONDS[0])
        COUNT_SECONDS[0] -= time.monotonic() - began
    return Size(COUNTED[now], 0)


def requested(stage):
    """Resources: the memory in MB and the time in minutes for a job of the stage, up to the profile's limits."""

    def resolve(name, function):
        def value(wildcards, attempt, rulename):
            size = (scan_size if stage == "scan" else job_size)(wildcards)
            wanted = function(stage, size, attempt)
            if LIMITS[name] is None or wanted <= LIMITS[name]:
                return wanted
            # Before the first job, the sizes of most jobs are not known.
            if on_cluster() and jobs_run() and (rulename, wildcards.dataset, name) not in PRINTED:
                PRINTED.add((rulename, wildcards.dataset, name))
                show(cut(f"{rulename} {wildcards.dataset}", wanted, LIMITS[name], UNITS[name], f"max_{name}"))
            return LIMITS[name]

        return value

    return {"mem_mb": resolve("mem_mb", memory_mb), "runtime": resolve("runtime", runtime_minutes)}


def job_threads(wildcards):
    """The cores for a job: one if its work is small, so that other jobs run at the same time; for a batch all of them."""
    if job_size(wildcards).threads() == 1:
        return 1
    return workflow.cores if "batch" in wildcards.keys() and not on_cluster() else dataset_of(wildcards).threads
