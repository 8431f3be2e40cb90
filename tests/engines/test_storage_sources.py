"""Datasets in storage, through Snakemake's plugins: S3 by moto's server, HTTP by Python's, and the default storage."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.runtime.errors import DataError
from datacontainer.scan.sharding import Limits
from datacontainer.storage.provider import open_source
from tools.builds import Build
from tools.objects import BUCKET, Bucket
from tools.pipeline import catalog_rows
from tools.trees import fill
from tools.workflow import NOTHING, ROOT, Project, fails

LARGE = bytes(range(256)) * 40_000
TREE = {
    b"README.md": b"# Fruit\n\nMeasurements of fruit.\n",
    b"empty": b"",
    "sub/n\u00e4me with %20 + & ?.txt".encode(): b"odd",
    b"sub/deep/large.bin": LARGE,
    b"no.log": b"excluded",
    b".datacontainerignore": b"*.log\n",
    b".git/config": b"left out",
} | {b"many/%03d.txt" % n: b"%d\n" % n * n for n in range(60)}
KEPT = {path for path in TREE if path not in (b"no.log", b".git/config")}


def summary(project: Project, name: str, outdir: str = "results") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.folder / outdir / name / "dataset.json").read_bytes())
    return found


def test_objects_give_the_image_of_a_folder_and_are_read_once(bucket: Bucket, project: Project, tmp_path: Path) -> None:
    begun_ns = time.time_ns()
    url = bucket.put("x", TREE)
    bucket.put("x", {b"many/": b"", b"marker/": b""})
    ended_ns = time.time_ns()
    fill(tmp_path / "x", TREE)
    bucket.taken()
    keys = {"formats": ["oci"], "shard_files": 10, "metadata": [f"{ROOT}/examples/metadata.py:lines"]}
    project.configure(x={"path": f"{url}/", **keys})
    text = project.build(environment=bucket.environment, console=True)
    assert f"scan x: listing {url}\n" in text
    read = bucket.taken()
    assert {key.removeprefix("x/").encode() for key in read} == KEPT
    # The patterns and the README are also read for themselves; the large object in parts.
    assert len(read) == len(KEPT) + 2 + 2
    project.configure(x={"path": str(tmp_path / "x"), **keys})
    project.build("--config", "outdir=local")
    local, stored = project.folder / "local/x", project.folder / "results/x"
    assert summary(project, "x") == summary(project, "x", "local")
    assert summary(project, "x")["about"]["description"] == "Measurements of fruit."
    blobs = [{path.name for path in (one / "oci/blobs/sha256").iterdir()} for one in (local, stored)]
    assert blobs[0] == blobs[1]
    assert len(blobs[0]) > 6
    written_ns = pq.read_table(stored / "catalog.parquet")["mtime"].cast(pa.int64()).to_pylist()
    # The server knows seconds alone.
    assert begun_ns - 10**9 < min(written_ns) <= max(written_ns) <= ended_ns
    rows = [[{**row, "mtime": None} for row in catalog_rows(one / "catalog.parquet")] for one in (local, stored)]
    assert rows[0] == rows[1]
    assert not list(stored.rglob("*.files"))

    project.configure(x={"path": url, **keys})
    assert NOTHING in project.build(environment=bucket.environment)
    assert set(bucket.taken()) == {"x/.datacontainerignore"}
    bucket.put("x", {b"many/030.txt": b"edited"})
    text = project.build(environment=bucket.environment)
    assert "dataset 'x' changed since the last scan; scanning it again" in text
    read = bucket.taken()
    assert read.count("x/many/030.txt") == 1
    assert len(read) < len(KEPT) / 2


def test_sources_that_are_not_supported_are_refused_in_one_line(bucket: Bucket, project: Project) -> None:
    given = {"environment": bucket.environment, "console": True}
    for config, line in (
        (
            "dataset=gs://b/x",
            "datasets.x.path: 'gs://b/x' begins with gs://, expected s3, http, https or a folder: fetch",
        ),
        (
            "dataset={path: s3://b/x, metadata: [zarr]}",
            "datasets.x: 'zarr' needs the whole dataset in a folder, but 's3://b/x'",
        ),
        (
            "dataset=s3://missing/x",
            "scan x: reading '.datacontainerignore' of 's3://missing/x': there is no bucket 'missing': correct the",
        ),
    ):
        found = [one for one in fails(project, "--config", config, **given).splitlines() if one.startswith("error")]
        assert len(found) == 1
        assert found[0].startswith(f"error: {line}")
    without = project.snakemake("--config", "dataset=s3://b/x", console=True)
    assert without.status == 3
    assert (
        "'s3://b/x' needs a plugin of Snakemake: run `python -m pip install snakemake-storage-plugin-s3`"
        in without.text
    )


@pytest.fixture
def stored(bucket: Bucket, tmp_path: Path) -> str:
    """The URL of a dataset of three files, one of which is read in parts."""
    return bucket.put(tmp_path.name, {b"a": b"1", b"b": LARGE, b"c": b"3"})


def test_object_that_changes_after_the_scan_is_named(bucket: Bucket, stored: str) -> None:
    source = open_source(stored)
    found = list(source.objects())
    assert [(one.path, one.size) for one in found] == [(b"a", 1), (b"b", len(LARGE)), (b"c", 1)]
    assert b"".join(chunk for _, chunk in source.contents(found)) == b"1" + LARGE + b"3"
    with pytest.raises(DataError, match=r"/none' has no objects below it: correct the dataset's `path`$"):
        list(open_source(f"{stored}/none").objects())
    prefix = stored.rpartition("/")[2]
    bucket.put(prefix, {b"c": b"4"})
    with pytest.raises(DataError, match=r"^'c' changed after the scan: 's3://bucket/.*' has another version of it"):
        list(source.contents(found))
    bucket.client.delete_object(Bucket=BUCKET, Key=f"{prefix}/c")
    with pytest.raises(DataError, match=r"^'c' changed after the scan: it no longer exists; run snakemake again$"):
        list(source.contents(found))


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"ENDPOINT_URL": "http://127.0.0.1:1"},
            "Could not connect to the endpoint.*: check --storage-s3-endpoint-url and the network",
        ),
        ({"ACCESS_KEY": None, "SECRET_KEY": None}, "there are no credentials: set SNAKEMAKE_STORAGE_S3_ACCESS_KEY"),
    ],
)
def test_network_and_credentials_that_are_missing_have_a_remedy(
    stored: str, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str | None], message: str
) -> None:
    for name in ("HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in variables.items():
        monkeypatch.delenv(f"SNAKEMAKE_STORAGE_S3_{name}")
        if value:
            monkeypatch.setenv(f"SNAKEMAKE_STORAGE_S3_{name}", value)
    with pytest.raises(DataError, match=f"^listing '{stored}': .*{message}"):
        list(open_source(stored).objects())


class Quiet(SimpleHTTPRequestHandler):
    """Python's server of a folder, without a log. lacking: a header that it does not send."""

    lacking = ""

    def log_message(self, *_: object) -> None:
        """Logs nothing."""

    def send_header(self, keyword: str, value: str) -> None:
        """Sends a header."""
        if keyword != self.lacking:
            super().send_header(keyword, value)


@pytest.fixture
def web(plugins: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the fixture `dataset` on a server."""
    monkeypatch.syspath_prepend(str(plugins))
    monkeypatch.setattr(Quiet, "lacking", "")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(dataset))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_index_pages_give_the_layers_of_a_folder(web: str, packer: Path, dataset: Path, tmp_path: Path) -> None:
    fill(dataset, TREE)
    builds = [
        Build(packer, root, tmp_path / str(n), minimum=Limits(10, 1 << 30)) for n, root in enumerate([web, dataset])
    ]
    for one in builds:
        one.run()
    served, local = ([path.read_bytes() for path in one.hashed(".layer")] for one in builds)
    assert served == local
    assert len(served) > 2
    single = Build(packer, f"{web}sub/deep/large.bin", tmp_path / "single")
    single.run()
    (row,) = catalog_rows(tmp_path / "single/catalog.parquet")
    assert (row["path"], row["size"]) == (b"large.bin", len(LARGE))


def test_http_errors_have_a_remedy(web: str, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(dataset, {b"a": b"1", b"page.html": b"<a href=a>"})
    source = open_source(web)
    found = list(source.objects())
    (dataset / "a").write_bytes(b"22")
    with pytest.raises(DataError, match="a' changed after the scan: run snakemake again"):
        list(source.contents(found))
    for url, message in (
        (f"{web}none", "none': the server answers 404 File not found: correct the dataset's `path`, or set a login"),
        ("http://127.0.0.1:1/a", "'http://127.0.0.1:1/a' cannot be read: .*refused"),
    ):
        with pytest.raises(DataError, match=message):
            list(open_source(url).objects())
    for header, message in (("Last-Modified", "no ETag and no Last-Modified"), ("Content-Length", "no Content-Length")):
        monkeypatch.setattr(Quiet, "lacking", header)
        with pytest.raises(DataError, match=f"a': the server sends {message}, so a changed file would not be noticed"):
            list(open_source(f"{web}a").objects())
    (dataset / "index.html").write_bytes(b"<p>empty")
    with pytest.raises(DataError, match="is not an index page with links of files: correct"):
        list(open_source(web).objects())


@pytest.mark.parametrize("provider", ["fs", "s3"])
def test_folder_of_a_rule_in_the_default_storage_is_packed(
    bucket: Bucket, lab: Any, tmp_path: Path, provider: str
) -> None:
    prefix = str(tmp_path / "storage") if provider == "fs" else f"s3://{BUCKET}/pipeline"
    pipeline = lab("one", **bucket.environment)
    pipeline.edit('"formats": ["sif"]', '"formats": ["sif"], "shard_files": 1')
    options = ["--default-storage-provider", provider, "--default-storage-prefix", prefix]
    bucket.taken()
    text = pipeline.build(*options)
    assert f"listing {prefix}/measured" in text
    assert {row["path"] for row in catalog_rows(pipeline.folder / "packed/measured/catalog.parquet")} == {
        b"a.txt",
        b"b.txt",
    }
    assert not list((pipeline.folder / ".snakemake/storage").rglob("*.txt"))
    if provider == "s3":
        assert bucket.taken().count("pipeline/measured/a.txt") == 1
        checksum = bucket.client.get_object(Bucket=BUCKET, Key="pipeline/checksum.txt")["Body"].read()
        bucket.put("pipeline/measured", {b"a.txt": b"edited"})
    else:
        checksum = (tmp_path / "storage/checksum.txt").read_bytes()
        (tmp_path / "storage/measured/a.txt").write_text("edited")
    assert checksum.endswith(b"packed/measured/measured.sif\n")
    text = pipeline.build(*options, "--dry-run")
    assert "dataset 'measured' changed since the last scan; scanning it again" in text
