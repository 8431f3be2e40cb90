"""Attest: statements about the images of a workflow, compared with other tools, in the SIF and in a registry."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from datacontainer import __version__
from datacontainer.entrypoint.gobuild import find_go
from tools.engines import Tool, require_tool
from tools.images import fruit_files
from tools.keys import verify
from tools.products import sha256sum
from tools.trees import fill
from tools.workflow import ROOT, Project, measured, started

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PLATFORMS = ["linux-amd64", "linux-arm64"]


@pytest.fixture(scope="module")
def signed(tmp_path_factory, keys) -> Project:
    """The dataset `fruit`, signed and attested, with a metadata function, for two platforms."""
    return build(tmp_path_factory.mktemp("signed"), keys)


def build(folder: Path, keys: Path, **environment: str) -> Project:
    project = Project(folder)
    fill(folder / "data", fruit_files())
    shutil.copyfile(ROOT / "examples/metadata.py", folder / "metadata.py")
    shutil.copyfile(keys / "ed25519.key", folder / "private.key")
    project.configure(fruit=configuration(folder))
    project.build(environment=environment)
    return project


def configuration(folder: Path) -> dict[str, object]:
    return {
        "path": str(folder / "data"),
        "platforms": ["linux/amd64", "linux/arm64"],
        "metadata": [f"{folder}/metadata.py:lines"],
        "labels": {"license": "CC0-1.0"},
        "sign": str(folder / "private.key"),
        "attest": ["provenance", "sbom"],
    }


def document(project: Project, file: str) -> dict[str, object]:
    return dict(json.loads(project.product("fruit", f"attestations/{file}").read_bytes()))


def test_provenance_subjects_are_the_images_and_binaries(signed):
    subjects = {one["name"]: one["digest"] for one in document(signed, "provenance.json")["subject"]}
    (top,) = json.loads(signed.product("fruit", "oci/index.json").read_bytes())["manifests"]
    nested = json.loads(signed.product("fruit", f"oci/blobs/{top['digest'].replace(':', '/')}").read_bytes())
    expected = {"fruit:1.0": top["digest"][7:]}
    for one in nested["manifests"]:
        platform = f"linux/{one['platform']['architecture']}"
        expected[f"fruit:1.0 for {platform}"] = one["digest"][7:]
        binary = signed.product("fruit", f"bin/{platform.replace('/', '-')}/entrypoint")
        expected[f"/entrypoint for {platform}"] = sha256sum(binary)
    assert subjects == {name: {"sha256": digest} for name, digest in expected.items()}


def materials_of(project: Project) -> dict[str, object]:
    built = document(project, "provenance.json")["predicate"]["buildDefinition"]
    return {one["name"]: one.get("digest") or one["uri"] for one in built["resolvedDependencies"]}


def test_provenance_names_the_code_and_the_version_of_go(signed):
    materials = materials_of(signed)
    assert materials["function metadata.py:lines"] == {"sha256": sha256sum(signed.folder / "metadata.py")}
    version = subprocess.run([find_go(), "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    assert materials["go"] == f"pkg:generic/go@{version.removeprefix('go')}"
    assert materials["datacontainer"] == f"pkg:generic/datacontainer@{__version__}"


def test_provenance_has_the_fields_of_statement_and_predicate(signed):
    statement = document(signed, "provenance.json")
    assert set(statement) == {"_type", "subject", "predicateType", "predicate"}
    assert (statement["_type"], statement["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    assert set(statement["predicate"]) == {"buildDefinition", "runDetails"}
    built = statement["predicate"]["buildDefinition"]
    assert built["externalParameters"]["labels"] == {"org.opencontainers.image.licenses": "CC0-1.0"}
    assert built["externalParameters"]["metadata"] == ["metadata.py:lines"]
    assert statement["predicate"]["runDetails"]["builder"]["id"] == "urn:datacontainer:builder:self"


def test_documents_contain_no_path_host_or_key(signed):
    for file in signed.product("fruit", "attestations").glob("*.json"):
        for word in (str(signed.folder), str(ROOT), socket.gethostname(), "private.key", os.path.expanduser("~") + "/"):
            assert word not in file.read_text(), (file.name, word)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_sbom_equals_the_output_of_go_version(signed, platform):
    binary = signed.product("fruit", f"bin/{platform}/entrypoint")
    printed = subprocess.run([find_go(), "version", "-m", binary], capture_output=True, text=True, check=True).stdout
    version = printed.splitlines()[0].split(": go")[1]
    bill = document(signed, f"sbom-{platform}.json")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [(one["name"], one["version"], one["purl"]) for one in bill["components"]] == [
        ("std", version, f"pkg:golang/std@{version}")
    ]
    assert not re.search(r"^\tdep\t", printed, re.MULTILINE)
    component = bill["metadata"]["component"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": sha256sum(binary)}]
    settings = dict(line.split("\t")[2].split("=", 1) for line in printed.splitlines() if line.startswith("\tbuild\t"))
    assert {one["name"]: one["value"] for one in component["properties"]} == {
        f"go:{key}": value.strip('"') for key, value in settings.items()
    }


def test_sif_contains_the_documents_and_is_signed(signed, keys, verifier):
    image = signed.product("fruit", "fruit.sif")
    for number, file in (("4", "provenance.json"), ("5", "sbom-linux-amd64.json")):
        assert file in verifier.text("sif", "info", number, image)
        content = signed.product("fruit", f"attestations/{file}").read_bytes()
        assert verifier("sif", "dump", number, image) == content
    assert "8    |NONE    |1   (G) |" in verifier.text("sif", "list", image)
    verify(verifier, keys, "ed25519", image)
    assert verifier("run", "--userns", image, "-ls") == b"/data/avocado.txt\n/data/tomato.txt\n"


def pushed(project: Project, host: str) -> list[str]:
    """Pushes the image and its referrers; returns the tags of the referrers."""
    Tool((sys.executable, "-m", "datacontainer"))("push", "fruit", f"{host}/fruit:1.0", cwd=project.folder)
    listed = json.loads(project.product("fruit", "attestations/oci/index.json").read_bytes())["manifests"]
    return [one["annotations"]["org.opencontainers.image.ref.name"] for one in listed]


def test_referrers_are_found_in_a_registry_by_the_tag_of_their_subject(signed, registry):
    tags = pushed(signed, registry.host)
    found = set()
    top = "sha256:" + hashlib.sha256(registry.get("fruit/manifests/1.0", INDEX)).hexdigest()
    subjects = [top, *(one["digest"] for one in json.loads(registry.get("fruit/manifests/1.0", INDEX))["manifests"])]
    assert sorted(tags) == sorted(digest.replace(":", "-") for digest in subjects)
    for digest in subjects:
        assert registry.status(f"fruit/referrers/{digest}") == 404
        for listed in json.loads(registry.get(f"fruit/manifests/{digest.replace(':', '-')}", INDEX))["manifests"]:
            manifest = json.loads(registry.get(f"fruit/manifests/{listed['digest']}", MANIFEST))
            assert manifest["subject"]["digest"] == digest
            (layer,) = manifest["layers"]
            file = layer["annotations"]["org.opencontainers.image.title"]
            assert registry.get(f"fruit/blobs/{layer['digest']}") == (
                signed.product("fruit", f"attestations/{file}").read_bytes()
            )
            found.add((manifest["artifactType"], file))
    assert found == {
        ("application/vnd.in-toto+json", "provenance.json"),
        *(("application/vnd.cyclonedx+json", f"sbom-{platform}.json") for platform in PLATFORMS),
    }


def test_referrers_index_in_the_registry_has_the_descriptors_of_the_layout(signed, registry):
    layout = signed.product("fruit", "attestations/oci")
    pushed(signed, registry.host)
    for one in json.loads((layout / "index.json").read_bytes())["manifests"]:
        content = (layout / "blobs" / one["digest"].replace(":", "/")).read_bytes()
        place = f"fruit/manifests/{one['annotations']['org.opencontainers.image.ref.name']}"
        assert registry.get(place, INDEX) == content
        assert all(listed["artifactType"] for listed in json.loads(content)["manifests"])


def test_layout_of_an_attested_image_has_one_descriptor_and_runs(signed, tmp_path):
    layout = signed.product("fruit", "oci")
    assert len(json.loads((layout / "index.json").read_bytes())["manifests"]) == 1
    apptainer = Tool(("env", f"HOME={tmp_path}", f"APPTAINER_TMPDIR={tmp_path}", require_tool("apptainer")))
    assert apptainer("run", "--userns", f"oci:{layout}", "-count") == b"2\n"


def test_verify_target_reads_the_attestations(signed):
    signed.build("verify", environment=measured())
    report = json.loads(signed.product("fruit", "stages/verify/report.json").read_bytes())
    files = ["provenance.json", *(f"sbom-{platform}.json" for platform in PLATFORMS)]
    assert report["attestations"] == {
        file: sha256sum(signed.product("fruit", f"attestations/{file}")) for file in files
    }
    assert report["sif"]["sha256"] == sha256sum(signed.product("fruit", "fruit.sif"))


def test_workflow_another_key_only_signs_again(signed, keys, verifier):
    folder = signed.folder
    assert "Nothing to be done" in signed.build()
    before = {file: file.read_bytes() for file in signed.product("fruit", "attestations").rglob("*.json")}
    shutil.copyfile(keys / "rsa.key", folder / "private.key")
    assert started(signed.build()) == {"convert", "report"}
    verify(verifier, keys, "rsa", signed.product("fruit", "fruit.sif"))
    assert before == {file: file.read_bytes() for file in before}


def test_workflow_key_is_in_no_other_file(signed, keys):
    lines = [line for name in ("ed25519", "rsa") for line in (keys / f"{name}.key").read_bytes().splitlines()[1:2]]
    searched = [path for path in signed.folder.rglob("*") if path.is_file() and path.name != "private.key"]
    assert len(searched) > 50
    for path in searched:
        assert not [line for line in lines if line in path.read_bytes()], path


def test_workflow_missing_key_fails_before_any_job_with_one_line(signed, tmp_path):
    done = signed.snakemake("--config", f"dataset={{path: data, sign: {tmp_path}/none}}")
    assert done.status == 2
    assert f"datasets.data.sign: the file '{tmp_path}/none' does not exist: name a file with a private key" in done.text
    assert "Job stats" not in done.text
