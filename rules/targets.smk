# targets: the names for the command line; each stands for files of every dataset. workflow/Snakefile has `all`.
for target in TARGETS[1:]:

    rule:
        name:
            target
        input:
            products(target),
