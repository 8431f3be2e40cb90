"""Tests of `-serve` in a container: programs that speak HTTP, WebDAV and S3, the API, and the page in a browser."""

import contextlib
import gc
import hashlib
import http.client
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import urllib.parse
import zipfile
from pathlib import Path

import pytest

from tools.browser import DARK
from tools.engines import Tool, require_library, require_tool
from tools.served import get, started, with_script
from tools.servers import free_port
from tools.trees import fill

SAFE = ("--read-only", "--cap-drop", "ALL", "--user", "65534:65534", "--network", "host")


@pytest.fixture(scope="module")
def odd(docker: Tool, images):
    """The address of the dataset `odd`, served by a container."""
    docker("load", "--input", images.product("odd", "odd.docker.tar"))
    port = free_port()
    with started([*docker.command, "run", "--rm", *SAFE, "odd:2.0", "-serve", f"127.0.0.1:{port}"], port) as address:
        yield address


@pytest.fixture(scope="module")
def files(images) -> dict[bytes, bytes]:
    """The content of the dataset's regular files, by path, and by digest of sha256sum."""
    folder = os.fsencode(images.folder / "odd")
    found = subprocess.run(["find", folder, "-type", "f", "-print0"], capture_output=True, check=True).stdout.split(
        b"\0"
    )
    return {path[len(folder) + 1 :]: path for path in found[:-1]}


def quoted(path: bytes) -> str:
    return urllib.parse.quote(path)


def sha256sum(path: bytes) -> str:
    done = subprocess.run([b"sha256sum", b"--zero", b"--", path], capture_output=True, check=True)
    return done.stdout[:64].decode()


@pytest.mark.parametrize("prefix", ["/data/", "/dav/", "/s3/odd/"])
def test_serve_each_file_has_the_content_that_sha256sum_reads(odd, files, prefix):
    for name, path in files.items():
        answer = get(odd + prefix + quoted(name))
        digest = sha256sum(path)
        assert (answer.status, hashlib.sha256(answer.content).hexdigest()) == (200, digest), name
        assert answer.headers["Etag"] == f'"{digest}"'


@pytest.mark.parametrize(
    "remote", [":webdav,url='{}/dav/':", ":s3,provider=Other,endpoint='{}/s3',force_path_style=true:odd"]
)
def test_serve_rclone_downloads_the_dataset(odd, images, tmp_path, remote):
    rclone = require_tool("rclone")
    settings = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    settings |= {"RCLONE_CONFIG": os.devnull, "HOME": str(tmp_path)}
    got = tmp_path / "got"
    command = [rclone, "copy", "--include", "/d*/**", "--include", "/a*", remote.format(odd), str(got)]
    subprocess.run(command, check=True, capture_output=True, env=settings, timeout=100)
    copied = [path for path in got.rglob("*") if path.is_file()]
    assert copied
    for path in copied:
        assert path.read_bytes() == (images.folder / "odd" / path.relative_to(got)).read_bytes()


@pytest.fixture(scope="module")
def science(tmp_path_factory):
    """The address of tables and a zarr store, served by the program itself."""
    xarray, pandas = require_library("xarray"), require_library("pandas")
    folder = tmp_path_factory.mktemp("science")
    data = folder / "data"
    data.mkdir()
    xarray.Dataset({"t": (("x", "y"), [[1.0, 2.0], [3.0, 5.0]])}).to_zarr(data / "z.zarr", consolidated=False)
    pandas.DataFrame({"subject": ["a", "b", "b"], "age": [30, 40, 50]}).to_parquet(data / "people.parquet")
    pandas.DataFrame({"subject": ["a", "b"], "dose": [1.5, 2.5]}).to_csv(data / "doses.csv", index=False)
    port = free_port()
    with started([entrypoint_of(folder, data), "-serve", f"127.0.0.1:{port}"], port) as address:
        yield f"{address}{data}"


def entrypoint_of(folder: Path, data: Path) -> Path:
    """Packs a folder without images; returns its entrypoint, which finds the files there."""
    pack = [sys.executable, "-m", "datacontainer", "pack", data, "--outdir", folder / "results"]
    settings = ["--set", "formats=[]", "--set", f"mount={data}"]
    subprocess.run([*pack, *settings], check=True, capture_output=True)
    return folder / "results/data/bin/linux-amd64/entrypoint"


def test_serve_pandas_and_duckdb_read_tables_over_http(science):
    import duckdb
    import pandas

    assert pandas.read_parquet(f"{science}/people.parquet").age.tolist() == [30, 40, 50]
    assert pandas.read_csv(f"{science}/doses.csv").dose.sum() == 4.0
    extension = _httpfs()
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        tables = f"'{science}/people.parquet' JOIN '{science}/doses.csv' USING (subject)"
        question = f"SELECT subject, sum(age * dose) FROM {tables} GROUP BY 1 ORDER BY 1"
        assert connection.execute(question).fetchall() == [("a", 45.0), ("b", 225.0)]


def _httpfs() -> Path:
    import duckdb_ext

    (extension,) = Path(next(iter(duckdb_ext.__path__))).glob("extensions/*/*/httpfs.duckdb_extension")
    return extension


# The clients leave their connections open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_serve_s3fs_pyarrow_xarray_and_webdav4_read_the_dataset(science, tmp_path):
    s3fs, xarray = require_library("s3fs"), require_library("xarray")
    import pyarrow.fs as pafs
    import pyarrow.parquet as pq
    from webdav4.client import Client

    address = science[: science.index("/", len("http://"))]
    files = s3fs.S3FileSystem(anon=True, endpoint_url=f"{address}/s3", client_kwargs={"region_name": "us-east-1"})
    assert files.ls("data") == ["data/doses.csv", "data/people.parquet", "data/z.zarr"]
    assert files.cat("data/doses.csv") == b"subject,dose\na,1.5\nb,2.5\n"
    store = {"anon": True, "endpoint_url": f"{address}/s3"}
    with xarray.open_zarr("s3://data/z.zarr", storage_options=store, consolidated=False) as opened:
        assert float(opened.t.sum()) == 11.0
    endpoint = f"{address.removeprefix('http://')}/s3"
    arrow = pafs.S3FileSystem(anonymous=True, endpoint_override=endpoint, scheme="http", region="us-east-1")
    assert pq.read_table("data/people.parquet", filesystem=arrow).num_rows == 3
    client = Client(f"{address}/dav/")
    assert sorted(client.ls("/", detail=False)) == ["doses.csv", "people.parquet", "z.zarr"]
    client.download_file("people.parquet", tmp_path / "got")
    assert pq.read_table(tmp_path / "got").num_rows == 3
    del client, arrow, opened, files
    s3fs.S3FileSystem.clear_instance_cache()
    gc.collect()


SELECTIONS = [
    {}, {"get": "a"}, {"where": "size > 3"}, {"metric": "size", "desc": "true", "limit": "3"}, {"fields": "size,path"},
    {"where": 'name like "*e*"'}, {"get": "A", "ignore-case": "true"}, {"where": "size > 1e12"},
]  # fmt: skip


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "parquet"])
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_api_files_are_the_answers_of_the_flags(odd, images, form, selection):
    flags = [f"-{name}={value}" for name, value in selection.items()]
    entrypoint = images.product("odd", "bin/linux-amd64/entrypoint")
    done = subprocess.run([entrypoint, *flags, f"-format={form}"], capture_output=True, check=False)
    answer = get(f"{odd}/api/files?{urllib.parse.urlencode({**selection, 'format': form})}")
    empty = b"[]\n" if form == "json" else b""
    assert (answer.status, answer.content) == (200, done.stdout or empty), done.stderr


@pytest.mark.parametrize(
    ("path", "flags"),
    [
        ("count", ["-count"]),
        ("count?by=suffix", ["-count", "-by=suffix", "-format=json"]),
        ("values?field=suffix", ["-values=suffix", "-format=json"]),
        ("schema", ["-schema", "-format=json"]),
        ("info", ["-info"]),
    ],
)
def test_api_commands_are_the_answers_of_the_flags(odd, images, path, flags):
    entrypoint = images.product("odd", "bin/linux-amd64/entrypoint")
    expected = subprocess.run([entrypoint, *flags], capture_output=True, check=True).stdout
    answer = get(f"{odd}/api/{path}")
    assert (answer.status, json.loads(answer.content)) == (200, json.loads(expected))


def test_api_pages_of_files_together_are_all_files(odd):
    whole, found, cursor = json.loads(get(f"{odd}/api/files").content), [], ""
    for _ in whole:
        answer = get(f"{odd}/api/files?limit=7&cursor={cursor}")
        found += json.loads(answer.content)
        cursor = answer.headers.get("X-Next-Cursor", "")
        if not cursor:
            break
    assert found == whole and len(whole) > 7


def test_api_wrong_requests_are_errors_as_json(odd):
    for path in ["files?where=size", "files?colour=red", "values?field=nosuch", "none", "files?limit=-1"]:
        answer = get(f"{odd}/api/{path}")
        assert 400 <= answer.status < 500 and set(json.loads(answer.content)) == {"error"}
    assert "did you mean" in json.loads(get(f"{odd}/api/values?field=sise").content)["error"]
    verified = get(f"{odd}/api/verify", "POST", b"get=a")
    assert verified.status == 200 and b"no differences" in verified.content


def test_api_archives_contain_the_selected_files(odd, files):
    expected = {name: Path(os.fsdecode(path)).read_bytes() for name, path in files.items() if b"a" in b"/data/" + name}
    selection = urllib.parse.urlencode({"get": "a", "limit": str(10**6)})
    with tarfile.open(fileobj=io.BytesIO(get(f"{odd}/api/archive?format=tar&{selection}").content)) as tar:
        members = {os.fsencode(one.name): tar.extractfile(one).read() for one in tar if one.isfile()}
    assert members == expected
    with zipfile.ZipFile(io.BytesIO(get(f"{odd}/api/archive?format=zip&{selection}").content)) as archive:
        assert archive.testzip() is None and len(archive.namelist()) >= len(expected)


def test_api_answers_fit_the_openapi_document(science):
    address = science[: science.index("/", len("http://"))]
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "run", f"{address}/api/openapi.json", "--url", address, "--max-examples", "20"]
    checks = [
        "--checks",
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
    ]
    done = subprocess.run([*command, *checks, "--seed", "1"], capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout.decode()[-3000:]


def test_serve_outside_of_a_container_needs_its_files_and_listens_only_locally(images):
    entrypoint = images.product("fruit", "bin/linux-amd64/entrypoint")
    done = subprocess.run([entrypoint, "-serve"], capture_output=True, check=False, timeout=20)
    assert done.returncode == 1 and b"start it in the image" in done.stderr
    done = subprocess.run([entrypoint, "-token", "x"], capture_output=True, check=False, timeout=20)
    assert done.returncode == 2 and b"-token and -access-log need -serve" in done.stderr


def test_serve_token_is_needed_in_a_container(docker, images):
    port = free_port()
    docker("load", "--input", images.product("odd", "odd.docker.tar"))
    command = [*docker.command, "run", "--rm", *SAFE, "odd:2.0", "-serve", f"127.0.0.1:{port}", "-token", "secret"]
    with started(command, port) as address:
        assert get(f"{address}/api/info").status == 401
        assert get(f"{address}/api/info", Authorization="Bearer secret").status == 200


def test_serve_sigterm_finishes_the_answer_in_flight_and_ends(tmp_path):
    fill(tmp_path / "data", {b"large": b"0123456789abcdef" * (4 << 20)})
    port = free_port()
    command = [entrypoint_of(tmp_path, tmp_path / "data"), "-serve", f"127.0.0.1:{port}"]
    with (
        started(command, port) as _,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection,
    ):
        connection.request("GET", f"{tmp_path}/data/large")
        answer = connection.getresponse()
        begin = answer.read(1 << 20)
        subprocess.run(["pkill", "-TERM", "-f", f"^{command[0]} "], check=True)
        time.sleep(0.5)
        assert begin + answer.read() == b"0123456789abcdef" * (4 << 20)


# Functions for scripts in the page; `report` ends a script.
WAIT = """
const report = (value) => { document.title = "⟦" + JSON.stringify(value) + "⟧"; };
const wait = async (what) => {
  for (let i = 0; i < 200 && !what(); i++) await new Promise((r) => setTimeout(r, 20));
  if (!what()) throw new Error("waited for " + what);
};
const $ = (id) => document.getElementById(id), rows = () => [...$("files").tBodies[0].rows];
const enter = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event("input")); };
await wait(() => rows().length);
"""


def in_page(browser, address: str, script: str, *flags: str, before: str = ""):
    """The value that a script reports in the page; asserts that the page loads nothing from other hosts.

    before: a script that runs first.
    """
    failed = "document.title = '⟦' + JSON.stringify(String(error)) + '⟧'"
    code = f"{before}\ntry {{ {WAIT} {script} }} catch (error) {{ {failed}; }}"
    with with_script(address, code) as proxy:
        visit = browser.visit(f"{proxy}/", "--virtual-time-budget=20000", *flags)
    assert all(one.startswith((proxy, "data:")) for one in visit.requests), visit.requests
    text = visit.dom.text
    assert "⟦" in text, (text, visit.console)
    return json.loads(text[text.index("⟦") + 1 : text.index("⟧")])


def test_page_lists_hostile_names_as_text(browser, odd):
    paths = in_page(browser, odd, "report(rows().map((row) => row.cells[1].textContent));")
    listed = json.loads(get(f"{odd}/api/files?limit=200").content)
    # A byte that is not UTF-8 is a lone surrogate in the answer, and a replacement character in the page.
    assert paths == [re.sub("[\udc80-\udcff]", "\ufffd", row["path"].removeprefix("/data/")) for row in listed]
    assert any("\n" in path for path in paths)


def test_page_search_filter_and_sort_show_the_answers_of_the_api(browser, odd):
    search = (
        "enter('search', 'a'); await wait(() => $('state').textContent.startsWith('%d files')); report(rows().length);"
    )
    expected = json.loads(get(f"{odd}/api/count?get=a").content)
    assert in_page(browser, odd, search % expected) == min(expected, 200)
    sort = """
      [...document.querySelectorAll("thead button")].find((one) => one.textContent.startsWith("size")).click();
      await wait(() => document.querySelector("th[aria-sort=ascending] button").textContent.startsWith("size"));
      report(rows()[0].cells[1].textContent);"""
    (first,) = json.loads(get(f"{odd}/api/files?metric=size&limit=1").content)
    assert in_page(browser, odd, sort) == first["path"].removeprefix("/data/")
    wrong = """
      $("where").value = "size >";
      $("filter").requestSubmit();
      await wait(() => $("state").classList.contains("error"));
      report($("state").textContent);"""
    assert "-where" in in_page(browser, odd, wrong)


def test_page_previews_tables_text_and_volumes(browser, tmp_path):
    nibabel, numpy = require_library("nibabel"), require_library("numpy")
    data = tmp_path / "data"
    fill(
        data,
        {b"t.csv": b'a,b\n1,"x, y"\n', b"r.md": b"# Title\n\n<b>bold</b>\n", b"j.json": b'{"a": [1]}', b"e.txt": b""},
    )
    nibabel.Nifti1Image(numpy.arange(60, dtype="int16").reshape(3, 4, 5), numpy.eye(4)).to_filename(data / "v.nii.gz")
    script = """
      const found = {};
      for (const row of rows()) {
        const name = row.cells[1].textContent;
        row.cells[1].firstChild.click();
        const place = document.querySelector(".preview");
        await wait(() => $("details").querySelector("h2").textContent.endsWith(name) && place.textContent);
        await new Promise((r) => setTimeout(r, 100));
        found[name] = place.textContent + place.querySelectorAll("canvas").length;
      }
      report(found);"""
    port = free_port()
    with started([entrypoint_of(tmp_path, data), "-serve", f"127.0.0.1:{port}"], port) as address:
        found = in_page(browser, address, script)
    assert found == {
        "t.csv": "ab1x, y0",
        "r.md": "Title<b>bold</b>0",
        "j.json": '{\n  "a": [\n    1\n  ]\n}0',
        "e.txt": "This file is empty.0",
        "v.nii.gz": "3 \u00d7 4 \u00d7 5 voxels, values 0 to 593",
    }


@pytest.mark.parametrize("flags", [(), (DARK,), ("--window-size=400,800",)], ids=["light", "dark", "phone"])
def test_page_has_no_serious_fault_of_accessibility(browser, odd, flags):
    import axe_core_python

    axe = (Path(next(iter(axe_core_python.__path__))) / "axe.min.js").read_text()
    script = """
      rows()[0].cells[1].firstChild.click(); $("choose-columns").click();
      await wait(() => !$("details").hidden);
      const found = (await axe.run()).violations.filter((one) => ["serious", "critical"].includes(one.impact));
      report(found.map((one) => [one.id, one.nodes[0].html]));"""
    assert in_page(browser, odd, script, *flags, before=axe) == []
