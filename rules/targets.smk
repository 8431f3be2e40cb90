# targets: the names for the command line; each stands for files of every dataset.
rule catalog:
    input:
        products("catalog"),
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
        products("verify"),
    message:
        "done: the images, compared with the catalogs"


rule report:
    input:
        products("report"),
    message:
        "done: the reports"
