# verify: the finished images of a dataset against its catalog, by readers that did not write them.
rule verify_images:
    input:
        seals=upstream("verify"),
    output:
        "<results>/{dataset}/stages/verify/report.json",
    log:
        "<logs>/{dataset}/verify.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/verify.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    threads: 2
    resources:
        **requested("verify"),
    params:
        run=command("verify"),
    message:
        "verify {wildcards.dataset}: images against the catalog"
    shell:
        "exec {params.run} --log {log:q}"
