"""Parts of zstd layers: podman and `get` read only those that they need, from a registry behind a proxy that counts."""

import filecmp
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.docker import LIMITS, RUN
from tools.engines import Tool, require_root, require_tool
from tools.images import packed, tree_of
from tools.proxy import Proxy, proxying
from tools.registry import Registry
from tools.shared import once
from tools.trees import fill
from tools.workflow import Project, Run, run

FILE_BYTES = 100_000
STORAGE = """
[storage]
driver = "overlay"
graphroot = "{0}/root"
runroot = "{0}/run"
[storage.options]
pull_options = {{enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""}}
"""


@pytest.fixture(scope="module")
def built() -> Project:
    """Datasets of one shard: `large`, 40 files; `next`, with one other file; `small`, 2,000 small files."""

    def make(folder: Path) -> None:
        project, source = Project(folder), random.Random(1)
        files = {b"a/%02d" % number: source.randbytes(FILE_BYTES) for number in range(40)}
        fill(folder / "large", files)
        fill(folder / "next", files | {b"a/20": source.randbytes(FILE_BYTES)})
        fill(folder / "small", {b"%02d/%04d" % (number % 20, number): source.randbytes(3000) for number in range(2000)})
        for name in ("large", "next"):
            (folder / name / "link").symlink_to("a/00")
            (folder / name / "a/39").chmod(0o755)
        settings = {"compression": "zstd", "formats": ["oci"], "shard_files": 10_000, "platforms": ["linux/amd64"]}
        project.configure(**{name: {"path": name, **settings} for name in ("large", "next", "small")})
        project.build("oci")

    return Project(once("partial", make))


class Lab(NamedTuple):
    """The datasets, and a proxy in front of a registry."""

    built: Project
    registry: Registry
    proxy: Proxy
    skopeo: Tool

    def pushed(self, name: str) -> str:
        """Pushes a dataset's image; returns its reference."""
        reference, layout = f"{self.proxy.host}/partial/{name}:1.0", self.built.product(name, "oci")
        self.skopeo("copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout}", f"docker://{reference}")
        return reference


@pytest.fixture(scope="module")
def lab(built: Project, registry: Registry, skopeo: Tool) -> Iterator[Lab]:
    with proxying(registry.host) as proxy:
        yield Lab(built, registry, proxy, skopeo)


@pytest.fixture(scope="module")
def partial(short_folder: Path) -> Iterator[Tool]:
    """podman that pulls parts of layers, which needs the storage driver overlay."""
    require_root("the storage driver overlay")
    folder = short_folder / "overlay"
    folder.mkdir()
    (folder / "storage.conf").write_text(STORAGE.format(folder))
    settings = ["--tmpdir", folder / "tmp", "--events-backend", "none", "--cgroup-manager", "cgroupfs"]
    tool = Tool(("env", f"CONTAINERS_STORAGE_CONF={folder}/storage.conf", require_tool("podman"), *settings))
    yield tool
    tool.run("rmi", "-af", status=None)


def with_earlier_names(registry: Registry, name: str) -> dict:
    """Adds the annotations' names of podman 4.3 to an image in the registry; returns its manifest."""
    path, media_type = f"partial/{name}/manifests/1.0", "application/vnd.oci.image.manifest.v1+json"
    manifest = json.loads(registry.get(path, media_type))
    for layer in manifest["layers"]:
        named = layer["annotations"]
        named |= {key.replace("io.github.containers.", "io.containers."): text for key, text in named.items()}
    registry.put(path, media_type, json.dumps(manifest).encode())
    return manifest


def test_podman_pulls_only_the_changed_file(lab, partial):
    references = {name: lab.pushed(name) for name in ("large", "next")}
    manifests = {name: with_earlier_names(lab.registry, name) for name in references}
    read = {}
    for name, reference in references.items():
        lab.proxy.reset()
        log = partial.run("--log-level", "debug", "pull", "--tls-verify=false", reference).stderr.decode()
        assert log.count("Retrieved partial blob") == 3, log
        assert "Failed to retrieve partial blob" not in log
        read[name] = lab.proxy.downloaded["GET"]
        assert b"no differences" in partial(*RUN, *LIMITS, reference, "-verify")
    data = manifests["next"]["layers"][0]["size"]
    others = sum(layer["size"] for layer in manifests["next"]["layers"][1:])
    assert data > 40 * FILE_BYTES
    assert read["large"] > data
    assert FILE_BYTES < read["next"] < FILE_BYTES + others + 50_000


def test_podman_and_skopeo_read_whole_layers(lab, podman, skopeo, tmp_path):
    reference = lab.pushed("small")
    podman("pull", "--tls-verify=false", reference)
    assert b"no differences" in podman(*RUN, *LIMITS, reference, "-verify")
    source = f"docker://{reference}"
    skopeo("copy", "--quiet", "--src-tls-verify=false", "--dest-decompress", source, f"dir:{tmp_path}/plain")
    config = json.loads(skopeo("inspect", "--config", "--tls-verify=false", source))
    assert {digest[7:] for digest in config["rootfs"]["diff_ids"]} <= {one.name for one in tmp_path.glob("plain/*")}


def get(reference: str, folder: Path, *flags: str) -> Run:
    """Fetches files to the folder `out`; the metadata and the engine stay in the folder `cache`."""
    words = [sys.executable, "-m", "datacontainer", "get", reference, "--output", str(folder / "out"), *flags]
    return run(words, folder, {"XDG_CACHE_HOME": str(folder / "cache")})


@pytest.mark.parametrize(
    # Of `small`, two frames of 256 KiB.
    ("name", "text", "most"),
    [("large", "a/1", 11 * FILE_BYTES), ("small", "07/19", 600_000)],
)
def test_get_reads_only_the_frames_of_the_files(lab, tmp_path, name, text, most):
    reference = lab.pushed(name)
    assert get(reference, tmp_path, "-get", "/nothing").status == 1
    lab.proxy.reset()
    done = get(reference, tmp_path, "-get", f"/data/{text}")
    assert done.status == 0, done.text
    found = [one for one in (tmp_path / "out").rglob("*") if one.is_file()]
    assert len(found) == sum(text in str(one) for one in (lab.built.folder / name).rglob("*")), done.text
    for one in found:
        assert filecmp.cmp(one, lab.built.folder / name / one.relative_to(tmp_path / "out"), shallow=False)
    assert lab.proxy.downloaded["GET"] < most, lab.proxy.lines


def test_get_all_files_gives_the_dataset(lab, tmp_path):
    done = get(lab.pushed("large"), tmp_path)
    assert done.status == 0, done.text
    assert packed(tree_of(tmp_path / "out")) == packed(tree_of(lab.built.folder / "large"))
