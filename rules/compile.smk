# compile: the Go source, index and facts -> the static entrypoint of each platform; and, once, the packer for this machine.
rule compile:
    input:
        seals=upstream("compile", "platform"),
    output:
        binary="<results>/{dataset}/bin/{platform}/entrypoint",
        seal="<results>/{dataset}/stages/seals/compile-{platform}.seal",
    log:
        "<logs>/{dataset}/compile-{platform}.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/compile-{platform}.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    resources:
        **requested("compile"),
    params:
        run=command("compile", "platform"),
    message:
        "compile {wildcards.dataset}: entrypoint for {wildcards.platform}"
    shell:
        "exec {params.run} --log {log:q}"


# Two embeddings with the same results folder share one packer.
if not any(one.is_producer(place(f"<results>/{PACKER}")) for one in workflow.rules):

    rule compile_packer:
        input:
            upstream("packer"),
        output:
            packer="<results>/.datacontainer/packer",
            seal="<results>/.datacontainer/packer.seal",
        log:
            "<logs>/compile_packer.log",
        benchmark:
            "<logs>/benchmarks/compile_packer.tsv"
        localrule: True
        conda:
            "../workflow/envs/datacontainer.yaml"
        container:
            IMAGE
        params:
            run=command("compile_packer"),
        message:
            "compile the packer, which reads and writes the data"
        shell:
            "exec {params.run} --log {log:q}"
