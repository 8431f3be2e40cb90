# compile: the Go source -> the static entrypoint of each platform; and, once, the packer for this machine.
rule compile:
    input:
        source=settled("<results>/{dataset}/stages/render"),
        seal=ancient_settled("<results>/{dataset}/stages/seals/render.seal"),
    output:
        "<results>/{dataset}/bin/{platform}/entrypoint",
        seal="<results>/{dataset}/stages/seals/compile-{platform}.seal",
    log:
        "<logs>/{dataset}/compile-{platform}.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    resources:
        mem_mb=memory_for("compile"),
        runtime=time_for("compile"),
    params:
        platform=lambda wildcards: wildcards.platform.replace("-", "/"),
        cache=go_cache,
        code=code("entrypoint.compile"),
    message:
        "compile {wildcards.dataset}: entrypoint for {wildcards.platform}"
    script:
        "../scripts/compile.py"


# A checkpoint: Snakemake looks for no other reason to run a job again while one that it depends on as `ancient` is to run.
checkpoint compile_packer:
    input:
        ancient(PACKER_FILES),
    output:
        "<results>/.datacontainer/packer",
        seal="<results>/.datacontainer/packer.seal",
    log:
        "<logs>/compile_packer.log",
    localrule: True
    conda:
        "../workflow/envs/datacontainer.yaml"
    params:
        cache=go_cache,
        code=code("entrypoint.compile"),
        module=PACKER_SOURCES,
    message:
        "compile the packer, which reads and writes the data"
    script:
        "../scripts/compile.py"
