# hash: each shard's list -> digests and users' fields (records), and the bytes in a layer; one read of the data.
rule hash:
    input:
        list="<results>/{dataset}/stages/scan/lists/{shard}.list",
        seal=ancient("<results>/{dataset}/stages/seals/scan.seal"),
        packer=the_packer,
    output:
        records="<results>/{dataset}/stages/hash/{shard}.parquet",
        layer="<results>/{dataset}/stages/hash/{shard}.layer",
        facts="<results>/{dataset}/stages/hash/{shard}.json",
        seal="<results>/{dataset}/stages/hash/{shard}.seal",
    log:
        "<logs>/{dataset}/hash/{shard}.log",
    wildcard_constraints:
        dataset=names_of_datasets(images=True),
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: hash_threads
    resources:
        mem_mb=memory_for("hash"),
        runtime=time_for("hash"),
    params:
        # What is made of threads is no reason to run again, as Snakemake does not compare it: the list says what is read.
        root=lambda wildcards, threads: dataset_of(wildcards).path,
        mount=lambda wildcards: dataset_of(wildcards).mount,
        digests=lambda wildcards: dataset_of(wildcards).digests,
        compression=lambda wildcards: dataset_of(wildcards).compression,
        functions=lambda wildcards: dataset_of(wildcards).metadata,
        sources=lambda wildcards: [source_digest(spec) for spec in dataset_of(wildcards).metadata],
        code=code("hash.hash"),
        packer=PACKER_SOURCES,
        rescan=lambda wildcards, threads: dataset_of(wildcards).rescan,
    message:
        "hash {wildcards.dataset}: shard {wildcards.shard}"
    script:
        "../scripts/hash.py"


# The same without a layer, for a dataset of which no image is wanted: what is as an earlier run found it is not read.
rule hash_records:
    input:
        list="<results>/{dataset}/stages/scan/lists/{shard}.list",
        seal=ancient("<results>/{dataset}/stages/seals/scan.seal"),
        packer=the_packer,
    output:
        records="<results>/{dataset}/stages/hash/{shard}.parquet",
        facts="<results>/{dataset}/stages/hash/{shard}.json",
        seal="<results>/{dataset}/stages/hash/{shard}.seal",
    log:
        "<logs>/{dataset}/hash/{shard}.log",
    wildcard_constraints:
        dataset=names_of_datasets(images=False),
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: 2
    resources:
        mem_mb=memory_for("hash"),
        runtime=time_for("hash"),
    params:
        root=lambda wildcards, threads: dataset_of(wildcards).path,
        digests=lambda wildcards: dataset_of(wildcards).digests,
        functions=lambda wildcards: dataset_of(wildcards).metadata,
        sources=lambda wildcards: [source_digest(spec) for spec in dataset_of(wildcards).metadata],
        code=code("hash.hash"),
        packer=PACKER_SOURCES,
        rescan=lambda wildcards, threads: dataset_of(wildcards).rescan,
    message:
        "hash {wildcards.dataset}: records of shard {wildcards.shard}"
    script:
        "../scripts/hash.py"
