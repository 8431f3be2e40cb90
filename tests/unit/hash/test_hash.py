"""Hash: digests equal to those of other programs, layers that GNU tar reads, and errors about changed files."""

import hashlib
import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.shards import ShardFiles, read_shard
from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.runtime.errors import DataError
from datacontainer.scan.scan import read_shards, scan
from datacontainer.scan.sharding import MIN_SHARD
from tools.engines import require_root
from tools.examples import tried
from tools.moving import wait_until
from tools.trees import ODD_NAMES, fill, names
from tools.workflow import ROOT

ALL_DIGESTS = list(DIGEST_BYTES)
OTHER_USER = 65534
USER_FUNCTION = """\
def lines(path):
    with open(path, "rb") as file:
        return {"lines": len(file.readlines())}
"""


@dataclass(frozen=True)
class Shard:
    """A dataset with one shard, the list of this shard, and the folder for the outputs."""

    packer: Path
    dataset: Path
    folder: Path

    @property
    def results(self) -> Results:
        return Results(self.folder)

    @property
    def listed(self) -> Path:
        return self.results.list_of("shard")

    @property
    def layer(self) -> Path:
        return self.results.layer("shard")

    def hash(self, *digests: str, functions: tuple[str, ...] = ()) -> list[dict[str, object]]:
        """Hashes the shard; returns the rows of its records."""
        digests = digests or ("sha256",)
        hash_shards(self.job(digests=digests, functions=functions), ["shard"], lambda _: None)
        return self.rows(*digests, fields=self.results.fields("shard") if functions else None).to_pylist()

    def job(self, **changed: Any) -> Job:
        return Job(self.packer, str(self.dataset), self.results, mount="/data", **changed)

    def rows(self, *digests: str, fields: Path | None = None) -> pa.Table:
        return read_shard(ShardFiles(self.listed, self.results.digests("shard"), fields), digests).table

    def command(self, *more: str | Path, layer: Path | None = None) -> list[str | Path]:
        layer = layer or self.layer
        flags: list[str | Path] = ["--root", self.dataset, "--mount", "/data", *more]
        return [self.packer, "hash", *flags, self.listed, layer.with_suffix(".raw"), layer]

    def members(self) -> list[tarfile.TarInfo]:
        with tarfile.open(self.layer, "r:") as tar:
            return tar.getmembers()

    def output_names(self) -> list[str]:
        """The names of all outputs, including hidden files."""
        return os.listdir(self.layer.parent)


def make_shard(packer: Path, dataset: Path) -> Shard:
    shard = Shard(packer, dataset, dataset.parent)
    shard.layer.parent.mkdir(parents=True, exist_ok=True)
    lists, table = shard.results.lists, shard.results.shards
    scan(str(dataset), (), lists, table, packer=packer, symlinks="keep", minimum=MIN_SHARD)
    (name,) = read_shards(table)
    shard.results.list_of(name).rename(shard.listed)
    return shard


@pytest.fixture
def shard(packer, dataset):
    """Returns a function that scans the dataset and returns its only shard."""
    return lambda: make_shard(packer, dataset)


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def contents(folder: Path) -> dict[bytes, tuple[object, ...]]:
    """The properties that an image preserves, by path below a folder: kind, execute bit, content or target."""
    found: dict[bytes, tuple[object, ...]] = {}
    root = os.fsencode(folder)
    for parent, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                value: tuple[object, ...] = ("link", os.readlink(path))
            elif stat.S_ISDIR(mode):
                value = ("folder",)
            else:
                value = ("file", bool(mode & stat.S_IXUSR), Path(os.fsdecode(path)).read_bytes())
            found[os.path.relpath(path, root)] = value
    return found


def extracted(layer: Path, folder: Path) -> Path:
    """Extracts the layer with GNU tar and returns the folder of the mount."""
    folder.mkdir()
    subprocess.run(["tar", "-xpf", layer, "-C", folder], check=True, capture_output=True)
    return folder / "data"


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512", "md5"])
def test_hash_shard_digests_equal_those_of_system_programs(shard, dataset, algorithm):
    fill(dataset, {name: name * 50 for name in ODD_NAMES} | {b"empty": b"", b"large": b"0123456789abcdef" * 70_000})
    rows = shard().hash(*ALL_DIGESTS)
    program = [f"{algorithm}sum", "--zero", "--", *sorted(os.listdir(os.fsencode(dataset)))]
    printed = subprocess.run(program, cwd=dataset, check=True, capture_output=True).stdout.split(b"\0")[:-1]
    expected = {line.split(b"  ", 1)[1]: line.split(b"  ", 1)[0].decode() for line in printed}
    assert {row["path"]: row[algorithm] for row in rows} == expected


def test_hash_shard_records_contain_the_results_of_scan_and_packer(shard, dataset):
    fill(dataset, {b"a/file": b"12345", b"b": b""})
    os.utime(dataset / "a/file", ns=(0, 1_500_000_000_123_456_789))
    os.symlink("a/file", dataset / "link")
    one = shard()
    table = one.hash("sha256", "crc32c") and one.rows("sha256", "crc32c")
    assert table.schema.names == ["path", "size", "mtime", "sha256", "crc32c", "link"]
    assert table["path"].to_pylist() == ["a/file", "b", "link"]
    assert table["size"].to_pylist() == [5, 0, 6]
    assert table["mtime"].cast("int64")[0].as_py() == 1_500_000_000_123_456_789
    assert table["crc32c"].to_pylist()[1] == "00000000"
    assert table["link"].to_pylist() == [None, None, "a/file"]
    assert table["sha256"].to_pylist() == [hashlib.sha256(text).hexdigest() for text in (b"12345", b"", b"a/file")]


def test_hash_shard_facts_describe_the_layer(shard, dataset):
    fill(dataset, {b"a/file": b"12345", b"b": b"6"})
    (dataset / "void").mkdir()
    os.symlink("b", dataset / "link")
    one = shard()
    one.hash()
    assert json.loads(one.layer.with_name("shard.json").read_text()) == {
        "files": 2,
        "links": 1,
        "directories": 1,
        "bytes": 6,
        "layer_size": one.layer.stat().st_size,
        "diff_id": "sha256:" + digest_of(one.layer),
        "digest": "sha256:" + digest_of(one.layer),
        "blob_size": one.layer.stat().st_size,
        "compression": "none",
        "record": {"format": 1, "digests": ["sha256"], "sha256": digest_of(one.results.digests("shard"))},
    }
    assert sorted(one.output_names()) == ["known", "shard.digests", "shard.json", "shard.layer"]


def test_hash_shard_metadata_functions_are_called_for_files(shard, dataset, tmp_path):
    fill(dataset, {b"a": b"1\n2\n", b"not utf-8 \xff": b"1\n"})
    os.symlink("a", dataset / "link")
    (tmp_path / "user.py").write_text(USER_FUNCTION)
    rows = shard().hash(functions=(f"{tmp_path}/user.py:lines",))
    assert [(row["path"], row["lines"]) for row in rows] == [(b"a", 2), (b"link", None), (b"not utf-8 \xff", 1)]


def start(job: Job, program: str = "") -> subprocess.Popen[bytes]:
    """A process that hashes the shard, and then runs a program."""
    # A shell that runs the tests in the background ignores SIGINT, and so would this process.
    heeds = "import pickle, signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program = f"""{heeds}from datacontainer.hash.hash import hash_shards
hash_shards(pickle.load(sys.stdin.buffer), ['shard'], len)
{program}"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", program], env=environment, **pipes)
    process.stdin.write(pickle.dumps(job))
    process.stdin.flush()
    return process


def test_hash_shards_first_run_without_functions_loads_no_library(shard, dataset):
    fill(dataset, {b"a": b"1"})
    with start(shard().job(digests=("sha256",)), "print({'numpy', 'pyarrow'}.intersection(sys.modules))") as process:
        assert process.stdout.read() == b"set()\n"


def test_hash_shards_interrupted_ends_the_functions(shard, dataset, tmp_path):
    fill(dataset, {b"a": b"1", b"b": b"2"})
    (tmp_path / "user.py").write_text(
        "import time\ndef f(path):\n    open(__file__ + '.on', 'w')\n    time.sleep(600)\n"
    )
    with start(shard().job(digests=("sha256",), functions=(f"{tmp_path}/user.py:f",))) as process:
        wait_until((tmp_path / "user.py.on").exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0


@tried(40)
@given(
    files=st.dictionaries(names, st.tuples(st.binary(max_size=2000), st.sampled_from([0o400, 0o640, 0o751]))),
    links=st.dictionaries(names, names, max_size=3),
    folders=st.lists(names, max_size=3),
)
def test_hash_shard_any_tree_is_extracted_unchanged_by_gnu_tar(files, links, folders, packer, tmp_path_factory):
    dataset = tmp_path_factory.mktemp("any") / "dataset"
    fill(dataset, {path: content for path, (content, _) in files.items()})
    for path, (_, mode) in files.items():
        if os.path.isfile(whole := os.path.join(os.fsencode(dataset), path)):
            os.chmod(whole, mode)
    add_links_and_folders(os.fsencode(dataset), links, folders)
    one = make_shard(packer, dataset)
    one.hash()
    assert contents(extracted(one.layer, one.folder / "extracted")) == contents(dataset)
    check_members(one.members())


def add_links_and_folders(dataset: bytes, links: dict[bytes, bytes], folders: list[bytes]) -> None:
    """Adds folders and links whose paths do not conflict with existing files."""
    for path in folders:
        try:
            os.makedirs(os.path.join(dataset, path))
        except (FileExistsError, NotADirectoryError):
            continue
    for path, target in links.items():
        with suppress(FileExistsError, FileNotFoundError, NotADirectoryError):
            os.symlink(target, os.path.join(dataset, path))


def check_members(members: list[tarfile.TarInfo]) -> None:
    """Each path occurs once, after its parent folders, without the owner, times and unusual modes of the file."""
    seen: set[str] = set()
    for member in members:
        parent = os.path.dirname(member.name)
        assert parent in seen or parent == "", member.name
        assert member.name not in seen
        seen.add(member.name)
        assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)
        assert member.mode in {True: (0o644, 0o755), member.isdir(): (0o755,), member.issym(): (0o777,)}[True]


def test_packer_hash_number_of_threads_changes_no_byte(shard, dataset):
    fill(dataset, {b"%d/%d" % (i % 7, i): b"%d" % i * (i % 13) ** 3 for i in range(700)} | {b"large": bytes(3_000_000)})
    one = shard()
    made = []
    for threads in ("1", "2", "7"):
        done = subprocess.run(
            one.command("--digests", "sha256,blake3"),
            env={**os.environ, "GOMAXPROCS": threads},
            check=True,
            capture_output=True,
        )
        made.append((done.stdout, one.layer.read_bytes(), one.layer.with_suffix(".raw").read_bytes()))
    assert made[0] == made[1] == made[2]


def test_packer_hash_reads_each_byte_once(shard, dataset):
    require_root("seeing what another process has read")
    fill(dataset, {b"%03d" % i: os.urandom(10_000) for i in range(200)} | {b"large": os.urandom(5_000_000)})
    one = shard()
    with subprocess.Popen(one.command(), stdout=subprocess.PIPE) as process:
        # The kernel keeps the counters of a finished process until its parent waits for it.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        counts = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
        summary = json.load(process.stdout)
    other_bytes_read = int(counts["rchar"]) - summary["bytes"]
    # The packer reads the list twice, and the Go runtime reads a few small system files.
    assert 0 <= other_bytes_read <= 2 * one.listed.stat().st_size + 16_384
    other_bytes_written = int(counts["wchar"]) - summary["layer_size"]
    assert other_bytes_written <= 201 * 32 + 1000


def test_hash_shard_changed_file_is_named_with_both_sizes(shard, dataset):
    fill(dataset, {b"sub-01/bold.nii.gz": b"0123456789", b"z": b""})
    one = shard()
    (dataset / "sub-01/bold.nii.gz").write_bytes(b"0123456789ab")
    message = '"sub-01/bold.nii.gz" changed after the scan: its size was 10 bytes and is 12 now; run snakemake again'
    with pytest.raises(DataError) as raised:
        one.hash()
    assert str(raised.value) == message
    assert one.output_names() == ["known"]


def without_privileges(command: list[str | Path]) -> list[str | Path]:
    """The command without the capabilities by which root ignores modes and owners of files."""
    capabilities = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", f"--bounding-set={capabilities}", *command] if os.getuid() == 0 else command


def test_packer_hash_unreadable_file_is_named_with_the_remedy(shard, dataset):
    fill(dataset, {b"a": b"open", b"b": b"closed"})
    (dataset / "b").chmod(0)
    one = shard()
    done = subprocess.run(without_privileges(one.command()), check=False, capture_output=True, text=True)
    message = '"b" cannot be read (permission denied): give read permission with `chmod`, or list it in `exclude`\n'
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    assert one.output_names() == []


def test_packer_hash_file_of_another_user_is_read(shard, dataset):
    require_root("making files of another user")
    fill(dataset, {b"a": b"open", b"b": b"open too"})
    os.chown(dataset / "b", OTHER_USER, OTHER_USER)
    done = subprocess.run(without_privileges(shard().command()), check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["bytes"] == 12


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_packer_hash_stopped_by_a_signal_leaves_nothing(shard, dataset, number):
    (dataset / "large").touch()
    os.truncate(dataset / "large", 4 << 30)
    one = shard()
    with subprocess.Popen(one.command(), stderr=subprocess.PIPE, text=True) as process:
        wait_until(one.output_names)
        time.sleep(0.05)
        process.send_signal(number)
        message = process.stderr.read()
    assert (process.returncode, message) == (
        1,
        "stopped by a signal: run snakemake again\n",
    )
    assert one.output_names() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: packer scan|hash|compress|offsets|squashfs|sign"),
        (["hush"], 'unknown command "hush"'),
        (["hash", "list", "records", "-"], "--root is missing"),
        (["hash", "--root=x", "--mount=x", "list"], "got 1 arguments after the flags, expected three for each shard"),
        (["hash", "--rot", "x"], "flag provided but not defined: -rot"),
        (["scan"], "--root is missing; usage: packer scan --root DIR"),
        (["scan", "--root", "x"], "expected either --records or --digest-only"),
        (["scan", "--root", "x", "--digest-only", "--refused", "y"], "expected either --refused or --digest-only"),
        (["offsets", "--mount=/data", "list"], "expected --mount, --output and at least one list"),
        (["scan", "--root", "x", "more"], 'unexpected argument "more"'),
        (["hash", "--root=x", "--mount=x", "--digests=sha3", "list", "records", "-"], 'unknown digest "sha3"'),
    ],
)
def test_packer_wrong_usage_is_one_line_and_status_2(packer, arguments, message):
    done = subprocess.run([packer, *arguments], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
