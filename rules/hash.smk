# hash: each shard's list -> digests and users' fields (records), and the bytes in a layer; one read of the data.
rule hash:
    input:
        list="<results>/{dataset}/stages/scan/lists/{shard}.list",
        seal=ancient("<results>/{dataset}/stages/seals/scan.seal"),
        packer=the_packer,
    output:
        records="<results>/{dataset}/stages/hash/{shard}.parquet",
        layer="<results>/{dataset}/stages/hash/{shard}.layer.tar",
        facts="<results>/{dataset}/stages/hash/{shard}.json",
        seal="<results>/{dataset}/stages/hash/{shard}.seal",
    log:
        "<logs>/{dataset}/hash/{shard}.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: 2
    params:
        root=lambda wildcards: dataset_of(wildcards).path,
        mount=lambda wildcards: dataset_of(wildcards).mount,
        digests=lambda wildcards: dataset_of(wildcards).digests,
        functions=lambda wildcards: dataset_of(wildcards).metadata,
        sources=lambda wildcards: [source_digest(spec) for spec in dataset_of(wildcards).metadata],
        code=code("hash"),
        packer=PACKER_SOURCES,
    message:
        "hash {wildcards.dataset}: shard {wildcards.shard}"
    script:
        "../scripts/hash.py"
