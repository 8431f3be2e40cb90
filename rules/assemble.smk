# assemble: layers and entrypoints -> the image layout, its Dockerfile, and the archive for `docker load`.
rule assemble:
    input:
        seals=upstream("assemble"),
    output:
        index="<results>/{dataset}/oci/index.json",
        manifest="<results>/{dataset}/oci/manifest.json",
        version="<results>/{dataset}/oci/oci-layout",
        dockerfile="<results>/{dataset}/Dockerfile",
        ignore="<results>/{dataset}/.dockerignore",
        seal="<results>/{dataset}/stages/seals/assemble.seal",
    log:
        "<logs>/{dataset}/assemble.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/assemble.tsv"
    # Creates hard links.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    params:
        run=command("assemble"),
    message:
        "assemble {wildcards.dataset}: image layout"
    shell:
        "exec {params.run} --log {log:q}"


rule assemble_archive:
    input:
        seals=upstream("assemble_archive"),
    output:
        archive="<results>/{dataset}/{dataset}.docker.tar",
        seal="<results>/{dataset}/stages/seals/assemble_archive.seal",
    log:
        "<logs>/{dataset}/assemble_archive.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/assemble_archive.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    resources:
        **requested("archive"),
    params:
        run=command("assemble_archive"),
    message:
        "assemble {wildcards.dataset}: archive for docker load"
    shell:
        "exec {params.run} --log {log:q}"
