# convert: the image layout -> the SIF.
rule convert:
    input:
        index=settled("<results>/{dataset}/oci/index.json", "assemble"),
        summary=ancient("<results>/{dataset}/dataset.json"),
        seal=ancient_settled("<results>/{dataset}/stages/seals/assemble.seal", "assemble"),
        packer=the_packer,
        binaries=attested_binaries,
    output:
        "<results>/{dataset}/{dataset}.sif",
        seal="<results>/{dataset}/stages/seals/convert.seal",
    log:
        "<logs>/{dataset}/convert.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: lambda wildcards: dataset_of(wildcards).threads
    resources:
        mem_mb=memory_for("convert"),
        runtime=time_for("convert"),
    params:
        identity=lambda wildcards: dataset_of(wildcards).identity,
        platform=lambda wildcards: dataset_of(wildcards).platforms[0],
        key=signing_key,
        recipe=recipe_of,
        compression=lambda wildcards: dataset_of(wildcards).compression,
        code=code("sif.convert"),
        packer=files_digest(PACKER_FILES),
    message:
        "convert {wildcards.dataset}: SIF"
    script:
        "../scripts/convert.py"
