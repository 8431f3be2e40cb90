"""Tests of assemble: the layout and the archive, read with hashlib, json and tarfile."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from datacontainer import __version__
from datacontainer.config.dataset import Identity
from datacontainer.image.archive import assemble_archive
from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.image.damage import checking, discard_damaged
from datacontainer.image.dockerfile import docker_string
from datacontainer.image.labels import labels_of
from datacontainer.runtime.errors import DataError
from tools.engines import lacking, require_root, require_tool

IDENTITY = Identity("fruit", "1.0", "/data", (("org.opencontainers.image.title", "Two fruits"),))
SUMMARY = {"digest": "sha256:ab", "files": 2, "bytes": 17, "about": {}}


def tar_of(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in names.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def assembled(tmp_path):
    """A function that assembles a layout of two shards and returns its folder."""
    (tmp_path / "dataset.json").write_text(json.dumps(SUMMARY))
    (tmp_path / "binary").write_bytes(b"\x7fELF")
    (tmp_path / "binary-arm64").write_bytes(b"\x7fELF arm")

    def run(platforms=("linux/amd64",), shards=("one", "two")):
        layers = []
        for name in shards:
            layer = tmp_path / f"{name}.layer.tar"
            layer.write_bytes(tar_of({f"data/{name}": name.encode()}))
            digest = "sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()
            blob = {"digest": digest, "blob_size": layer.stat().st_size, "compression": "none"}
            layers.append(ShardLayer(layer, {"files": 1, "bytes": 3, "diff_id": digest, **blob}))
        binaries = {p: tmp_path / ("binary" if p.endswith("amd64") else "binary-arm64") for p in platforms}
        assemble_layout(
            identity=IDENTITY,
            summary=tmp_path / "dataset.json",
            layers=layers,
            metadata={"dataset.json": tmp_path / "dataset.json", "b.json": tmp_path / "binary"},
            binaries=binaries,
            layout=tmp_path / "oci",
        )
        return tmp_path / "oci"

    return run


def blob(layout, digest):
    return (layout / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()


def test_assemble_layout_every_descriptor_has_digest_and_size_of_its_blob(assembled):
    layout = assembled()
    (top,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(layout, top["digest"]))
    described = [top, manifest["config"], *manifest["layers"]]
    for one in described:
        content = blob(layout, one["digest"])
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (one["digest"][7:], one["size"])
    assert {one["digest"][7:] for one in described} == set(os.listdir(layout / "blobs/sha256"))
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}


def test_assemble_layout_config_has_the_values_that_docker_needs(assembled):
    layout = assembled()
    (docker,) = json.loads((layout / "manifest.json").read_text())
    config = json.loads((layout / docker["Config"]).read_text())
    assert docker["RepoTags"] == ["fruit:1.0"]
    assert [f"sha256:{os.path.basename(layer)}" for layer in docker["Layers"]] == config["rootfs"]["diff_ids"]
    assert config["config"]["Entrypoint"] == ["/entrypoint"]
    assert "Volumes" not in config["config"]
    assert len(config["history"]) == 4
    assert config["config"]["Labels"] == {
        "io.datacontainer.dataset.bytes": "17",
        "io.datacontainer.dataset.digest": "sha256:ab",
        "io.datacontainer.dataset.files": "2",
        "io.datacontainer.mount": "/data",
        "io.datacontainer.version": __version__,
        "org.opencontainers.image.title": "Two fruits",
        "org.opencontainers.image.version": "1.0",
    }


def test_assemble_layout_data_is_linked_not_copied(assembled, tmp_path):
    layout = assembled()
    digest = hashlib.sha256((tmp_path / "one.layer.tar").read_bytes()).hexdigest()
    assert (layout / "blobs/sha256" / digest).samefile(tmp_path / "one.layer.tar")


def test_assemble_layout_again_removes_blobs_of_the_previous_image(assembled):
    first = set(os.listdir(assembled() / "blobs/sha256"))
    second = set(os.listdir(assembled(shards=("one",)) / "blobs/sha256"))
    assert len(first) == 6
    assert len(second) == 5
    assert len(first & second) == 3


@pytest.mark.parametrize("last", ["oci-layout", "manifest.json", "blobs/sha256/{}"])
def test_assemble_layout_that_fails_before_its_index_leaves_the_previous_image(assembled, last):
    (next_top,) = json.loads((assembled(shards=("one",)) / "index.json").read_text())["manifests"]
    layout = assembled()
    before = layout_of(layout)
    # A folder in the place of the last file before the index stops the next image there.
    blocked = layout / last.format(next_top["digest"].removeprefix("sha256:"))
    blocked.unlink(missing_ok=True)
    blocked.mkdir()
    with pytest.raises(IsADirectoryError):
        assembled(shards=("one",))
    found = layout_of(layout)
    assert found["index.json"] == before["index.json"]
    assert {name for name in before if name.startswith("blobs")} <= found.keys()


def layout_of(layout):
    """The content of each file of a layout."""
    return {str(path.relative_to(layout)): path.read_bytes() for path in layout.rglob("*") if path.is_file()}


def test_assemble_layout_whose_index_cannot_be_written_keeps_the_previous_blobs(assembled):
    layout = assembled()
    before = layout_of(layout)
    (layout / "index.json").unlink()
    (layout / "index.json").mkdir()
    with pytest.raises(IsADirectoryError):
        assembled(shards=("one",))
    assert before.keys() - {"index.json"} <= layout_of(layout).keys()


def test_discard_damaged_compares_the_whole_digest(tmp_path):
    name = hashlib.sha256(b"content").hexdigest()
    blob = tmp_path / "oci/blobs/sha256" / name
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"content")
    discard_damaged([blob])
    other = blob.rename(blob.with_name(name[:-1] + ("0" if name[-1] != "0" else "1")))
    with pytest.raises(DataError, match=f"checksum mismatch for the blob .* has the sha256 {name}"):
        discard_damaged([other])
    assert not other.exists()


def test_assemble_layout_two_platforms_share_the_layers_of_the_data(assembled):
    layout = assembled(platforms=("linux/amd64", "linux/arm64"))
    (top,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifests = json.loads(blob(layout, top["digest"]))["manifests"]
    assert [one["platform"]["architecture"] for one in manifests] == ["amd64", "arm64"]
    layers = [[layer["digest"] for layer in json.loads(blob(layout, one["digest"]))["layers"]] for one in manifests]
    assert layers[0][:-1] == layers[1][:-1]
    assert layers[0][-1] != layers[1][-1]


def test_assemble_archive_has_folders_before_files_and_no_times(assembled, tmp_path):
    layout = assembled()
    assemble_archive(layout, tmp_path / "archive.tar")
    with tarfile.open(tmp_path / "archive.tar") as tar:
        members = tar.getmembers()
        assert [m.name for m in members[:5]] == ["oci-layout", "index.json", "manifest.json", "blobs", "blobs/sha256"]
        assert {(m.mtime, m.uid, m.gid, m.uname) for m in members} == {(0, 0, 0, "")}
        for member in members:
            if member.isfile():
                assert tar.extractfile(member).read() == (layout / member.name).read_bytes()
                assert member.offset_data % 4096 == 0
    assert (tmp_path / "archive.tar").stat().st_size % 512 == 0


def test_assemble_archive_on_xfs_shares_the_blocks_of_the_layers(assembled, tmp_path):
    require_root("a loop mount")
    disk, image = tmp_path / "disk", tmp_path / "image"
    disk.mkdir()
    image.touch()
    os.truncate(image, 300 << 20)
    subprocess.run([require_tool("mkfs.xfs"), "-q", "-m", "reflink=1", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, disk], capture_output=True, check=False).returncode:
        lacking("this machine has no loop device to mount, or no XFS")
    try:
        shutil.copytree(assembled(), disk / "oci")
        os.sync()
        assemble_archive(disk / "oci", disk / "archive.tar")
        extents = subprocess.run([require_tool("filefrag"), "-v", disk / "archive.tar"], stdout=-1, check=True).stdout
        # Those of the two shards; that of the entrypoint is smaller than a block.
        assert extents.count(b" shared") == 2
        assemble_archive(disk / "oci", tmp_path / "copied.tar")
        assert (disk / "archive.tar").read_bytes() == (tmp_path / "copied.tar").read_bytes()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_checking_block_that_ended_leaves_the_rest_to_verify(tmp_path):
    damaged = tmp_path / ("0" * 64)
    damaged.touch()
    # Zeros without blocks on the disk: a check of all of them would take minutes.
    os.truncate(damaged, 1 << 40)
    with checking([damaged]):
        pass
    assert damaged.exists()


def layer_members(layout, number):
    (docker,) = json.loads((layout / "manifest.json").read_text())
    with tarfile.open(layout / docker["Layers"][number]) as tar:
        return [(m.name, m.mode, tar.extractfile(m).read() if m.isfile() else None, m.mtime) for m in tar]


def test_assemble_layout_last_layers_contain_metadata_and_the_entrypoint(assembled):
    layout = assembled()
    (top,) = json.loads((layout / "index.json").read_text())["manifests"]
    layers = json.loads(blob(layout, top["digest"]))["layers"]
    assert [layer.get("annotations") for layer in layers] == [None, None, {"io.datacontainer.layer": "metadata"}, None]
    assert layer_members(layout, -1) == [("entrypoint", 0o755, b"\x7fELF", 0)]
    assert layer_members(layout, -2) == [
        (".datacontainer", 0o755, None, 0),
        (".datacontainer/b.json", 0o644, b"\x7fELF", 0),
        (".datacontainer/dataset.json", 0o644, json.dumps(SUMMARY).encode(), 0),
    ]


def test_labels_of_users_label_overrides_the_default():
    assert labels_of(IDENTITY, SUMMARY)["org.opencontainers.image.title"] == "Two fruits"
    assert labels_of(Identity("fruit", "1.0", "/data"), SUMMARY)["org.opencontainers.image.title"] == "fruit"


def test_labels_of_have_the_values_of_about_as_short_lines():
    people = [{"name": "Ada", "email": "a@example.org"}, {"name": "Bob"}]
    texts = {"title": "Five\nfruits", "description": "long " * 2000, "doi": "10.1234/x", "license": "MIT"}
    labels = labels_of(IDENTITY, SUMMARY | {"about": texts | {"authors": people, "url": "https://example.org"}})
    prefix = "org.opencontainers.image."
    names = ("title", "authors", "licenses", "url", "documentation")
    expected = ["Two fruits", "Ada, Bob", "MIT", "https://example.org", "https://doi.org/10.1234/x"]
    assert [labels[prefix + name] for name in names] == expected
    assert labels[prefix + "description"] == "long " * 99 + "long…"


def test_docker_string_special_characters_are_escaped():
    assert docker_string('a"b\\c $HOME\nd') == '"a\\"b\\\\c \\$HOME d"'
