"""Rows of the registry: pushes and fetches, compared with skopeo, the first push, and the size of what is needed."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import servers
from measure import Command, alternate, run
from pipeline import PUSH, Bench, edit_file, size_bytes
from table import Figure, megabytes, ratio
from tools.proxy import proxying
from workflow import ROOT, Build


def registry(bench: Bench) -> Iterator[Figure]:
    """The time of a push of large files, and the bytes of a push after the edit of one of very many files."""
    build = replace(bench.large(), formats=("oci",))
    build.run("oci")
    with servers.registry(bench.work / "registry") as (host, blobs):
        data = blobs.parents[3]
        peer = Command([*PUSH, f"oci:{build.results}/oci", f"docker://{host}/bench:1.0"], removed=[data])
        ours, other = alternate([push(build, host, data), peer], bench.few)
        yield ratio(f"push, {8 * bench.large_bytes / 1e9:.1f} GB", ours, "skopeo copy", other, 1.11)
        yield get_all(bench, push(build, host), f"{host}/bench:1.0")
        shutil.rmtree(data)
        many = replace(bench.build(bench.small(2).dataset, "edit"), formats=("oci",))
        shutil.rmtree(many.results, ignore_errors=True)
        run(many.stage("compile_packer"))
        pushed = []
        for _ in range(2):
            many.run("oci")
            run(push(many, host))
            pushed.append(size_bytes(blobs))
            edit_file(many.dataset)
        yield from get_some(bench, many, host)
    sent, title = pushed[1] - pushed[0], f"1 of {bench.counts[2]:,} files edited: push"
    yield Figure(title, megabytes(sent), f"first time {megabytes(pushed[0])}", sent / pushed[0], 0.1)


def push(build: Build, host: str, *removed: Path) -> Command:
    """The command that pushes a build to the repository `bench`."""
    words = [sys.executable, ROOT / "scripts/datacontainer", "push", build.dataset.name, f"{host}/bench:1.0"]
    return Command([*words, "--outdir", build.results.parent], removed=[*removed, build.results / "stages/push"])


def get_all(bench: Bench, pushing: Command, reference: str) -> Figure:
    """The time of a get of all files, compared with a copy of the layers by skopeo."""
    run(pushing)
    layers = bench.work / "layers"
    words = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{reference}", f"dir:{layers}"]
    ours, other = alternate([get(bench, reference), Command(words, removed=[layers])], bench.few)
    for folder in (layers, bench.work / "got"):
        shutil.rmtree(folder)
    return ratio(f"get, {8 * bench.large_bytes / 1e9:.1f} GB", ours, "skopeo copy to dir:", other, 1.11)


def get_some(bench: Bench, build: Build, host: str) -> Iterator[Figure]:
    """The bytes and the requests of a get of the files of one folder, and of the metadata."""
    folder = next(path for path in sorted(build.dataset.glob("*/*/*")) if path.is_dir())
    sizes = [path.stat().st_size for path in folder.iterdir()]
    with proxying(host) as proxy:
        run(get(bench, f"{proxy.host}/bench:1.0", "-get", f"{folder.relative_to(build.dataset)}/"))
    written = sum(path.is_file() for path in (bench.work / "got").rglob("*"))
    if written != len(sizes):
        raise RuntimeError(f"get wrote {written} files, expected {len(sizes)}")
    needed, title = sum(sizes) + metadata_bytes(build), f"get, {written} of {bench.counts[2]:,} files"
    count, received = proxy.requests["GET"], proxy.downloaded["GET"]
    peer = f"metadata and files {megabytes(needed)}"
    yield Figure(f"{title}: bytes", megabytes(received), peer, received / needed, 1.05)
    yield Figure(f"{title}: requests", str(count), "", count, 64, "requests")


def get(bench: Bench, reference: str, *flags: str) -> Command:
    """The command that gets files of an image, without files or metadata of earlier calls."""
    words = [sys.executable, ROOT / "scripts/datacontainer", "get", reference, *flags, "--output", bench.work / "got"]
    cache = bench.work / "cache"
    removed = [bench.work / "got", cache / "datacontainer/metadata", cache / "datacontainer/engines"]
    return Command(words, environment={"XDG_CACHE_HOME": str(cache)}, removed=removed)


def metadata_bytes(build: Build) -> int:
    """The size of the metadata layer of an image."""
    for blob in (build.results / "oci/blobs/sha256").iterdir():
        with open(blob, "rb") as file:
            is_document = file.read(1) == b"{"
        if is_document and b"io.datacontainer.layer" in (text := blob.read_bytes()):
            return int(next(one["size"] for one in json.loads(text)["layers"] if one.get("annotations")))
    raise RuntimeError(f"{build.results} has no metadata layer")
