# aggregate: the records of all shards -> the catalog, and the metadata of the dataset.
checkpoint aggregate:
    input:
        seals=upstream("aggregate"),
    output:
        catalog="<results>/{dataset}/catalog.parquet",
        summary="<results>/{dataset}/dataset.json",
        seal="<results>/{dataset}/stages/seals/aggregate.seal",
    log:
        "<logs>/{dataset}/aggregate.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/aggregate.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    resources:
        **requested("aggregate"),
    params:
        run=command("aggregate"),
    message:
        "aggregate {wildcards.dataset}: one catalog of all shards"
    shell:
        "exec {params.run} --log {log:q}"
