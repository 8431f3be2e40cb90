# rescan: with `rescan: full`, every file is read again and compared with its record; nothing else depends on it.
rule rescan_shard:
    input:
        seals=upstream("rescan", "shard"),
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
        run=command("rescan", "shard"),
    message:
        "rescan {wildcards.dataset}: reading shard {wildcards.shard} again"
    shell:
        "exec {params.run} --log {log:q}"


rule rescan:
    input:
        seals=upstream("rescan"),
    output:
        "<results>/{dataset}/stages/rescan/report.json",
    log:
        "<logs>/{dataset}/rescan.log",
    # It reads a few small files.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        run=command("rescan"),
    message:
        "rescan {wildcards.dataset}: files against their records"
    shell:
        "exec {params.run} --log {log:q}"
