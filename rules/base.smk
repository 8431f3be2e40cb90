# base: the image on which the images are built -> its documents and layers, checked.
rule base:
    input:
        base=upstream("base"),
    output:
        index="<results>/{dataset}/stages/base/index.json",
        seal="<results>/{dataset}/stages/seals/base.seal",
    log:
        "<logs>/{dataset}/base.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/base.tsv"
    # A missing base ends the run before the data is read.
    priority: 1
    # The machines of a cluster may not reach a registry.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    params:
        run=command("base"),
    message:
        "base {wildcards.dataset}: fetch and check"
    shell:
        "exec {params.run} --log {log:q}"
