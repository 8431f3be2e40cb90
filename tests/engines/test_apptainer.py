"""Tests of the SIF in Apptainer, as the current and as an ordinary user, and in other readers of SquashFS."""

import json
import shutil
import time
from pathlib import Path

import pytest

from datacontainer.verify.apptainer import run_sif
from datacontainer.verify.comparison import Differences
from tools.apptainer import partition_offset
from tools.engines import Tool, require_tool
from tools.images import fruit_files, keys, listing, packed, tree_of
from tools.squashfs import READERS

FRUIT = b"".join(content for _, content in sorted(fruit_files().items()))


@pytest.fixture(scope="module")
def sif(images):
    return images.product("fruit", "fruit.sif")


@pytest.fixture(scope="module")
def listed(images):
    return listing(images.folder / "fruit")


@pytest.fixture
def dataset_and_sif(images):
    """The folder of the dataset with unusual names, and its SIF."""
    return images.folder / "odd", images.product("odd", "odd.sif")


def test_run_and_exec_pass_flags_and_exit_status(apptainer, sif):
    assert apptainer("run", "--userns", sif, "-metric", "size", "-search", "8") == b"/data/tomato.txt 8\n"
    assert apptainer("exec", "--userns", sif, "/entrypoint", "-get", "to", "-ls") == b"/data/tomato.txt\n"
    assert apptainer.run("run", "--userns", sif, "-no-such-flag", status=2).stdout == b""
    assert apptainer.run("run", "--userns", sif, "-get", "potato", status=1).stdout == b""


def test_run_null_prints_unusual_names_unchanged(apptainer, images):
    assert apptainer("run", "--userns", images.product("odd", "odd.sif"), "-ls", "-null") == keys(images.folder / "odd")


@pytest.mark.parametrize("argument", ["$(echo pwn)", "$HOME", 'a"b', "`id`", "two words", "back\\slash"])
def test_run_passes_arguments_unchanged(apptainer, sif, argument):
    # The error message about an unknown metric contains the argument as a Go string literal.
    done = apptainer.run("run", "--userns", sif, "-metric", argument, status=2)
    assert json.dumps(argument).encode() in done.stderr


@pytest.mark.parametrize("options", ["", "--containall", "--contain --no-home", "--cleanenv", "--writable-tmpfs"])
def test_run_prints_the_listing_with_any_isolation(apptainer, sif, listed, options):
    assert apptainer("run", "--userns", *options.split(), sif) == listed


def test_test_checks_index_and_files(apptainer, sif):
    assert b"checked the index and 2 files" in apptainer("test", "--userns", sif)


def test_run_sif_folder_bound_over_the_mount_is_a_difference(sif, tmp_path, monkeypatch):
    require_tool("apptainer")
    differences = Differences()
    assert run_sif(sif, "/data", differences) == "the SIF runs, and has its files at the mount"
    assert differences.lines == []
    monkeypatch.setenv("APPTAINER_BIND", f"{tmp_path}:/data")
    assert run_sif(sif, "/data", differences) == "the SIF runs, and lacks files"
    (line,) = differences.lines
    assert line.startswith("Apptainer hides files of the SIF at '/data': /data/avocado.txt: missing; it binds a folder")


def test_run_verify_prints_the_changed_file(apptainer, sif, home):
    apptainer("run", "--userns", sif, "-verify")
    content = sif.read_bytes()
    tomato = fruit_files()[b"tomato.txt"]
    assert content.count(tomato) == 1
    damaged = home / "damaged.sif"
    damaged.write_bytes(content.replace(tomato, tomato.swapcase()))
    printed = apptainer.run("run", "--userns", damaged, "-verify", status=1).stdout
    assert b"/data/tomato.txt: " in printed
    assert b"/data/avocado.txt" not in printed


def test_run_export_copies_the_dataset_to_a_bound_folder(apptainer, dataset_and_sif, home):
    dataset, sif = dataset_and_sif
    out = home / f"exported-{dataset.name}"
    Tool(apptainer.command[:-1])("mkdir", out)
    apptainer("run", "--userns", "--bind", f"{out}:/out", sif, "-export", "/out")
    assert packed(tree_of(out)) == packed(tree_of(dataset))


def test_run_export_without_bound_folder_advises_mkdir_and_bind(apptainer, sif):
    done = apptainer.run("run", "--userns", sif, "-export", "/out", status=1)
    assert b': mkdir -p out && apptainer run --bind "$PWD/out:/out" IMAGE -export /out\n' in done.stderr


def test_run_help_and_inspect_describe_the_image(apptainer, sif):
    assert "fruit 1.0: a data container with 2 files in /data." in apptainer.text("run-help", sif)
    labels = json.loads(apptainer("inspect", "--json", "--labels", sif))["data"]["attributes"]["labels"]
    assert labels["org.opencontainers.image.version"] == "1.0"
    assert labels["io.datacontainer.dataset.files"] == "2"
    assert "org.opencontainers.image.title: fruit" in apptainer.text("inspect", sif)
    assert "Bootstrap: docker-archive" in apptainer.text("inspect", "--deffile", sif)


@pytest.fixture
def instance(apptainer, sif):
    """The name of a running instance."""
    apptainer("instance", "start", "--userns", sif, "of-fruit")
    yield "of-fruit"
    apptainer.run("instance", "stop", "--all", status=None)


def test_instance_runs_until_stop(apptainer, instance):
    time.sleep(0.5)
    (running,) = json.loads(apptainer("instance", "list", "--json"))["instances"]
    assert running["instance"] == instance
    assert Path(f"/proc/{running['pid']}").exists()
    started = time.monotonic()
    apptainer("instance", "stop", instance)
    assert time.monotonic() - started < 10
    assert json.loads(apptainer("instance", "list", "--json"))["instances"] == []


@pytest.mark.parametrize(
    ("option", "target"),
    [
        ("--bind={sif}:/data:image-src=/data,ro", "/data"),
        ("--bind={sif}:/elsewhere/deep:image-src=/data,ro", "/elsewhere/deep"),
        ("--mount=type=bind,source={sif},destination=/data,image-src=/data,ro", "/data"),
    ],
)
def test_bind_and_mount_share_the_data_with_another_container(apptainer, sandbox, sif, option, target):
    files = [f"{target}/avocado.txt", f"{target}/tomato.txt"]
    assert apptainer("exec", "--userns", option.format(sif=sif), sandbox, "cat", *files) == FRUIT


def test_bind_contains_all_unusual_names(apptainer, sandbox, images):
    bind = f"{images.product('odd', 'odd.sif')}:/data:image-src=/data,ro"
    find = ["find", "/data", "!", "-type", "d", "-print0"]
    printed = apptainer("exec", "--userns", "--bind", bind, sandbox, *find)
    assert sorted(printed.split(b"\0")) == sorted(keys(images.folder / "odd").split(b"\0"))


@pytest.mark.parametrize("source", ["oci:{}/oci", "oci-archive:{}/{}.docker.tar", "docker-archive:{}/{}.docker.tar"])
def test_layout_and_archive_unpack_to_the_dataset_and_run(apptainer, home, source, dataset_and_sif):
    dataset, sif = dataset_and_sif
    folder = home / f"{dataset.name}-{source.partition(':')[0]}"
    apptainer("build", "--userns", "--sandbox", folder, source.format(sif.parent, dataset.name))
    assert tree_of(folder / "data") == packed(tree_of(dataset))
    assert apptainer("exec", "--userns", folder, "/entrypoint", "-ls", "-null") == keys(dataset)


def test_sif_list_prints_every_object(apptainer, sif):
    header = apptainer.text("sif", "header", sif)
    assert "amd64" in header
    rows = apptainer.text("sif", "list", sif)
    assert [row.split("|")[-1] for row in rows.splitlines() if "|1 " in row] == [
        "Def.FILE",
        "JSON.Generic",
        "JSON.Generic",
        "FS (Squashfs/*System/amd64)",
        "FS (Squashfs/Data/amd64)",
    ]


@pytest.mark.parametrize("reader", READERS)
def test_other_reader_finds_the_dataset_byte_for_byte(dataset_and_sif, tmp_path, reader):
    dataset, sif = dataset_and_sif
    found = reader(Path(shutil.copy(sif, tmp_path)), partition_offset(sif))
    below = {path.removeprefix(b"data/"): entry for path, entry in found.items() if path.startswith(b"data/")}
    assert below | {b"": found[b"data"]} == packed(tree_of(dataset))
