# verify: the finished images of a dataset against its catalog, by readers that did not write them.
import time


rule verify_images:
    input:
        catalog=settled("<results>/{dataset}/catalog.parquet"),
        index=settled("<results>/{dataset}/oci/index.json"),
        docker=image_of("docker", "docker.tar"),
        sif=image_of("sif", "sif"),
        attestations=attestations_of,
    output:
        "<results>/{dataset}/stages/verify/report.json",
    log:
        "<logs>/{dataset}/verify.log",
    conda:
        "../workflow/envs/datacontainer.yaml"
    threads: 2
    resources:
        mem_mb=memory_for("verify"),
        runtime=time_for("verify"),
    params:
        mount=lambda wildcards: dataset_of(wildcards).mount,
        code=code("verify.verify"),
        # Who asks for a check wants one, also of images that nobody is known to have touched.
        asked=time.time_ns(),
    message:
        "verify {wildcards.dataset}: images against the catalog"
    script:
        "../scripts/verify.py"
