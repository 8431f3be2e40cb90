# Seals: a stage whose files are not as it left them runs again, which must be known before Snakemake looks for itself.
def broken_seals():
    """What is wrong with the files of earlier runs; the seals of the stages that made them are gone then."""
    results = Path(rules.compile_packer.output[0]).parent.parent
    return break_seals(results, SETTINGS.datasets) if workflow.is_main_process else []


for problem in broken_seals():
    print(f"{problem}: its stage runs again", file=sys.stderr)
