# render: the catalog -> the Go source of the entrypoint, and the index that it embeds.
rule render:
    input:
        seals=upstream("render"),
    output:
        seal="<results>/{dataset}/stages/seals/render.seal",
    log:
        "<logs>/{dataset}/render.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    resources:
        mem_mb=memory_for("render"),
        runtime=time_for("render"),
    params:
        run=command("render"),
    message:
        "render {wildcards.dataset}: Go source and index"
    shell:
        "exec {params.run} --log {log:q}"
