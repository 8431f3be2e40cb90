# targets: the names for the command line; each stands for files of every dataset. workflow/Snakefile has `all`.
def nothing_to_push(_):
    """Ends the run: the target `push` stands for no files."""
    stop(UsageError("no dataset has the key push: write the tag of a registry, such as push: HOST/REPOSITORY:TAG"))


for target in TARGETS[1:]:

    rule:
        name:
            target
        input:
            products(target) or nothing_to_push,
