# `snakemake --cores N` in a checkout starts here; the workflow itself is workflow/Snakefile.
include: "workflow/Snakefile"


# An included file never sets the default target, so it has to be named once more.
rule default:
    default_target: True
    input:
        rules.all.input,
