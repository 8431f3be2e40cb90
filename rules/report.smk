# report: a page and a table about the dataset and its images, and how the dataset grew.

# The labels in Snakemake's own report.
LABELLED = {"labels": {"dataset": "{dataset}"}}


rule report_dataset:
    input:
        seals=upstream("report"),
    output:
        page=report("<results>/{dataset}/report.html", "../workflow/report/page.rst", category="Datasets", **LABELLED),
        table=report("<results>/{dataset}/report.tsv", "../workflow/report/table.rst", category="Tables", **LABELLED),
        # Not removed before the job, as other outputs are: no other file has its content.
        history=update("<results>/{dataset}/history.tsv"),
        seal="<results>/{dataset}/stages/seals/report.seal",
    log:
        "<logs>/{dataset}/report.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    resources:
        mem_mb=memory_for("report"),
        runtime=time_for("report"),
    params:
        run=command("report"),
    message:
        "report {wildcards.dataset}: the dataset at a glance"
    shell:
        "exec {params.run} --log {log:q}"
