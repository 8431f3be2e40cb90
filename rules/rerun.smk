# rerun: which stages run again. datacontainer.rerun decides; this file hands the decisions to Snakemake.
#
# A rule's seal is its last output: Snakemake gives the outputs of a job the time when it saw them, one after the other.
AUTHORITY = Authority(Path(place(f"<results>/{PACKER}")))
PRINTED = set()


def upstream(stage, part=None):
    """An input: the seals of the steps that a stage is made from.

    Snakemake runs a job again whose output it is asked to force, or whose input is made again. A stage that is due has
    both. For one that is not due, its inputs are `ancient`: no time, and no job before it, makes it run. The seals of
    checkpoints are inputs of all stages behind them, so that Snakemake asks again when a checkpoint is done.
    """

    def resolve(wildcards):
        dataset = dataset_of(wildcards)
        results = results_of(dataset.name)
        step = Step(stage, wildcards[part] if part else "")
        due = decide(step, dataset, results)
        for name in checkpoints_before(stage):
            wait_for(name, dataset, results)
        seals = [str(AUTHORITY.seal_of(one, results)) for one in made_from(step, dataset, results)]
        once = [local(seal) if due else ancient(local(seal)) for seal in seals]
        asked = [str(results.seal(name)) for name in checkpoints_before(stage)]
        return once + [ancient(local(seal)) for seal in asked if seal not in seals]

    return resolve


def wait_for(checkpoint, dataset, results):
    """Returns when a checkpoint is done.

    checkpoints.NAME.get() would do, but Snakemake gives each `use … with` checkpoints of its own, without names. And it
    may take a checkpoint for done that is still to run, where it asks for the jobs behind two checkpoints.
    """
    seal = str(results.seal(checkpoint))
    if decide(Step(checkpoint), dataset, results) or seal not in workflow.checkpoints.created_output:
        raise IncompleteCheckpointException(None, checkpoint_target(local(seal)))


def decide(step, dataset, results):
    """Whether the step is due; Snakemake is told to run it then. Only the main process decides."""
    if not workflow.is_main_process:
        return False
    # Listing the dataset costs time: only a run or a dry run pays for it, before its first job.
    look = workflow.executor_plugin is not None and workflow.scheduler is None
    found = AUTHORITY.due(step, dataset, results, look=look)
    if found.due and look and not workflow.dryrun:
        check_due(step, results)
    seal = str(AUTHORITY.seal_of(step, results))
    for message in found.messages:
        if message not in PRINTED:
            PRINTED.add(message)
            print(message, file=sys.stderr)
    (workflow.dag.forcefiles.add if found.due else workflow.dag.forcefiles.discard)(seal)
    return found.due
