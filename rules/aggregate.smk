# aggregate: the shards' records -> the catalog, and what the dataset is as a whole.
checkpoint aggregate:
    input:
        records=of_shards("<results>/{dataset}/stages/hash/{shard}.parquet"),
        facts=of_shards("<results>/{dataset}/stages/hash/{shard}.json"),
        seals=ancient_of_shards("<results>/{dataset}/stages/hash/{shard}.seal"),
    output:
        catalog="<results>/{dataset}/catalog.parquet",
        summary="<results>/{dataset}/dataset.json",
        # Small, so that Snakemake compares it by content: what follows runs again only when it changes.
        content="<results>/{dataset}/stages/aggregate/content.digest",
        seal="<results>/{dataset}/stages/seals/aggregate.seal",
    log:
        "<logs>/{dataset}/aggregate.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    resources:
        mem_mb=memory_for("aggregate"),
        runtime=time_for("aggregate"),
    params:
        identity=identity_in_catalog,
        functions=lambda wildcards: dataset_of(wildcards).dataset_metadata,
        sources=lambda wildcards: [source_digest(spec) for spec in dataset_of(wildcards).dataset_metadata],
        code=code("catalog.aggregate"),
    message:
        "aggregate {wildcards.dataset}: one catalog of all shards"
    script:
        "../scripts/aggregate.py"
