# resources: the memory and time that a job requests from a cluster; a run on one machine ignores them.
def job_size(wildcards):
    """The size of the job's batch or, without one, of the dataset; 0 before the first scan."""
    batches = (wildcards.batch,) if "batch" in wildcards.keys() else None
    return size_of(results_of(wildcards.dataset).shards, batches)


def requested(stage):
    """Resources: the memory in MB and the time in minutes for a job of the stage."""
    return {
        "mem_mb": lambda wildcards, attempt: memory_mb(stage, job_size(wildcards), attempt),
        "runtime": lambda wildcards, attempt: runtime_minutes(stage, job_size(wildcards), attempt),
    }


def job_threads(wildcards):
    """The cores for a job: one if its work is small, so that other jobs run at the same time; for a batch all of them."""
    if job_size(wildcards).threads() == 1:
        return 1
    return workflow.cores if "batch" in wildcards.keys() and not on_cluster() else dataset_of(wildcards).threads
