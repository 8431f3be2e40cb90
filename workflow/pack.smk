# `datacontainer pack` starts here: the workflow as a module, which reads no configuration file of the working directory.
module packing:
    snakefile:
        "Snakefile"
    config:
        config


use rule * from packing


rule default:
    default_target: True
    input:
        lambda wildcards: rules.all.input,
