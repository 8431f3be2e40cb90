# resources: the memory and time that a job requests from a cluster; a run on one machine ignores them.
def job_size(wildcards):
    """The size of the job's batch or, without one, of the dataset; 0 before the first scan."""
    batches = (wildcards.batch,) if "batch" in wildcards.keys() else None
    return size_of(results_of(wildcards.dataset).shards, batches)


def memory_for(stage):
    """A resource: the memory for a job of the stage, in MB."""
    return lambda wildcards, attempt: memory_mb(stage, job_size(wildcards), attempt)


def time_for(stage):
    """A resource: the time for a job of the stage, in minutes."""
    return lambda wildcards, attempt: runtime_minutes(stage, job_size(wildcards), attempt)


def batch_threads(wildcards):
    """The cores for a batch: one if it is small; all of this machine; or, on a cluster, some of another machine."""
    if job_size(wildcards).threads() == 1:
        return 1
    return dataset_of(wildcards).threads if on_cluster() else workflow.cores


def dataset_threads(wildcards):
    """The cores for a job on the whole dataset: one if it is small, so that other jobs run at the same time."""
    return 1 if job_size(wildcards).threads() == 1 else dataset_of(wildcards).threads
