# convert: the image layout -> the SIF.
rule convert:
    input:
        seals=upstream("convert"),
    output:
        sif="<results>/{dataset}/{dataset}.sif",
        seal="<results>/{dataset}/stages/seals/convert.seal",
    log:
        "<logs>/{dataset}/convert.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: job_threads
    resources:
        **requested("convert"),
    params:
        run=command("convert"),
    message:
        "convert {wildcards.dataset}: SIF"
    shell:
        "exec {params.run} --log {log:q}"
