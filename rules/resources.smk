# resources: the memory and time that a job requests from a cluster; a run on one machine ignores them.
def job_size(wildcards):
    """The size of the job's shard or, without one, of the dataset; 0 before the first scan."""
    shards = (wildcards.shard,) if "shard" in wildcards.keys() else None
    return size_of(results_of(wildcards.dataset).shards, shards)


def memory_for(stage):
    """A resource: the memory for a job of the stage, in MB."""
    return lambda wildcards, attempt: memory_mb(stage, job_size(wildcards), attempt)


def time_for(stage):
    """A resource: the time for a job of the stage, in minutes."""
    return lambda wildcards, attempt: runtime_minutes(stage, job_size(wildcards), attempt)


def hash_threads(wildcards):
    """The cores for a shard: several for compression, one for a small shard."""
    dataset = dataset_of(wildcards)
    return dataset.threads if dataset.compression != "none" else job_size(wildcards).threads()
