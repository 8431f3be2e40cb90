# hash: the shards of a batch -> digests and the user's fields (records), and the bytes in layers; one read of the data.
rule hash:
    input:
        seals=upstream("hash", "batch"),
    output:
        seal="<results>/{dataset}/stages/hash/{batch}.seal",
    log:
        "<logs>/{dataset}/hash/{batch}.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/hash/{batch}.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    threads: job_threads
    resources:
        **requested("hash"),
    params:
        run=command("hash", "batch"),
    message:
        "hash {wildcards.dataset}: digests and layers"
    shell:
        "exec {params.run} --log {log:q}"
