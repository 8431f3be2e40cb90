# attest: what can be said of the images, as files and as referrers for a registry.
rule attest:
    input:
        index=settled("<results>/{dataset}/oci/index.json", "assemble"),
        summary=ancient("<results>/{dataset}/dataset.json"),
        binaries=attested_binaries,
    output:
        folder=directory("<results>/{dataset}/attestations"),
        seal="<results>/{dataset}/stages/seals/attest.seal",
    log:
        "<logs>/{dataset}/attest.log",
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        recipe=recipe_of,
        code=code("image.referrers"),
    message:
        "attest {wildcards.dataset}: statements about the images"
    script:
        "../scripts/attest.py"
