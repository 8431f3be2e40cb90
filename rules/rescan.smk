# rescan: where `rescan: full` asks for it, every file is read again and compared with its record; nothing is made of it.
import time


rule rescan_shard:
    input:
        list="<results>/{dataset}/stages/scan/lists/{shard}.list",
        records=settled("<results>/{dataset}/stages/hash/{shard}.parquet"),
        packer=the_packer,
    output:
        "<results>/{dataset}/stages/rescan/{shard}.json",
    log:
        "<logs>/{dataset}/rescan/{shard}.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: 2
    resources:
        mem_mb=memory_for("hash"),
        runtime=time_for("hash"),
    params:
        root=lambda wildcards, threads: dataset_of(wildcards).path,
        code=code("hash.rescan"),
        # Who asks wants it to be read, whether or not anything is known to have changed.
        asked=time.time_ns(),
    message:
        "rescan {wildcards.dataset}: reading shard {wildcards.shard} again"
    script:
        "../scripts/rescan_shard.py"


rule rescan:
    input:
        catalog=settled("<results>/{dataset}/catalog.parquet"),
        shards=of_shards("<results>/{dataset}/stages/rescan/{shard}.json"),
    output:
        "<results>/{dataset}/stages/rescan/report.json",
    log:
        "<logs>/{dataset}/rescan.log",
    # It reads a few small files.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        asked=time.time_ns(),
        code=code("hash.rescan"),
    message:
        "rescan {wildcards.dataset}: files against their records"
    script:
        "../scripts/rescan.py"
