"""The examples of commands: run in Docker and in Apptainer by ordinary users, then packed again with their lineage."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from datacontainer.entrypoint.gobuild import find_go
from tools.apptainer import TEST_USER
from tools.engines import Tool, require_library
from tools.pythonbase import make_bases
from tools.shared import once
from tools.trees import fill
from tools.workflow import ROOT, Project

DATA = ROOT / "examples/tables/data/counts/*.csv"
EVENTS = ROOT / "examples/neuroimaging/data/sub-*/func/*_events.tsv"
# The beginning of the output, in the README of an example.
SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAFE = ("--read-only", "--cap-drop", "ALL", "--network", "none", "--user", "65534:65534")


class Example(NamedTuple):
    """A command of an example. given: further words of a run. answer: the query with the rows of the output."""

    folder: str
    dataset: str
    command: str
    given: tuple[str, ...]
    output: str
    answer: str
    base: str = ""


EXAMPLES = [
    Example(
        *("results-count", "birds", "count", ("-in", "table=/in/mine.csv"), "counts.csv"),
        f"SELECT species, sum(count), CASE species WHEN 'PARMAJ' THEN 7 ELSE 0 END FROM '{DATA}' GROUP BY 1 ORDER BY 1",
    ),
    Example(
        *("results-events", "faces", "events", ("-param", "least=2"), "events.tsv"),
        rf"""SELECT regexp_extract(filename, '(sub-\d+)_', 1) AS who, trial_type AS kind, count(*),
        printf('%.4f', mean(response_time)) FROM read_csv('{EVENTS}', filename=true)
        GROUP BY who, kind HAVING count(*) >= 2 ORDER BY who, kind""",
        "python",
    ),
    Example(
        *("results-workflow", "springs", "seasons", ("-in", "table=/in/sites.csv", "-param", "cores=2"), "seasons.csv"),
        f"""SELECT year(date) AS year, site, CASE site WHEN 'A' THEN 'Oak wood' ELSE '' END, sum(count)
        FROM read_csv('{DATA}', union_by_name=true) GROUP BY 1, 2 ORDER BY 1, 2""",
        "snakemake",
    ),
]
NAMES = [one.folder for one in EXAMPLES]


@pytest.fixture(scope="module")
def examples() -> Project:
    """The images of the examples. The bases are not fetched, but made of what is installed here."""

    def make(folder: Path) -> None:
        (folder / "examples").symlink_to(ROOT / "examples")
        make_bases(folder / "bases", folder / "scratch")
        source = ROOT / "examples/results-count/count.go"
        environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOPROXY": "off"}
        build = [find_go(), "build", "-o", folder / "results/programs/count", source]
        subprocess.run(build, cwd=folder, env=environment, check=True)
        datasets = {}
        for one in EXAMPLES:
            configured = yaml.safe_load((ROOT / f"examples/{one.folder}/config.yaml").read_text())["datasets"]
            datasets |= configured
            assert bool(one.base) == ("base" in configured[one.dataset])
            if one.base:
                configured[one.dataset]["base"] = f"bases:{one.base}"
        Project(folder).configure(**datasets)
        Project(folder).build("all", "verify")

    return Project(once("example-runs", make))


@pytest.fixture(scope="module")
def visitor(short_folder: Path) -> Path:
    """A folder with a visitor's files in `in`, and a folder for each engine's results, which any user may write."""
    tables = {b"in/mine.csv": b"species,count\nPARMAJ,7\n", b"in/sites.csv": b"site,name\nA,Oak wood\n"}
    fill(short_folder / "examples", tables)
    for engine in ("docker", "apptainer"):
        (short_folder / "examples" / engine).mkdir()
        (short_folder / "examples" / engine).chmod(0o777)
    return short_folder / "examples"


@pytest.fixture(scope="module")
def in_docker(docker: Tool, examples: Project, visitor: Path) -> dict[str, Path]:
    """The results of all examples in Docker, by the name of the example."""
    binds = ("-v", f"{visitor}/in:/in:ro", "-v", f"{visitor}/docker:/out")
    found = {}
    for one in EXAMPLES:
        docker("load", "--input", examples.product(one.dataset, f"{one.dataset}.docker.tar"))
        words = ("-run", one.command, *one.given, "-out", "/out")
        printed = docker.text("run", "--rm", *SAFE, *binds, f"{one.dataset}:1.0", *words)
        found[one.folder] = visitor / "docker" / Path(printed).relative_to("/out")
    return found


def rows(query: str) -> list[list[str]]:
    """The rows of a query, as DuckDB computes them."""
    return [[str(value) for value in row] for row in require_library("duckdb").sql(query).fetchall()]


def sha256sum(folder: Path) -> dict[str, str]:
    """The digests of the files below a folder but run.json, by path, as coreutils computes them."""
    command = ["find", "-type", "f", "-exec", "sha256sum", "{}", "+"]
    listed = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [line.split("  ./", maxsplit=1) for line in listed.splitlines()]
    return {path: digest for digest, path in lines if path != "run.json"}


@pytest.mark.parametrize("one", EXAMPLES, ids=NAMES)
def test_example_in_docker_computes_what_duckdb_computes(one, in_docker):
    folder = in_docker[one.folder]
    separator = "\t" if one.output.endswith(".tsv") else ","
    output = (folder / one.output).read_text()
    (shown,) = SHOWN.findall((ROOT / f"examples/{one.folder}/README.md").read_text())
    assert output.startswith(shown)
    _, *lines = output.splitlines()
    assert [line.split(separator) for line in lines] == rows(one.answer)
    record = json.loads((folder / "run.json").read_bytes())
    assert {file["path"]: file["sha256"] for file in record["files"]} == sha256sum(folder)
    assert set(record["outputs"].values()) <= set(sha256sum(folder))


@pytest.mark.parametrize("apptainer", [TEST_USER], indirect=True)
@pytest.mark.parametrize("one", EXAMPLES, ids=NAMES)
def test_example_in_apptainer_has_the_same_place_and_the_same_outputs(one, apptainer, examples, visitor, in_docker):
    binds = ("--bind", f"{visitor}/in:/in:ro", "--bind", f"{visitor}/apptainer:/out")
    image = ("run", "--userns", *binds, examples.product(one.dataset, f"{one.dataset}.sif"))
    assert apptainer.text(*image, "-commands").startswith(f"{one.command}  ")
    place = apptainer.text(*image, "-run", one.command, *one.given, "-out", "/out")
    folder, expected = visitor / "apptainer" / Path(place).relative_to("/out"), in_docker[one.folder]
    assert folder.relative_to(visitor / "apptainer") == expected.relative_to(visitor / "docker")
    for name in json.loads((folder / "run.json").read_bytes())["outputs"].values():
        assert (folder / name).read_bytes() == (expected / name).read_bytes()


def test_workflow_of_the_example_lists_its_rules_and_leaves_only_its_output(docker, in_docker):
    listed = docker.text("run", "--rm", *SAFE, "springs:1.0", "-commands", "seasons")
    assert "rules:\n  count  Adds the counts of one spring, by site.\n  join " in listed
    files = {"ro-crate-metadata.json", "run.json", "run.log", "seasons.csv"}
    assert {path.name for path in in_docker["results-workflow"].iterdir()} == files
    derivative = json.loads((in_docker["results-events"] / "dataset_description.json").read_bytes())
    assert derivative["GeneratedBy"][0]["Name"] == "events"


def test_packed_results_name_their_ancestors_and_are_verified(in_docker, examples, skopeo, tmp_path):
    project = Project(tmp_path)
    about = {"formats": ["oci"], "about": {"published": "2026"}, "standards": ["ro-crate"]}
    project.configure(**{f"of-{one.dataset}": {"path": str(in_docker[one.folder]), **about} for one in EXAMPLES})
    project.build("oci", "verify")
    for one in EXAMPLES:
        ancestor = json.loads(skopeo("inspect", f"oci:{examples.product(one.dataset, 'oci')}"))["Labels"]
        result = json.loads(skopeo("inspect", f"oci:{project.product(f'of-{one.dataset}', 'oci')}"))["Labels"]
        (named,) = json.loads(result["io.datacontainer.made-from"])
        digest = ancestor["io.datacontainer.dataset.digest"]
        assert named == {"name": one.dataset, "version": "1.0", "dataset_digest": digest}
        (entry,) = json.loads(project.product(f"of-{one.dataset}", "dataset.json").read_bytes())["about"]["made_from"]
        assert (entry["command"], entry["run"]) == (one.command, in_docker[one.folder].name)
