"""get and ls: compared with the image's own entrypoint; docker-registry is behind a proxy that counts and cuts."""

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.engines import Done, Tool, require_root, require_tool
from tools.images import Entry, tree_of
from tools.products import Products, records_of
from tools.proxy import Fault, Proxy, proxying
from tools.served import started
from tools.servers import free_port, serving_registry
from tools.shared import once
from tools.trees import fill
from tools.workflow import ROOT

# Short ranges, so that the tests need no large files.
RUN, GAP = 1 << 18, 1 << 12
PROGRAM = f"""
import sys
from datacontainer.fetch import writer
from datacontainer.sources import plan, server, tarcontents
plan.GAP_BYTES = {GAP}
for module in (plan, server, tarcontents, writer):
    module.RUN_BYTES = {RUN}
from datacontainer.command.main import main
sys.exit(main(sys.argv[1:]))
"""
LARGE, FOLDERS, PER_FOLDER = 20 * RUN + 7, 20, 50
GIVEN = "lab/many"


@pytest.fixture(scope="module")
def program() -> Tool:
    """The command line, with a cache that all tests share."""
    cache = once("readers", lambda _: None)
    return Tool(("env", f"PYTHONPATH={ROOT / 'scripts'}", f"XDG_CACHE_HOME={cache}", sys.executable, "-c", PROGRAM))


@pytest.fixture(scope="module")
def many(packer: Path) -> Products:
    """The products of 1,000 small files and a large one, in three shards."""

    def make(folder: Path) -> None:
        small = {b"run-%02d/%03d.txt" % (number // PER_FOLDER, number): b"%d\n" % number * 40 for number in range(1000)}
        fill(folder / "dataset", small | {b"large.bin": os.urandom(LARGE)})
        records = len(records_of(folder / "dataset"))
        Products(folder / "products", packer).make(folder / "dataset", cuts=(1, records // 2))

    return Products(once("many", make) / "products", packer)


class Lab(NamedTuple):
    """A proxy in front of a registry that has the images; folder: for the output."""

    proxy: Proxy
    program: Tool
    folder: Path

    def get(self, name: str, *flags: str, status: int = 0) -> tuple[Done, dict[bytes, bytes]]:
        """Gets files of an image; returns the finished call and the files it wrote."""
        self.proxy.reset()
        done = self.program.run("get", f"{self.proxy.host}/{name}", *flags, "--output", self.folder, status=status)
        return done, files_of(self.folder)


def files_of(folder: Path) -> dict[bytes, bytes]:
    """The files of a folder."""
    return {path: one.content for path, one in tree_of(folder).items() if not stat.S_ISDIR(one.mode)}


@pytest.fixture(scope="module")
def upstream(many: Products, images, skopeo: Tool, program: Tool, tmp_path_factory) -> Iterator[str]:
    """A registry with the image of `many`, uncompressed and as skopeo compresses it, and the dataset `odd`."""
    with serving_registry(require_tool("docker-registry"), tmp_path_factory.mktemp("registry")) as host:
        program("push", "odd", f"{host}/lab/odd:1.0", "--outdir", images.folder / "results")
        copy = ("copy", "--all", "--dest-tls-verify=false", "--preserve-digests")
        skopeo(*copy, f"oci:{many.layout}", f"docker://{host}/{GIVEN}:1.0")
        compressed = tmp_path_factory.mktemp("compressed")
        for name in ("gzip", "zstd"):
            skopeo("copy", "--all", "--dest-compress-format", name, f"oci:{many.layout}", f"oci:{compressed}/{name}")
            skopeo(*copy, f"oci:{compressed}/{name}", f"docker://{host}/lab/{name}:1.0")
        skopeo("copy", "--dest-tls-verify=false", f"docker-archive:{many.archive}", f"docker://{host}/lab/archive:1.0")
        yield host


@pytest.fixture
def lab(upstream: str, program: Tool, tmp_path: Path) -> Iterator[Lab]:
    with proxying(upstream) as proxy:
        yield Lab(proxy, program, tmp_path / "out")


@pytest.fixture(scope="module")
def original(many: Products) -> dict[bytes, bytes]:
    """The files of the dataset `many`."""
    return files_of(many.folder.parent / "dataset")


@pytest.fixture(scope="module")
def rootfs(images) -> Path:
    """The file system of the image of `odd`, in which its entrypoint runs without an engine."""
    require_root("chroot")

    def make(folder: Path) -> None:
        layout = images.product("odd", "oci")
        for layer in json.loads((layout / "manifest.json").read_bytes())[0]["Layers"]:
            Tool((require_tool("tar"),))("-xf", layout / layer, "-C", folder)

    return once("rootfs", make)


@pytest.fixture(scope="module")
def own(rootfs: Path) -> Tool:
    """The entrypoint of the image of `odd`."""
    return Tool((require_tool("chroot"), rootfs, "/entrypoint"))


class Exported(NamedTuple):
    """The files that -export of `odd` writes, and their numbers as it prints them."""

    tree: dict[bytes, tuple[Entry, int]]
    numbers: str


@pytest.fixture(scope="module")
def exported(rootfs: Path, own: Tool) -> Exported:
    printed = own.text("-export", "/exported")
    return Exported(with_times(rootfs / "exported"), printed.removeprefix("exported ").partition(" to ")[0])


def with_times(folder: Path) -> dict[bytes, tuple[Entry, int]]:
    """The entries of a folder, with the mtimes of files."""
    root, found = os.fsencode(folder), {}
    for path, entry in tree_of(folder).items():
        time_ns = os.lstat(os.path.join(root, path)).st_mtime_ns if stat.S_ISREG(entry.mode) else 0
        found[path] = entry, time_ns
    return found


@pytest.mark.parametrize("form", ["layout", "archive", "sif", "registry", "server"])
def test_get_everything_equals_export(images, lab, own, exported, form):
    port, tag = free_port(), "lab/odd:1.0"
    named = {
        "layout": f"oci:{images.product('odd', 'oci')}",
        "archive": images.product("odd", "odd.docker.tar"),
        "sif": images.product("odd", "odd.sif"),
        "registry": f"{lab.proxy.host}/{tag}",
        "server": f"http://127.0.0.1:{port}",
    }[form]
    with started([*own.command, "-serve", f"127.0.0.1:{port}"], port) if form == "server" else nullcontext():
        printed = lab.program.text("get", named, "--output", lab.folder)
    assert printed.startswith(f"fetched {exported.numbers} to {str(lab.folder)!r} in ")
    assert (" requests" in printed) == (form in ("registry", "server"))
    found, wanted = with_times(lab.folder), exported.tree
    if form == "server":
        # A server sends neither modes nor empty folders.
        found, wanted = without_modes(found), without_modes(wanted)
        del wanted[b"void"]
    assert found == wanted


def without_modes(tree: Mapping[bytes, tuple[Entry, int]]) -> dict[bytes, tuple[Entry, int]]:
    return {path: (Entry(stat.S_IFMT(one.mode), one.content), time) for path, (one, time) in tree.items()}


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-where", "size > 1000", "-format", "jsonl"),
        ("-count", "-by", "suffix"),
        ("-metric", "size", "-limit", "3"),
        ("-get", "absent"),
    ],
    ids=" ".join,
)
def test_ls_prints_what_the_entrypoint_prints(lab, own, flags):
    expected = own.run(*flags, status=None)
    done = lab.program.run("ls", f"{lab.proxy.host}/lab/odd:1.0", *flags, status=expected.returncode)
    assert done.stdout == expected.stdout
    assert done.stdout or expected.returncode
    assert not [line for line in lab.proxy.lines if line.startswith("GET") and lab.proxy.requests["GET"] > 4]


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        (("get", "{}/lab/odd:1.0"), 2, "get needs --output DIR: the folder to which it writes the files"),
        (("get", "{}/lab/odd:2.0", "--output", "x"), 1, "was answered with 404"),
        (
            ("get", "{}/lab/odd:1.0", "--output", "x", "-export", "y"),
            2,
            "-export needs the files: write",
        ),
        (("ls", "{}/lab/odd:1.0", "-verify"), 2, "-verify needs the files: write `datacontainer get REF"),
    ],
)
def test_get_and_ls_wrong_words_are_one_line(lab, words, status, expected):
    done = lab.program.run(*(one.format(lab.proxy.host) for one in words), status=status)
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: ")
    assert expected in line
    assert not done.stdout


def test_get_wrong_condition_or_no_file_writes_nothing(lab):
    words = ("get", f"{lab.proxy.host}/lab/odd:1.0", "--output", lab.folder)
    done = lab.program.run(*words, "-where", "size > >", status=2)
    assert b"error: -where, column 8: expected a number" in done.stderr
    lab.program.run(*words, "-get", "absent", status=1)
    assert not lab.folder.exists()


def test_get_selected_files_reads_their_ranges_alone(lab, original):
    folder = "/srv/data/run-07"
    lab.get(GIVEN + ":1.0", "-get", "run-07/350.txt")
    done, files = lab.get(GIVEN + ":1.0", "-where", f"folder == '{folder}'")
    wanted = {path: one for path, one in original.items() if path.startswith(b"run-07/")}
    assert len(wanted) == PER_FOLDER
    assert files == wanted
    lines = [line for line in lab.proxy.lines if "/blobs/" in line]
    # The config, the question whether there are ranges, and one range, which begins behind the file that is there.
    assert len(lines) == 3
    sizes = sum(map(len, wanted.values()))
    documents = 10_000
    assert lab.proxy.downloaded["GET"] <= sizes + 1024 * len(wanted) + documents
    printed = done.stdout.decode().splitlines()[-1]
    assert printed.startswith(f"fetched 50 files, {sizes} bytes to ")
    assert " (1 already existed); read " in printed
    assert f"in {lab.proxy.requests['GET']} requests" in printed


def test_get_large_file_is_read_in_parts_and_counted(lab, original):
    lab.program("ls", f"{lab.proxy.host}/{GIVEN}:1.0", "-count")
    done, files = lab.get(GIVEN + ":1.0", "-get", "large.bin")
    assert files == {b"large.bin": original[b"large.bin"]}
    parts = [line for line in lab.proxy.lines if "/blobs/" in line]
    # The config, the question whether there are ranges, and each part.
    assert len(parts) == 2 + 21
    assert f"in {len(lab.proxy.lines)} requests" in done.stdout.decode()
    assert LARGE < lab.proxy.downloaded["GET"] < LARGE + 200_000


def test_get_killed_continues_with_the_missing_parts(lab, original):
    lab.get(GIVEN + ":1.0", "-get", "run-00/000.txt")
    lab.proxy.faults.append(Fault("GET", "blobs", hang=True, times=99, after=2 + 12))
    wait_for_hang(lab, signal.SIGKILL, "-get", "large.bin")
    lab.proxy.faults.clear()
    assert [path for path in os.listdir(lab.folder) if path.startswith(".partial-")]
    files = lab.get(GIVEN + ":1.0")[1]
    assert files == original
    rest = sum(len(one) for one in original.values()) - LARGE
    headers = 1024 * len(original)
    assert lab.proxy.downloaded["GET"] < rest + headers + 9 * RUN + 100_000
    lab.proxy.reset()
    done = lab.get(GIVEN + ":1.0")[0]
    assert f"({len(original)} already existed)" in done.stdout.decode()
    assert lab.proxy.downloaded["GET"] < 20_000


def wait_for_hang(lab: Lab, number: int, *flags: str) -> tuple[int, str, float]:
    """Runs get until a request hangs, and sends a signal; returns status, messages, and the seconds until the end."""
    words = [*lab.program.command, "get", f"{lab.proxy.host}/{GIVEN}:1.0", *flags, "--output", lab.folder]
    lab.proxy.reset()
    (fault,) = lab.proxy.faults
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        deadline = time.monotonic() + 30
        while fault.times == 99 and time.monotonic() < deadline:
            time.sleep(0.01)
        # The other requests end.
        time.sleep(0.5)
        process.send_signal(number)
        began = time.monotonic()
        assert process.stderr
        messages = process.stderr.read()
    return process.returncode, messages, time.monotonic() - began


def test_get_file_that_is_too_large_for_the_target_is_named_and_the_others_are_written(
    program, many, original, tmp_path
):
    limited = Tool((require_tool("prlimit"), f"--fsize={LARGE - 1}", *program.command))
    large = {path for path, content in original.items() if len(content) == LARGE}
    line = b"large.bin': is not exported: the target cannot store its size (File too large)"
    # The second get finds the files of the first.
    for _ in range(2):
        done = limited.run("get", many.layout, "--output", tmp_path / "out", status=1)
        assert line in done.stdout + done.stderr
        assert files_of(tmp_path / "out").keys() == original.keys() - large


@pytest.mark.parametrize(
    ("after", "line"), [(5, "interrupted: fetched "), (1, "interrupted: run the same command again")]
)
def test_get_ctrl_c_while_the_registry_is_silent_ends_with_one_line(lab, original, after, line):
    if after > 1:
        lab.get(GIVEN + ":1.0", "-get", "run-00/000.txt")
    lab.proxy.faults.append(Fault("GET", "blobs", hang=True, times=99, after=after - 1))
    status, messages, seconds = wait_for_hang(lab, signal.SIGINT)
    assert status in (130, -signal.SIGINT)
    assert line in messages
    assert messages.count("\n") == 1
    # The registry would be silent for minutes.
    assert seconds < 20
    lab.proxy.faults.clear()
    assert lab.get(GIVEN + ":1.0")[1] == original


def test_get_cut_connections_and_passing_errors_are_continued(lab, original):
    lab.proxy.faults += [
        Fault("GET", "blobs", cut_answer=100_000, times=5, after=3),
        Fault("GET", "blobs", status=503, headers={"Retry-After": "0"}, times=2, after=6),
        Fault("GET", "manifests", status=500),
        Fault("GET", "blobs", status=429, headers={"Retry-After": "0"}),
    ]
    assert lab.get(GIVEN + ":1.0")[1] == original
    assert not any(one.times for one in lab.proxy.faults)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("GET", "blobs", status=404, times=999, after=2), "was answered with 404"),
        (Fault("GET", "manifests", status=401, times=9), "run `docker login"),
        (Fault("GET", "blobs", cut_answer=0, times=999, after=1), "no answer to GET|connection breaks"),
    ],
    ids=["missing", "login", "cut"],
)
def test_get_lasting_fault_is_one_line(lab, fault, expected):
    lab.get(GIVEN + ":1.0", "-get", "run-00/000.txt")
    lab.proxy.faults.append(fault)
    done, files = lab.get(GIVEN + ":1.0", "-get", "run-0", status=1)
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: ")
    assert re.search(expected, line)
    assert files.keys() == {b"run-00/000.txt"}


def test_get_registry_that_ignores_ranges_sends_whole_layers(upstream, lab, original):
    with proxying(upstream, without={"Range"}) as ignoring:
        other = lab._replace(proxy=ignoring)
        done, files = other.get(GIVEN + ":1.0", "-get", "run-00/")
    assert re.fullmatch(
        r"reading whole layers, as the registry sends no ranges: 1 of 5 layers, [\d.]+ kB\n", done.stderr.decode()
    )
    assert files == {path: one for path, one in original.items() if path.startswith(b"run-00/")}


@pytest.mark.parametrize("name", ["gzip", "zstd", "archive"])
def test_get_layers_that_a_client_compressed_are_read_as_a_whole(lab, original, name):
    done, files = lab.get(f"lab/{name}:1.0")
    assert files == original
    # skopeo finds the uncompressed blobs of the archive in the registry.
    if name == "gzip":
        assert "reading whole layers, as they are compressed: 4 of 5 layers, " in done.stderr.decode()


def test_get_file_whose_layer_differs_is_skipped_and_named(lab, many, skopeo, original, tmp_path):
    path, damaged = b"run-15/777.txt", many.copy(tmp_path / "products")
    (digest,) = [one for one in many.digests() if many.blob(one).read_bytes().count(b"\n777\n")]
    content = many.blob(digest).read_bytes().replace(b"\n777\n", b"\n778\n", 1)
    damaged.replace_blob(digest, content)
    to = ("--dest-tls-verify=false", "--preserve-digests", f"docker://{lab.proxy.upstream}/{GIVEN}:damaged")
    skopeo("copy", "--all", f"oci:{damaged.layout}", *to)
    with proxying(lab.proxy.upstream, renamed={digest: hashlib.sha256(content).hexdigest()}) as liar:
        done, files = lab._replace(proxy=liar).get(GIVEN + ":1.0", status=1)
    assert files == {name: one for name, one in original.items() if name != path}
    assert f"{path.decode()!r}: sha256 is " in done.stdout.decode()
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: skipped 1 file that differ from the catalog of ")


def test_get_other_metadata_layer_is_a_digest_mismatch(upstream, program, many, tmp_path):
    *data, _, _ = many.digests()
    metadata = [one for one in many.digests() if b".datacontainer/" in many.blob(one).read_bytes()[:600]]
    with proxying(upstream, renamed={metadata[0]: data[1]}) as liar:
        fresh = Tool(("env", *program.command[1:2], f"XDG_CACHE_HOME={tmp_path}", *program.command[3:]))
        done = fresh.run("get", f"{liar.host}/{GIVEN}:1.0", "--output", tmp_path / "out", status=1)
    expected = f"error: digest mismatch for the metadata layer of '{liar.host}/{GIVEN}:1.0': the config names sha256:"
    assert done.stderr.decode().startswith(expected + metadata[0])
    assert done.stderr.count(b"\n") == 1
    assert not (tmp_path / "out").exists()
