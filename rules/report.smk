# report: a page and a table about the dataset and its images, and the history of the dataset.

# The labels in Snakemake's own report.
LABELLED = {"labels": {"dataset": "{dataset}"}}


rule report_dataset:
    input:
        seals=upstream("report"),
    output:
        page=report("<results>/{dataset}/report.html", "../workflow/report/page.rst", category="Datasets", **LABELLED),
        table=report("<results>/{dataset}/report.tsv", "../workflow/report/table.rst", category="Tables", **LABELLED),
        # `update`: Snakemake does not remove the file before the job, which adds to it.
        history=update("<results>/{dataset}/history.tsv"),
        seal="<results>/{dataset}/stages/seals/report.seal",
    log:
        "<logs>/{dataset}/report.log",
    benchmark:
        "<logs>/benchmarks/{dataset}/report.tsv"
    conda:
        "../workflow/envs/datacontainer.yaml"
    container:
        IMAGE
    resources:
        **requested("report"),
    params:
        run=command("report"),
    message:
        "report {wildcards.dataset}: page and table"
    shell:
        "exec {params.run} --log {log:q}"
