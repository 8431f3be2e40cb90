"""Jobs in a container: `snakemake --sdm apptainer`."""

import os
from pathlib import Path

from tools.engines import require_tool
from tools.pythonbase import make_rules_image
from tools.workflow import NOTHING, Project, fails

PRODUCTS = ("catalog.parquet", "dataset.json", "oci/index.json", "bin/linux-amd64/entrypoint", "fruit.sif")


def test_sdm_apptainer_runs_jobs_in_the_container_and_gives_the_same_products(fruit: Project, project: Project):
    require_tool("apptainer")
    image = project.folder.parent / "image"
    # The dataset and the results lie outside the working directory.
    outdir = project.folder.parent / "elsewhere"
    project.configure(fruit={"path": str(fruit.folder / "data")})
    # Go's build cache, as a user may share it with the containers.
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    environment = {"APPTAINER_BIND": cache, "XDG_CACHE_HOME": cache, "APPTAINER_USERNS": "1"}
    environment["DATACONTAINER_IMAGE"] = str(image)
    arguments = ("--sdm", "apptainer", "--config", f"outdir={outdir}")
    assert fails(project, *arguments, environment=environment).splitlines()[-1] == (
        f"error: no container '{image}': run `make container`, or set DATACONTAINER_IMAGE to an image"
    )
    make_rules_image(image)
    run = project.snakemake("--printshellcmds", *arguments, environment=environment)
    assert run.status == 0, run.text
    assert f"Activating singularity image {image}" in run.text
    for name in PRODUCTS:
        assert (outdir / "fruit" / name).read_bytes() == fruit.product("fruit", name).read_bytes(), name
    assert NOTHING in project.snakemake(*arguments, environment=environment).text
