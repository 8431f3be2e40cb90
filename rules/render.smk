# render: the catalog -> the Go source of the entrypoint, and the index that it embeds.
rule render:
    input:
        module=ancient(ENTRYPOINT_FILES),
        content=settled("<results>/{dataset}/stages/aggregate/content.digest"),
        catalog=ancient("<results>/{dataset}/catalog.parquet"),
        summary=ancient("<results>/{dataset}/dataset.json"),
        seal=ancient_settled("<results>/{dataset}/stages/seals/aggregate.seal"),
    output:
        folder=directory("<results>/{dataset}/stages/render"),
        seal="<results>/{dataset}/stages/seals/render.seal",
    log:
        "<logs>/{dataset}/render.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    resources:
        mem_mb=memory_for("render"),
        runtime=time_for("render"),
    params:
        template=lambda wildcards: dataset_of(wildcards).template,
        mount=lambda wildcards: dataset_of(wildcards).mount,
        sources=lambda wildcards: files_digest(template_files(dataset_of(wildcards).template)),
        module=files_digest(ENTRYPOINT_FILES),
        code=code("entrypoint.render"),
    message:
        "render {wildcards.dataset}: Go source and index"
    script:
        "../scripts/render.py"
