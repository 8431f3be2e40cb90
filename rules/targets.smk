# The targets: how far to go with every dataset.


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
        [f"<results>/{name}/stages/verify/report.json" for name, one in SETTINGS.datasets.items() if one.formats],


rule report:
    input:
        products("oci", "docker", "sif", "report"),
