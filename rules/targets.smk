# The targets: how far to go with every dataset.
localrules:
    catalog,
    entrypoint,
    oci,
    docker,
    sif,
    verify,
    report,


rule catalog:
    input:
        products(),


rule entrypoint:
    input:
        products("entrypoint"),


rule oci:
    input:
        products("oci"),


rule docker:
    input:
        products("docker"),


rule sif:
    input:
        products("sif"),


rule verify:
    input:
        products("oci", "docker", "sif"),
        expand("<results>/{dataset}/stages/verify/report.json", dataset=SETTINGS.datasets),


rule report:
    input:
        products("oci", "docker", "sif", "report"),
