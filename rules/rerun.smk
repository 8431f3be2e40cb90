# rerun: which stages run again. datacontainer.rerun decides; this file passes the decisions to Snakemake.
#
# A seal is a small file that records that a stage finished, with which inputs, and the state of its outputs. It is the
# last output of its rule: Snakemake sets the mtimes of a job's outputs one after the other.
AUTHORITY = Authority(Path(place(f"<results>/{PACKER}")))
PRINTED = set()


def upstream(stage, part=None):
    """An input: the seals of the steps on which a stage depends; for scan, also the dataset.

    Snakemake runs a job again if its output is forced, or if a job writes its input again. For a stage that is due,
    both apply. The inputs of a stage that is not due are `ancient`: neither their mtimes nor earlier jobs make it run.
    The seals of checkpoints are inputs of all later stages, so that Snakemake evaluates this function again after each
    checkpoint.
    """

    def resolve(wildcards):
        dataset = dataset_of(wildcards)
        results = results_of(dataset.name)
        step = Step(stage, wildcards[part] if part else "")
        if stage != "packer":
            lock_products(dataset.name)
        due = decide(step, dataset, results)
        for name in checkpoints_before(stage):
            wait_for(name, dataset, results)
        seals = [str(AUTHORITY.seal_of(one, results)) for one in made_from(step, dataset, results)]
        once = [local(seal) if due else ancient(local(seal)) for seal in seals]
        asked = [str(results.seal(name)) for name in checkpoints_before(stage)]
        once += [ancient(local(seal)) for seal in asked if seal not in seals]
        if stage == "base":
            return base_inputs(dataset)
        return once + (dataset_inputs(dataset) if stage == "scan" else [])

    return resolve


def wait_for(checkpoint, dataset, results):
    """Returns if a checkpoint is done, and raises IncompleteCheckpointException otherwise.

    checkpoints.NAME.get() has two faults here: after `use rule … with`, the checkpoints have no names; and behind two
    checkpoints, it may report one as done that is still to run.
    """
    seal = str(results.seal(checkpoint))
    if decide(Step(checkpoint), dataset, results) or seal not in workflow.checkpoints.created_output:
        raise IncompleteCheckpointException(None, checkpoint_target(local(seal)))


def decide(step, dataset, results):
    """Whether the step is due; if so, forces Snakemake to run it. Only the main process decides."""
    if not workflow.is_main_process:
        return False
    # Listing the dataset takes time: only a run or a dry run does it, before its first job.
    look = workflow.executor_plugin is not None and workflow.scheduler is None
    found = AUTHORITY.due(step, dataset, results, look=look)
    if found.due and look and not workflow.dryrun:
        check_due(step, results)
    seal = str(AUTHORITY.seal_of(step, results))
    for message in found.messages:
        if message not in PRINTED:
            PRINTED.add(message)
            show(message)
    (workflow.dag.forcefiles.add if found.due else workflow.dag.forcefiles.discard)(seal)
    return found.due
