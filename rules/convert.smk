# convert: the image layout -> the SIF, and the OCI-SIF.
rule convert:
    input:
        seals=upstream("convert"),
    output:
        sif="<results>/{dataset}/{dataset}.sif",
        seal="<results>/{dataset}/stages/seals/convert.seal",
    log:
        "<logs>/{dataset}/convert.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/convert.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    threads: job_threads
    resources:
        **requested("convert"),
    params:
        run=command("convert"),
    message:
        "convert {wildcards.dataset}: SIF"
    shell:
        "exec {params.run} --log {log:q}"


rule convert_oci:
    input:
        seals=upstream("convert_oci"),
    output:
        image="<results>/{dataset}/{dataset}.oci.sif",
        seal="<results>/{dataset}/stages/seals/convert_oci.seal",
    log:
        "<logs>/{dataset}/convert_oci.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/convert_oci.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    threads: job_threads
    resources:
        **requested("convert"),
    params:
        run=command("convert_oci"),
    message:
        "convert {wildcards.dataset}: OCI-SIF"
    shell:
        "exec {params.run} --log {log:q}"
