# render: the catalog -> the index and the facts that compile attaches to the entrypoint, and the user's rendered template.
rule render:
    input:
        seals=upstream("render"),
    output:
        seal="<results>/{dataset}/stages/seals/render.seal",
    log:
        "<logs>/{dataset}/render.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/render.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    resources:
        **requested("render"),
    params:
        run=command("render"),
    message:
        "render {wildcards.dataset}: index and facts"
    shell:
        "exec {params.run} --log {log:q}"
