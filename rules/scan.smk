# scan: dataset/ -> lists of files, one per shard.
checkpoint scan:
    input:
        dataset_folder,
    output:
        lists=directory("<results>/{dataset}/stages/scan/lists"),
        table="<results>/{dataset}/stages/scan/shards.tsv",
    log:
        "<logs>/{dataset}/scan.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        root=lambda wildcards: dataset_of(wildcards).path,
        exclude=lambda wildcards: dataset_of(wildcards).exclude,
        state=dataset_state,
        code=code("scan"),
    message:
        "scan {wildcards.dataset}: listing {input}"
    script:
        "../scripts/scan.py"
