# scan: the dataset's folder -> lists of files, one for each shard.
checkpoint scan:
    input:
        seals=upstream("scan"),
    output:
        seal="<results>/{dataset}/stages/seals/scan.seal",
    log:
        "<logs>/{dataset}/scan.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/scan.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    threads: 2
    resources:
        **requested("scan"),
    params:
        run=command("scan"),
        path=lambda wildcards, output: dataset_of(wildcards).path,
    message:
        "scan {wildcards.dataset}: listing {params.path}"
    shell:
        "exec {params.run} --log {log:q}"
