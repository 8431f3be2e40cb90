# push: the image and its attestations to a registry. Only the target `push` asks for it.
rule push_image:
    input:
        seals=upstream("push"),
    output:
        seal="<results>/{dataset}/stages/seals/push.seal",
    log:
        "<logs>/{dataset}/push.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/push.tsv"
    # The nodes of a cluster often reach no registry.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    params:
        run=command("push"),
    message:
        "push {wildcards.dataset}: image to the registry"
    shell:
        "exec {params.run} --log {log:q}"
