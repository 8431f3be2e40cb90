"""The entrypoint as a process: pipes, signals, memory, environment, user, and the value of argv[0]."""

import hashlib
import os
import resource
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tools.engines import Tool, require_root, require_tool
from tools.entrypoint import one_line
from tools.moving import wait_until

ROWS = 200_000
MIB = 1 << 20
NOBODY_UID, LONELY_UID = 65534, 61234
PIPE_BYTES = 1 << 16
OUTPUTS = ["", "-ls", "-count", "-info", "-help", "-version", "-schema", "-tree", "-null", "-verify", "-self-check"]
OUTPUTS += [f"-format {name}" for name in ("json", "jsonl", "csv", "tsv")]
ODD_ENVIRONMENTS = [
    {},
    {"GOGC": "1", "GOMAXPROCS": "1"},
    {"GOGC": "off", "GOMAXPROCS": "999"},
    {"GOGC": "often", "GOMAXPROCS": "-3", "GODEBUG": "x=y,,=,madvdontneed=1", "GOTRACEBACK": "crash"},
    {"HOME": "/nowhere", "PWD": "/nowhere", "LANG": "tr_TR.UTF-8", "TZ": "nowhere", "TMPDIR": "\xff"},
]


def large_catalog() -> pa.Table:
    """A catalog of many files with different digests."""
    numbers = np.arange(ROWS)
    digests = np.random.default_rng(1).bytes(32 * ROWS).hex()
    return pa.table(
        {
            "path": [f"study/sub-{number // 50:05d}/func/run-{number:08d}_bold.nii.gz" for number in numbers],
            "size": pa.array(numbers * 7919 % 1_000_003, pa.int64()),
            "sha256": [digests[64 * row : 64 * row + 64] for row in range(ROWS)],
        }
    )


@pytest.fixture(scope="module")
def large(entrypoint_of) -> Tool:
    """An entrypoint with an embedded index of many megabytes."""
    return Tool((entrypoint_of(large_catalog()),))


@pytest.fixture
def small(entrypoint, short_folder) -> Tool:
    """An entrypoint of one file, which exists at its path in the index."""
    data = short_folder / "small"
    data.mkdir(exist_ok=True)
    (data / "file").write_bytes(b"content")
    return entrypoint(catalog_of("file", 7, hashlib.sha256(b"content").hexdigest()), mount=str(data))


def catalog_of(name: str, size: int, digest: str) -> pa.Table:
    return pa.table({"path": [name], "size": pa.array([size], pa.int64()), "sha256": [digest]})


def started(program: Tool, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*program.command, *arguments], stdout=-1, stderr=-1, **options)


@pytest.mark.parametrize(
    "arguments", ["-ls", "-metric size -desc", "-format json", "-where size>5", "-limit 150000", "-tree"]
)
def test_entrypoint_with_a_closed_pipe_ends_by_sigpipe(large, arguments):
    with started(large, *arguments.split()) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(60) == 128 + signal.SIGPIPE
        assert process.stderr.read() == b""


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_list_with_closed_streams_succeeds(small, closed):
    done = subprocess.run(["sh", "-c", f'exec "$0" {closed}', small.command[0]], capture_output=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, b"", small())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "message"),
    [("> /dev/full", "no space left on device"), (">&-", "file already closed"), ("<&- >&-", "file already closed")],
)
@pytest.mark.parametrize("arguments", [*OUTPUTS, "-cat FILE", "-export OUT"])
def test_entrypoint_with_an_output_that_takes_no_text_fails(small, short_folder, arguments, output, message):
    words = [{"FILE": short_folder / "small/file", "OUT": short_folder / "out"}.get(w, w) for w in arguments.split()]
    done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {output}', small.command[0], *words], stderr=-1, check=False)
    assert done.returncode == 1
    assert one_line(done.stderr).endswith(message)


@pytest.mark.parametrize(
    ("kind", "least", "name"),
    [(resource.RLIMIT_NOFILE, 64, "open files"), (resource.RLIMIT_NPROC, 8, "processes and threads")],
)
@pytest.mark.parametrize("arguments", ["-ls", "-verify", "-export OUT"])
def test_entrypoint_with_a_low_limit_works_or_names_it(small, kind, least, name, arguments):
    require_root("becoming another user")
    out = small.command[0].parent / "out"
    out.mkdir()
    os.chown(out, LONELY_UID, LONELY_UID)
    command = [*small.command, *arguments.replace("OUT", str(out)).split()]
    user = {"user": LONELY_UID, "group": LONELY_UID, "extra_groups": [], "cwd": "/"}
    for most in (least, least - 1):
        limit = partial(resource.setrlimit, kind, (most, most))
        done = subprocess.run(command, preexec_fn=limit, capture_output=True, check=False, **user)
        assert done.returncode == (most < least), done.stderr
    assert one_line(done.stderr).startswith(f"the limit of {name} is {most}, expected at least {least}: raise it with")


def test_start_uses_no_cpu_time_and_ends_by_signal(small):
    binary = small.command[0]
    called = [[binary, "-start"], [binary, "-start"], ["/.singularity.d/startscript"]]
    processes = [subprocess.Popen(command, executable=binary, stdout=-1, stderr=-1) for command in called]
    # The start uses CPU time, and how long it takes depends on the machine.
    wait_until(lambda: idle(processes, 0.5))
    assert idle(processes, 1)
    for process, number in zip(processes, (signal.SIGTERM, signal.SIGINT, signal.SIGTERM), strict=True):
        process.send_signal(number)
        assert process.communicate(timeout=20) == (b"", b"")
        assert process.returncode == 0


def idle(processes: list[subprocess.Popen[bytes]], seconds: float) -> bool:
    """Whether no process uses CPU time during some seconds."""
    before = [ticks(process.pid) for process in processes]
    time.sleep(seconds)
    return [ticks(process.pid) for process in processes] == before


def ticks(process: int) -> tuple[str, ...]:
    """Returns the state, utime and stime of a process. Source: proc(5)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return fields[0], fields[11], fields[12]


def test_entrypoint_called_by_apptainers_script_names_runs_their_action(small, short_folder):
    def call(name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [f"/.singularity.d/{name}", *arguments]
        return subprocess.run(command, executable=small.command[0], capture_output=True, check=False)

    assert call("runscript", "-ls").stdout == small("-ls")
    assert call("test").stdout == b"checked the index and 1 file: no differences\n"
    (short_folder / "small/file").write_bytes(b"other")
    done = call("test")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        1,
        b"%b/small/file: is 5 bytes, not 7" % bytes(short_folder),
    )


def test_export_syncs_each_copy_before_its_name_and_the_names_at_the_end(small, tmp_path):
    words = [require_tool("strace"), "-f", "-qq", "-y", "-o", tmp_path / "trace", "-e", "trace=fsync,linkat,syncfs"]
    Tool((*words, *small.command)).run("-export", tmp_path / "out")
    calls = [line.split(maxsplit=1)[1].split("(")[0] for line in (tmp_path / "trace").read_text().splitlines()]
    # Signals and ends of processes begin with a sign; a call that the end of its process hides is "???".
    assert [call for call in calls if call[0] not in "<+-?"] == ["fsync", "linkat", "syncfs"]


@pytest.mark.parametrize("refusal", ["EPERM", "EOPNOTSUPP", "ENOSYS"])
def test_export_to_a_disk_without_hard_links_is_complete(small, tmp_path, refusal):
    inject = ["-e", "trace=linkat,renameat", "-e", f"inject=linkat:error={refusal}"]
    words = [require_tool("strace"), "-f", "-qq", "-o", tmp_path / "trace", *inject]
    Tool((*words, *small.command)).run("-export", tmp_path / "out")
    assert "linkat(" in (tmp_path / "trace").read_text()
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "out").iterdir()] == [("file", b"content")]


@pytest.mark.slow
def test_export_interrupted_leaves_no_partial_file_and_ends_at_once(entrypoint, tmp_path):
    (tmp_path / "data").mkdir()
    with open(tmp_path / "data/large", "wb") as large:
        large.truncate(1024 * MIB)
    program = entrypoint(catalog_of("large", 1024 * MIB, "00" * 32), mount=str(tmp_path / "data"))
    with started(program, "-export", str(tmp_path / "out")) as process:
        wait_until(lambda: any(file.stat().st_size for file in (tmp_path / "out").glob(".partial-*")))
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)
    assert time.monotonic() - begun < 10
    assert process.returncode == 130
    assert printed == b""
    assert one_line(errors) == f'interrupted: exported 0 files to "{tmp_path}/out"; run the same command to continue'
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("environment", ODD_ENVIRONMENTS)
def test_list_in_any_environment_prints_the_same(small, environment):
    done = subprocess.run(small.command, capture_output=True, check=False, env=environment, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, small(), b"")


def test_list_as_unprivileged_user_in_a_read_only_folder_prints_the_same(small, short_folder):
    require_root("becoming another user")
    place = short_folder / "read-only"
    place.mkdir(mode=0o555)
    done = small.run(cwd=place, user=NOBODY_UID, group=NOBODY_UID, extra_groups=[], env={})
    assert (done.stdout, done.stderr) == (small(), b"")


@pytest.mark.parametrize("arguments", ["", "-ls", "-metric sha256 -desc", "-get bold", "-where size>=0 -format json"])
def test_entrypoint_memory_is_limited_by_the_index_size(large, arguments):
    index = large.command[0].parent.parent / "rendered/index.bin"
    assert most_memory(large, *arguments.split()) < index.stat().st_size + 20 * MIB


def most_memory(program: Tool, *arguments: str) -> int:
    """Returns the peak memory in bytes, read when the rest of the output fits into the pipe."""
    left = len(program(*arguments)) - 2 * PIPE_BYTES
    with started(program, *arguments) as process:
        while left > 0:
            left -= len(process.stdout.read1(min(left, MIB)))
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.communicate()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
