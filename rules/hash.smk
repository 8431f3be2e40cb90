# hash: each shard's list -> digests and the user's fields (records), and the bytes in a layer; one read of the data.
rule hash:
    input:
        seals=upstream("hash", "shard"),
    output:
        seal="<results>/{dataset}/stages/hash/{shard}.seal",
    log:
        "<logs>/{dataset}/hash/{shard}.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: hash_threads
    resources:
        mem_mb=memory_for("hash"),
        runtime=time_for("hash"),
    params:
        run=command("hash", "shard"),
    message:
        "hash {wildcards.dataset}: digests and layers"
    shell:
        "exec {params.run} --log {log:q}"
