# attest: documents about the images, as files and as referrers for a registry.
rule attest:
    input:
        seals=upstream("attest"),
    output:
        folder=directory("<results>/{dataset}/attestations"),
        seal="<results>/{dataset}/stages/seals/attest.seal",
    log:
        "<logs>/{dataset}/attest.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/attest.tsv"
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    params:
        run=command("attest"),
    message:
        "attest {wildcards.dataset}: documents about the images"
    shell:
        "exec {params.run} --log {log:q}"
