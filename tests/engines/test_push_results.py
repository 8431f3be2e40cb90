"""Lineage: a folder of results packed again, pushed and found, against docker-registry and skopeo."""

import json
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tools.engines import Tool, require_tool
from tools.proxy import Fault, Proxy, proxying
from tools.servers import serving_registry
from tools.workflow import ROOT, Project

RESULT_TYPE = "application/vnd.datacontainer.result.v1+json"


class Lab(NamedTuple):
    """A registry with the image of the fruit, and a project with the image of a result of it."""

    proxy: Proxy
    project: Project
    skopeo: Tool

    @property
    def fruit(self) -> str:
        """The reference of the ancestor."""
        return f"{self.proxy.host}/lab/fruit:1.0"

    def push(self, repository: str, *words: str, name: str = "counts", status: int = 0) -> list[str]:
        """Pushes an image; returns the lines of its output and its errors."""
        outdir = str(self.project.folder / "results")
        reference = f"{self.proxy.host}/lab/{repository}"
        done = PROGRAM.run("push", name, reference, "--outdir", outdir, *words, status=status)
        return (done.stdout + done.stderr).decode().splitlines()

    def find(self, *words: str) -> list[dict[str, Any]]:
        """The containers that `find` prints."""
        return list(json.loads(PROGRAM.run("find", self.proxy.host, *words, "--format", "json", status=None).stdout))

    def inspect(self, reference: str) -> dict[str, Any]:
        """The digest and the labels of an image, as skopeo prints them."""
        return dict(json.loads(self.skopeo("inspect", "--tls-verify=false", f"docker://{reference}")))

    def raw(self, reference: str) -> dict[str, Any]:
        """The manifest of a reference."""
        return dict(json.loads(self.skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{reference}")))

    def artifacts(self) -> list[dict[str, Any]]:
        """The manifests of the results that the repository of the fruit lists."""
        name, _, _ = self.fruit.rpartition(":")
        listed = self.raw(f"{name}:{self.inspect(self.fruit)['Digest'].replace(':', '-')}")["manifests"]
        assert {one["artifactType"] for one in listed} == {RESULT_TYPE}
        return [self.raw(f"{name}@{one['digest']}") for one in listed]


PROGRAM = Tool(("env", f"PYTHONPATH={ROOT / 'scripts'}", sys.executable, "-m", "datacontainer"))


@pytest.fixture(scope="module")
def lab(fruit: Project, skopeo: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lineage")
    project = fruit.copy(folder / "project")
    described = json.loads(project.product("fruit", "dataset.json").read_bytes())
    data = {key: described[key] for key in ("name", "version", "digest")}
    run = project.folder / "out/fruit/1.0/count/0123456789abcdef"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"command": "count", "run": run.name, "data": data}))
    about = {"published": "2026", "license": "CC0-1.0"}
    with (
        serving_registry(require_tool("docker-registry"), tmp_path_factory.mktemp("registry")) as host,
        proxying(host) as proxy,
    ):
        made = Lab(proxy, project, skopeo)
        made.push("fruit:1.0", name="fruit")
        named = f"{proxy.host}/lab/fruit@{made.inspect(made.fruit)['Digest']}"
        project.configure(
            counts={"path": "out", "formats": ["oci"], "about": about, "standards": ["ro-crate"]},
            named={"path": "data", "formats": ["oci"], "about": {"made_from": [named]}},
        )
        project.build("oci", "verify", "report")
        yield made


def test_packed_result_names_its_ancestor_in_each_document(lab):
    described = json.loads(lab.project.product("fruit", "dataset.json").read_bytes())
    result = json.loads(lab.project.product("counts", "dataset.json").read_bytes())
    ancestor = {"name": "fruit", "version": "1.0", "dataset_digest": described["digest"]}
    assert result["about"]["made_from"] == [{**ancestor, "command": "count", "run": "0123456789abcdef"}]
    labels = lab.skopeo("inspect", f"oci:{lab.project.product('counts', 'oci')}")
    assert json.loads(json.loads(labels)["Labels"]["io.datacontainer.made-from"]) == [ancestor]
    crate = lab.project.product("counts", "standards")
    graph = {one["@id"]: one for one in json.loads((crate / "ro-crate-metadata.json").read_bytes())["@graph"]}
    assert graph[graph["./"]["isBasedOn"][0]["@id"]]["identifier"] == described["digest"]
    page = lab.project.product("counts", "report.html").read_text()
    assert "0123456789abcdef" in page
    assert described["digest"] in page
    assert "made-from" not in lab.project.product("fruit", "oci/index.json").read_text()
    assert "io.datacontainer.made-from" not in lab.inspect(lab.fruit)["Labels"]


def test_push_with_an_ancestor_lists_the_result_and_find_prints_both(lab):
    fruit = lab.inspect(lab.fruit)
    *_, last = lab.push("counts:1.0", "--ancestor", lab.fruit)
    assert last == f"listed as a result of {lab.fruit.rpartition(':')[0]}@{fruit['Digest']}"
    counts = lab.inspect(f"{lab.proxy.host}/lab/counts:1.0")
    named = {one["annotations"]["io.datacontainer.result"].rpartition("/")[2]: one for one in lab.artifacts()}
    artifact = named["counts:1.0"]
    assert artifact["subject"]["digest"] == fruit["Digest"]
    assert artifact["annotations"]["io.datacontainer.result.digest"] == counts["Digest"]
    found = {one["reference"].rpartition("/")[2]: one for one in lab.find("--made-from", lab.fruit)}
    assert found["counts:1.0"]["digest"] == counts["Digest"]
    described = fruit["Labels"]["io.datacontainer.dataset.digest"]
    assert found["counts:1.0"]["made_from"] == [{"name": "fruit", "version": "1.0", "dataset_digest": described}]
    (ancestor,) = lab.find("lab/fruit", "--results")
    assert {"reference": f"{lab.proxy.host}/lab/counts:1.0", "digest": counts["Digest"]} in ancestor["results"]
    assert lab.find("--made-from", described) == list(found.values())
    assert lab.find("--made-from", counts["Digest"]) == []
    lines = PROGRAM.text("find", lab.proxy.host, "--results").splitlines()
    assert lines[0].endswith("\tmade from fruit 1.0")
    assert f"results: {lab.proxy.host}/lab/counts:1.0" in lines[-1]


def test_push_again_changes_nothing(lab):
    lab.push("again:1.0", "--ancestor", lab.fruit)
    lab.proxy.reset()
    assert lab.push("again:1.0", "--ancestor", lab.fruit)[-1].startswith("listed as a result of")
    assert set(lab.proxy.requests) == {"GET", "HEAD"}


def test_push_configured_ancestor_is_listed_without_an_option(lab):
    fruit = lab.inspect(lab.fruit)["Digest"]
    named = f"{lab.proxy.host}/lab/fruit@{fruit}"
    assert lab.push("named:1.0", name="named")[-1] == f"listed as a result of {named}"
    assert fruit in {one["subject"]["digest"] for one in lab.artifacts()}


@pytest.mark.parametrize(("method", "path"), [("PUT", "/lab/fruit/manifests"), ("GET", "/lab/fruit/manifests")])
def test_push_refusing_ancestor_causes_a_warning_and_the_image_is_pushed(lab, method, path):
    lab.proxy.faults.append(Fault(method, path, status=403, times=9))
    lines = lab.push(f"refused-{method.lower()}:1.0", "--ancestor", lab.fruit)
    lab.proxy.faults.clear()
    assert lines[0].startswith("pushed ")
    (warning,) = [line for line in lines if line.startswith("warning: ")]
    assert "listed as a result of" in warning
    assert "403" in warning
    assert not any(line.startswith("listed") for line in lines)


@pytest.mark.parametrize(
    ("ancestor", "expected"),
    [("lab/none:1.0", "404"), ("lab/counts:2.0", "but the result was made from sha256:"), ("", "is no image of a reg")],
)
def test_push_wrong_ancestor_is_one_line_and_nothing_is_pushed(lab, ancestor, expected):
    lab.push("counts:2.0")
    words = ["--ancestor", f"{lab.proxy.host}/{ancestor}"]
    (line,) = lab.push("wrong:1.0", *words, status=1 if "404" in expected else 2)
    assert line.startswith("error: ")
    assert expected in line
    assert "wrong:1.0" not in {one["reference"].rpartition("/")[2] for one in lab.find()}
