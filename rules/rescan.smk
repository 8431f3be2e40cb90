# rescan: with `rescan: full`, reads every file again and compares it with its record; no other stage depends on it.
rule rescan_batch:
    input:
        seals=upstream("rescan", "batch"),
    output:
        "<results>/{dataset}/stages/rescan/{batch}.json",
    log:
        "<logs>/{dataset}/rescan/{batch}.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/rescan/{batch}.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    threads: job_threads
    resources:
        **requested("hash"),
    params:
        run=command("rescan", "batch"),
    message:
        "rescan {wildcards.dataset}: reading every file again"
    shell:
        "exec {params.run} --log {log:q}"


rule rescan:
    input:
        seals=upstream("rescan"),
    output:
        "<results>/{dataset}/stages/rescan/report.json",
    log:
        "<logs>/{dataset}/rescan.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/rescan.tsv"
    # Reads a few small files.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    params:
        run=command("rescan"),
    message:
        "rescan {wildcards.dataset}: comparing files with their records"
    shell:
        "exec {params.run} --log {log:q}"
