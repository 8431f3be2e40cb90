# scan: dataset/ -> lists of files, one per shard.
checkpoint scan:
    input:
        dataset_folder,
        # Neither through its checkpoint nor `ancient`: what follows waits for scan only if it is known from the start
        # that scan will run, and it costs little.
        packer="<results>/.datacontainer/packer",
    output:
        lists=directory("<results>/{dataset}/stages/scan/lists"),
        table="<results>/{dataset}/stages/scan/shards.tsv",
        seal="<results>/{dataset}/stages/seals/scan.seal",
    log:
        "<logs>/{dataset}/scan.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: 2
    resources:
        mem_mb=memory_for("scan"),
        runtime=time_for("scan"),
    params:
        root=lambda wildcards: dataset_of(wildcards).path,
        exclude=lambda wildcards: dataset_of(wildcards).exclude,
        symlinks=lambda wildcards: dataset_of(wildcards).symlinks,
        state=dataset_state,
        least=lambda wildcards: (dataset_of(wildcards).shard_files, dataset_of(wildcards).shard_bytes),
        code=code("scan.scan"),
        packer=PACKER_SOURCES,
    message:
        "scan {wildcards.dataset}: listing {input[0]}"
    script:
        "../scripts/scan.py"
