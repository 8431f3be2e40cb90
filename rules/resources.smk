# What the rules' jobs ask of a cluster; a run on one machine takes no notice of it.


def job_size(wildcards):
    """The size of the shard, or of the dataset where there is none; nothing before the first scan."""
    table = str(rules.scan.output.table).format(dataset=wildcards.dataset)
    return size_of(Path(table), wildcards.get("shard"))


def memory_for(stage):
    """A resource: the memory for a job of the stage, in MB."""
    return lambda wildcards, attempt: memory_mb(stage, job_size(wildcards), attempt)


def time_for(stage):
    """A resource: the time for a job of the stage, in minutes."""
    return lambda wildcards, attempt: runtime_minutes(stage, job_size(wildcards), attempt)


def hash_threads(wildcards):
    """The cores for a shard: more for compressing it, and for a small one less."""
    dataset = dataset_of(wildcards)
    return dataset.threads if dataset.compression != "none" else job_size(wildcards).threads()
