# The targets: how far to go with every dataset.


rule catalog:
    input:
        products(),
    message:
        "done: the catalogs"


rule entrypoint:
    input:
        products("entrypoint"),
    message:
        "done: the entrypoints"


rule oci:
    input:
        products("oci"),
    message:
        "done: the image layouts"


rule docker:
    input:
        products("docker"),
    message:
        "done: the archives for docker load"


rule sif:
    input:
        products("sif"),
    message:
        "done: the SIFs"


rule verify:
    input:
        products("oci", "docker", "sif"),
        [f"<results>/{name}/stages/verify/report.json" for name, one in SETTINGS.datasets.items() if one.formats],
    message:
        "done: the images, compared with the catalogs"


rule report:
    input:
        products("oci", "docker", "sif", "report"),
    message:
        "done: the reports"
