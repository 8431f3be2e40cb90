"""diff, history and find: against docker-registry, and on every form of an image."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from datacontainer.compare.find import Search
from datacontainer.image.oci import blob_path, image_config, layout_index, manifest
from tools.engines import Done, Tool, require_tool
from tools.images import fruit_files, keys
from tools.proxy import Fault, Proxy, proxying
from tools.servers import serving_registry
from tools.workflow import ROOT

REPOSITORY = "lab/fruit"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the caches."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def program(cache: Path) -> Tool:
    """The command line, with a cache of its own."""
    settings = [f"PYTHONPATH={ROOT / 'scripts'}", f"XDG_CACHE_HOME={cache}"]
    return Tool(("env", *settings, sys.executable, "-m", "datacontainer"))


@pytest.fixture(scope="module")
def lab(program: Tool, fruit, images, skopeo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A registry with two repositories of data containers, one pushed to three times, and one with another image."""
    folder = tmp_path_factory.mktemp("registry")
    with serving_registry(require_tool("docker-registry"), folder) as upstream, proxying(upstream) as proxy:
        for number, (project, name) in enumerate(((fruit, "fruit"), (images, "fruit"), (images, "odd"))):
            outdir = project.layout_alone(name, folder / f"results-{number}")
            program("push", name, f"{proxy.host}/{REPOSITORY}:1.0", "--outdir", outdir)
        for tag in ("2.0", "latest"):
            program("push", "odd", f"{proxy.host}/odd:{tag}", "--outdir", outdir)
        other = layout(folder / "other", {"org.opencontainers.image.title": "fruit"})
        skopeo("copy", "--dest-tls-verify=false", f"oci:{other}", f"docker://{proxy.host}/other:latest")
        hostile = {
            "io.datacontainer.dataset.digest": "\x1b[31m",
            "org.opencontainers.image.title": "\x1b]0;fruit\x07\n",
        }
        hostile |= {"org.opencontainers.image.licenses": "CC0-1.0 and " + "x" * 60}
        hostile |= {"io.datacontainer.dataset.files": "-1", "io.datacontainer.dataset.bytes": "9" * 5000}
        other = layout(folder / "hostile", hostile)
        skopeo("copy", "--dest-tls-verify=false", f"oci:{other}", f"docker://{proxy.host}/hostile:latest")
        yield proxy


def layout(folder: Path, labels: dict[str, str]) -> Path:
    """An image layout without layers."""
    (folder / "blobs/sha256").mkdir(parents=True)
    config = image_config("linux/amd64", [], labels)
    top = manifest(config, [], {})
    for one in (config, top):
        (folder / blob_path(one.digest)).write_bytes(one.content)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "index.json").write_bytes(layout_index(top, "other", "1.0"))
    return folder


def answers(done: Done | bytes) -> list[dict[str, Any]]:
    """The records of an answer in the format jsonl."""
    text = done if isinstance(done, bytes) else done.stdout
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("form", ["layout", "archive", "sif", "catalog", "reference"])
def test_diff_each_form_of_an_image_has_the_same_files(program, images, lab, form):
    named = {
        "layout": f"oci:{images.product('odd', 'oci')}",
        "archive": images.product("odd", "odd.docker.tar"),
        "sif": images.product("odd", "odd.sif"),
        "catalog": images.product("odd", "catalog.parquet"),
        "reference": f"{lab.host}/odd",
    }[form]
    assert program.text("diff", named, images.product("odd", "oci")) == "no differences"
    found = answers(program.run("diff", images.product("fruit", "oci"), named, "--format", "jsonl", status=1))
    files = {(one["change"], os.fsencode(one["path"])) for one in found if "path" in one}
    odd = keys(images.folder / "odd").removesuffix(b"\0").split(b"\0")
    added = {("added", key.removeprefix(b"/data/")) for key in odd}
    assert files == added | {("removed", name) for name in fruit_files()}
    assert found[-1]["added"]["files"] == len(odd)
    assert found[-1]["added"]["bytes"] == json.loads(images.product("odd", "dataset.json").read_bytes())["bytes"]
    whole = {one["key"]: (one["from"], one["to"]) for one in found if one["change"] == "dataset" and len(one) == 4}
    assert whole["version"] == ("1.0", "2.0")
    assert ("label org.opencontainers.image.version" in whole) == (form != "catalog")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("fruit", "{layout}"), "no image of a registry"),
        (("missing.sif", "{layout}"), "there is no file"),
        (("{layout}", "{host}/lab/none"), "404"),
        (("{layout}", "{host}/other"), "is no data container"),
        (("{layout}",), "the following arguments are required"),
    ],
)
def test_diff_wrong_name_is_one_line_and_status_2(program, images, lab, words, expected):
    given = [word.format(host=lab.host, layout=images.product("fruit", "oci")) for word in words]
    done = program.run("diff", *given, status=2)
    assert expected in done.stderr.decode().splitlines()[-1]
    assert not done.stdout


def test_history_three_pushes_are_three_states_that_can_be_compared(program, lab, fruit, images, skopeo):
    reference = f"{lab.host}/{REPOSITORY}:1.0"
    found = json.loads(program("history", reference, "--format", "json"))
    built = [(images, "odd"), (images, "fruit"), (fruit, "fruit")]
    described = [json.loads(project.product(name, "dataset.json").read_bytes()) for project, name in built]
    assert [one["dataset_digest"] for one in found] == [one["digest"] for one in described]
    assert [one["files"] for one in found] == [one["files"] for one in described]
    assert [one.get("more_bytes") for one in found] == [described[0]["bytes"] - 17, 0, None]
    assert found[0]["digest"] == inspected_digest(skopeo, reference)
    first, command, *_, last = program.text("history", reference).splitlines()
    assert first.startswith(found[0]["digest"] + "\t2.0\t")
    assert last.startswith(found[2]["digest"])
    done = program.run(*command.split()[1:], "--format", "jsonl", status=1)
    assert answers(done)[-1]["removed"]["files"] == len(fruit_files())


def test_history_image_that_the_registry_lost_ends_it(program, lab):
    reference = f"{lab.host}/{REPOSITORY}:1.0"
    _, second, _ = json.loads(program("history", reference, "--format", "json"))
    lab.faults.append(Fault("GET", f"manifests/{second['digest']}", status=404))
    *_, last = program.text("history", reference).splitlines()
    assert last == f"{second['digest']}\tthe registry no longer has this image: the history ends here"


def inspected_digest(skopeo: Tool, reference: str) -> str:
    return (
        "sha256:"
        + hashlib.sha256(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{reference}")).hexdigest()
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["hostile:latest", "lab/fruit:1.0", "odd:2.0", "odd:latest"]),
        (("FRUIT",), ["hostile:latest", "lab/fruit:1.0"]),
        (("lab", "odd"), ["lab/fruit:1.0"]),
        (("-where", "size > 1000000"), ["lab/fruit:1.0", "odd:2.0", "odd:latest"]),
    ],
)
def test_find_words_and_condition_select_data_containers(program, lab, words, expected):
    done = program.run("find", lab.host, *words, "--format", "json", status=None)
    found = json.loads(done.stdout)
    assert [one["reference"].partition("/")[2] for one in found] == expected
    assert "images that are no data containers: 1" in done.stderr.decode()


def test_find_refusing_repository_is_named_and_the_others_are_listed(program, lab):
    lab.faults.append(Fault("GET", "/v2/lab/fruit/tags/list", status=403))
    done = program.run("find", lab.host)
    hostile, *odd = done.stdout.decode().splitlines()
    assert [line.split("\t")[0] for line in odd] == [f"{lab.host}/odd:2.0", f"{lab.host}/odd:latest"]
    assert hostile.startswith(f"{lab.host}/hostile:latest\t? files\t")
    assert f"warning: {lab.host}/lab/fruit: " in done.stderr.decode()
    assert b"\x1b" not in done.stdout + done.stderr


def test_find_prints_title_before_license_in_short_cells_without_tabs_at_the_end(program, lab):
    labels = json.loads(program("find", f"{lab.host}/{REPOSITORY}", "--format", "json"))[0]
    first, last = program("find", lab.host, "fruit").decode().splitlines()
    assert last == f"{lab.host}/{REPOSITORY}:1.0\t{labels['files']} files, {labels['bytes'] / 1e6:.1f} MB\todd"
    assert first == f'{lab.host}/hostile:latest\t? files\t"\\x1b]0;fruit\\a\\n"\tCC0-1.0 and {"x" * 47}…'


def test_find_image_that_cannot_be_read_is_named_and_the_other_tags_are_listed(program, lab):
    lab.faults.append(Fault("GET", "/v2/odd/manifests/2.0", status=404))
    done = program.run("find", f"{lab.host}/odd")
    assert [line.split("\t")[0] for line in done.stdout.decode().splitlines()] == [f"{lab.host}/odd:latest"]
    assert done.stderr.decode().startswith(f"warning: {lab.host}/odd: GET /v2/odd/manifests/2.0 was answered with 404")


def test_find_again_asks_for_tags_alone_and_reads_damaged_entries_of_its_cache_again(program, lab, cache):
    def find() -> tuple[bytes, list[str]]:
        lab.reset()
        found = program("find", f"{lab.host}/odd", "-where", "size > 10")
        return found, [line.partition("/odd/")[2].partition(":")[0] for line in lab.lines if "/odd/" in line]

    first, _ = find()
    tags = ["tags/list", "manifests/2.0", "manifests/latest"]
    assert find() == (first, tags)
    damaged = [*cache.glob("datacontainer/documents/*"), *cache.glob("datacontainer/*/*/*")]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-1])
    # Manifest, config and metadata layer.
    assert find() == (first, [*tags[:2], "manifests/sha256", "blobs/sha256", "blobs/sha256", tags[2]])
    assert find() == (first, tags)


def test_find_registry_without_a_list_asks_for_a_repository(program, lab):
    lab.faults.append(Fault("GET", "/v2/_catalog", status=404))
    done = program.run("find", lab.host, status=1)
    assert f"`datacontainer find {lab.host}/REPOSITORY`" in done.stderr.decode()
    assert program.text("find", f"{lab.host}/odd").startswith(f"{lab.host}/odd:2.0\t")


def test_find_container_without_a_catalog_has_no_matches_and_no_warning(program, lab):
    done = program.run("find", f"{lab.host}/hostile", "-where", "size > 1", status=1)
    assert done.stderr == b"data containers without a catalog in the image: 1\n"
    done = program.run("find", f"{lab.host}/hostile", "absent", status=1)
    assert done.stderr.decode() == f"no data container found in {lab.host}/hostile\n"


def test_find_ctrl_c_while_a_registry_is_silent_is_one_line(program, lab):
    lab.faults[:] = [Fault("GET", "/v2/odd/tags/list", hang=True)]
    with subprocess.Popen([*program.command, "find", lab.host], stdout=PIPE, stderr=PIPE) as process:
        deadline = time.monotonic() + 30
        while lab.faults[0].times and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert errors == b"interrupted: run the same command again\n"
    assert process.returncode == -signal.SIGINT


def test_find_many_refusals_are_twenty_warnings_and_their_number():
    search = Search()
    search._sum.refusals += [f"image {number} is damaged" for number in range(25)]
    *warnings, last = search.notes()
    assert warnings == [f"warning: image {number} is damaged" for number in range(20)]
    assert last == "warning: more images that cannot be read: 5"


def test_find_wrong_condition_is_status_2(program, lab):
    done = program.run("find", f"{lab.host}/odd", "-where", "size > >", status=2)
    assert done.stderr.startswith(b"error: -where, column 8: expected a number")
    done = program.run("find", f"{lab.host}/odd", "-where", "mean > 1", status=1)
    assert done.stderr == b"data containers without a field of the condition: 2\n"
    done = program.run("find", f"{lab.host}/odd", "-where", "suffix > 3", status=2)
    assert done.stderr == b'error: -where, column 10: "suffix" is a text field: put "3" in quotes\n'
    assert not done.stdout


def test_history_damaged_config_is_one_line_and_a_damaged_manifest_ends_it(program, lab, cache):
    reference = f"{lab.host}/{REPOSITORY}:1.0"
    first, second, third = json.loads(program("history", reference, "--format", "json"))
    for path in cache.glob("datacontainer/documents/*"):
        path.unlink()
    lab.faults.append(Fault("GET", "/blobs/", cut_answer=0, times=5))
    texts = [line for line in program.text("history", reference).splitlines() if not line.startswith(" ")]
    assert [line.split("\t")[0] for line in texts] == [one["digest"] for one in (first, second, third)]
    assert "the connection breaks at byte 0 of the blob sha256:" in texts[0]
    assert "\t1.0\t" in texts[1]
    lab.faults[:] = [Fault("GET", f"manifests/{third['digest']}", status=403)]
    found = json.loads(program("history", reference, "--format", "json"))
    assert [one["digest"] for one in found] == [one["digest"] for one in (first, second, third)]
    assert found[2]["lost"]
    assert "was answered with 403" in found[2]["error"]
