# Seals: a stage whose files are not as it left them runs again, which must be known before Snakemake looks for itself.
def broken_seals():
    """What is wrong with the files of earlier runs; the seals of the stages that made them are gone then."""
    results = Path(rules.compile_packer.output[0]).parent.parent
    return break_seals(results, SETTINGS.datasets) if workflow.is_main_process else []


def changed_datasets():
    """The datasets that are not as their lists say; scan's seals are gone then.

    The state is a parameter of scan, too. But Snakemake forgets the parameters of a job that outlived it on a cluster.
    """
    changed = []
    for name, dataset in SETTINGS.datasets.items() if workflow.is_main_process else ():
        table = Path(str(rules.scan.output.table).format(dataset=name))
        known = read_state(table)
        if known is not None and state_now(dataset) not in (None, known):
            Path(str(rules.scan.output.seal).format(dataset=name)).unlink(missing_ok=True)
            changed.append(name)
    return changed


for name in changed_datasets():
    print(f"dataset {name!r} is not as it was: it is scanned again", file=sys.stderr)


for problem in broken_seals():
    print(f"{problem}: its stage runs again", file=sys.stderr)
