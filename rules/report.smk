# report: what a dataset and its images are at a glance, as a page and as a table, and how the dataset grew.

# What Snakemake's own report calls them by.
LABELLED = {"labels": {"dataset": "{dataset}"}}


rule report_dataset:
    input:
        index=settled("<results>/{dataset}/oci/index.json", "assemble"),
        docker=image_of("docker", "docker.tar"),
        sif=image_of("sif", "sif"),
        catalog=ancient("<results>/{dataset}/catalog.parquet"),
        summary=ancient("<results>/{dataset}/dataset.json"),
        shards=ancient("<results>/{dataset}/stages/scan/shards.tsv"),
        template=ancient(REPORT_TEMPLATE),
    output:
        page=report("<results>/{dataset}/report.html", "../workflow/report/page.rst", category="Datasets", **LABELLED),
        table=report("<results>/{dataset}/report.tsv", "../workflow/report/table.rst", category="Tables", **LABELLED),
        # Not removed before the job, as other outputs are: it has what no other file knows.
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
        # No labels: Snakemake's own report puts parameters into its script as they are.
        template=files_digest([REPORT_TEMPLATE]),
        code=code("report.report"),
    message:
        "report {wildcards.dataset}: the dataset at a glance"
    script:
        "../scripts/report.py"
