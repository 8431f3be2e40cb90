# assemble: layers and entrypoints -> the image layout, its Dockerfile, and the archive for `docker load`.
checkpoint assemble:
    input:
        content=settled("<results>/{dataset}/stages/aggregate/content.digest"),
        summary=ancient("<results>/{dataset}/dataset.json"),
        layers=ancient_of_shards("<results>/{dataset}/stages/hash/{shard}.layer"),
        facts=ancient_of_shards("<results>/{dataset}/stages/hash/{shard}.json"),
        binaries=entrypoints,
        seals=entrypoint_seals,
        template=ancient(DOCKERFILE_TEMPLATE),
        packer=the_packer,
    output:
        index="<results>/{dataset}/oci/index.json",
        manifest="<results>/{dataset}/oci/manifest.json",
        version="<results>/{dataset}/oci/oci-layout",
        dockerfile="<results>/{dataset}/Dockerfile",
        ignore="<results>/{dataset}/.dockerignore",
        seal="<results>/{dataset}/stages/seals/assemble.seal",
    log:
        "<logs>/{dataset}/assemble.log",
    # It makes links.
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        identity=lambda wildcards: dataset_of(wildcards).identity,
        platforms=lambda wildcards: dataset_of(wildcards).platforms,
        compression=lambda wildcards: dataset_of(wildcards).compression,
        template=files_digest([DOCKERFILE_TEMPLATE]),
        code=code("image.dockerfile"),
        packer=PACKER_SOURCES,
    message:
        "assemble {wildcards.dataset}: image layout"
    script:
        "../scripts/assemble.py"


rule assemble_archive:
    input:
        index=settled("<results>/{dataset}/oci/index.json", "assemble"),
        seal=ancient_settled("<results>/{dataset}/stages/seals/assemble.seal", "assemble"),
    output:
        "<results>/{dataset}/{dataset}.docker.tar",
        seal="<results>/{dataset}/stages/seals/assemble_archive.seal",
    log:
        "<logs>/{dataset}/assemble_archive.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    resources:
        mem_mb=memory_for("archive"),
        runtime=time_for("archive"),
    params:
        compression=lambda wildcards: dataset_of(wildcards).compression,
        code=code("image.archive"),
    message:
        "assemble {wildcards.dataset}: archive for docker load"
    script:
        "../scripts/assemble_archive.py"
