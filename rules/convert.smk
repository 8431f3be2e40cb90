# convert: the image layout -> the SIF.
rule convert:
    input:
        index=settled("<results>/{dataset}/oci/index.json", "assemble"),
        summary=ancient("<results>/{dataset}/dataset.json"),
        packer=the_packer,
        binaries=attested_binaries,
    output:
        "<results>/{dataset}/{dataset}.sif",
    log:
        "<logs>/{dataset}/convert.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        identity=lambda wildcards: dataset_of(wildcards).identity,
        platform=lambda wildcards: dataset_of(wildcards).platforms[0],
        key=signing_key,
        recipe=recipe_of,
        code=code("convert"),
        packer=files_digest(PACKER_FILES),
    message:
        "convert {wildcards.dataset}: SIF"
    script:
        "../scripts/convert.py"
