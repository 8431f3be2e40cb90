"""Metadata functions that misbehave: the stage goes on, and the error names function and file."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.functions import process
from datacontainer.hash.userfields import user_fields
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.scan.records import FILE, Record
from tools.moving import wait_until
from tools.trees import fill
from tools.workflow import ROOT

FUNCTIONS = """\
import atexit, ctypes, enum, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import ProcessPoolExecutor

def only_a(function):
    def called(path):
        return function(path) if path.endswith("a") else {}
    return called

# No harm.
def changes_folder(path):
    before = os.getcwd()
    os.chdir("/")
    return {"n": os.path.basename(before)}
def closes_low_descriptors(path):
    os.closerange(0, 10)
    return {"n": open(path).read()}
def prints(path):
    print("+\\n!garbage\\n{}")
    os.write(1, b'+\\n{"n": 2}\\n')
    sys.stdout.close()
    sys.stdout = sys.stderr = None
    return {"n": 1}
def reads_input(path):
    return {"n": sys.stdin.read() + input_or_end()}
def input_or_end():
    try:
        return input()
    except EOFError:
        return "end"
def leaves_a_thread(path):
    threading.Thread(target=time.sleep, args=(600,)).start()
    atexit.register(time.sleep, 600)
    return {"n": 1}
def forks(path):
    os.fork()
    return {"n": 1}
def leaves_a_child(path):
    if not os.fork():
        time.sleep(600)
    return {"n": 1}
def absolute(path):
    return {"n": os.path.isabs(path)}
def square(n):
    return n * n
def spawns(path):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return {"n": pool.map(square, [3])}
def starts_a_server(path):
    with ProcessPoolExecutor(1, multiprocessing.get_context("forkserver")) as pool:
        return {"n": list(pool.map(square, [3]))}

# Errors.
@only_a
def ends(path):
    os._exit(3)
@only_a
def is_killed(path):
    os.kill(os.getpid(), signal.SIGKILL)
@only_a
def crashes(path):
    ctypes.string_at(0)
@only_a
def closes_all_descriptors(path):
    os.closerange(0, 1000)
    return {}
@only_a
def sleeps(path):
    time.sleep(600)
@only_a
def interrupts(path):
    raise KeyboardInterrupt
@only_a
def leaves(path):
    sys.exit("enough")
@only_a
def recurses(path):
    return recurses(path)
class BadError(Exception):
    def __repr__(self):
        raise KeyboardInterrupt
    __str__ = __repr__
@only_a
def raises_bad(path):
    raise BadError
@only_a
def fails(path):
    raise ValueError("no header")
def always_ends(path):
    os._exit(3)
def lists_b(path):
    return [1] if path.endswith("b") else {}

# Changes of the data.
def writes(path):
    if path.endswith("b"):
        with open(path, "ab") as file:
            file.write(b"more")
    return {}
def keeps_the_size(path):
    with open(path, "r+b") as file:
        file.write(b"X")
    return {}
def writes_elsewhere(path):
    if path.endswith("b"):
        os.truncate(os.path.join(os.path.dirname(path), "a"), 0)
    return {}
def removes(path):
    os.remove(path)
    return {}
"""


@pytest.fixture
def called(tmp_path, monkeypatch) -> Callable[..., list[object]]:
    """Calls functions of user.py for the files a and b; returns the values of n."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(process, "ENDING_SECONDS", 0.5)
    Path("user.py").write_text(FUNCTIONS)

    def call(*names: str, seconds: int | None = None, files: int = 2) -> list[object]:
        fill(Path("data"), {bytes([97 + number]): b"content" for number in range(files)})
        records = []
        for path in sorted(Path("data").iterdir()):
            status = path.stat()
            numbers = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            records.append(Record(os.fsencode(path.name), FILE, *numbers, b""))
        specs = [f"user.py:{name}" for name in names]
        texts = user_fields("data", records, specs, pa.nulls(files, pa.string()), seconds)
        return [json.loads(text)["n"] for text in texts]

    return call


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("changes_folder", None),
        ("closes_low_descriptors", "content"),
        ("prints", 1),
        ("reads_input", "end"),
        ("leaves_a_thread", 1),
        ("forks", 1),
        ("leaves_a_child", 1),
        ("absolute", True),
        ("spawns", [9]),
        ("starts_a_server", [9]),
    ],
)
def test_user_fields_function_that_changes_its_process_does_no_harm(called, tmp_path, function, value):
    assert called(function) == [value or tmp_path.name] * 2
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("ends", "it ended its process (exit status 3); it must return or raise an exception"),
        ("is_killed", "its process was killed (SIGKILL); if memory ran out, raise the resource mem_mb of this job"),
        ("crashes", "its process was ended by the signal SIGSEGV"),
        ("closes_all_descriptors", "it closed the files of its process"),
        ("sleeps", "it did not return within 1 s: raise `function_seconds` if it needs more time"),
        ("interrupts", "KeyboardInterrupt(), in line"),
        ("leaves", "SystemExit('enough'), in line"),
        ("recurses", "RecursionError('maximum recursion depth exceeded"),
        ("raises_bad", "an object of type BadError, in line"),
    ],
)
def test_user_fields_function_that_fails_is_named_with_the_file(called, function, problem):
    with pytest.raises(UsageError) as caught:
        called(function, seconds=1 if function == "sleeps" else None)
    beginning = f"the metadata function 'user.py:{function}' failed on 1 file, first: 'a': {problem}"
    assert str(caught.value).startswith(beginning)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "writes",
            "'b' changed while the metadata function 'user.py:writes' read it: its size was 7 bytes, now it",
        ),
        (
            "keeps_the_size",
            "'a' changed while the metadata function 'user.py:keeps_the_size' read it: its mtime c",
        ),
        (
            "writes_elsewhere",
            "'a' changed while one of the metadata functions ran: its size was 7 bytes, now it is 0",
        ),
        ("removes", "'a' changed while the metadata function 'user.py:removes' read it: it does not exist any more"),
    ],
)
def test_user_fields_function_that_writes_to_the_data_is_named_with_the_file(called, function, message):
    with pytest.raises(DataError, match=re.escape(message)):
        called(function)


def test_user_fields_functions_that_fail_are_all_counted_and_each_failure_is_logged(called, caplog):
    with pytest.raises(UsageError, match=r"'user.py:fails' failed on 1 file, first: 'a': ValueError") as caught:
        called("fails", "lists_b", "ends")
    assert caught.value.details == (
        "the metadata function 'user.py:ends' failed on 1 file, first: 'a': it ended its process (exit status 3); "
        "it must return or raise an exception; correct the function, or exclude the files with `exclude`",
        "the metadata function 'user.py:lists_b' failed on 1 file, first: 'b': it returned [1]: it must return a dict; "
        "correct the function, or exclude the files with `exclude`",
    )
    logged = [record.getMessage() for record in caplog.records]
    assert sum('user.py", line' in line for line in logged) == 1
    assert logged[-1].endswith("'user.py:lists_b' failed on 'b': it returned [1]: it must return a dict")


def test_user_fields_function_that_always_ends_is_called_for_some_files_only(called, monkeypatch):
    monkeypatch.setattr(process, "MOST_ENDS", 2)
    with pytest.raises(UsageError, match=r"'user.py:always_ends' failed on 2 files, first: 'a'") as caught:
        called("always_ends", files=5)
    assert caught.value.details == (
        "no function was called for 3 other files, as functions ended their process too often",
    )


@pytest.mark.parametrize("code", ["import os\nos._exit(3)\n", "raise SystemExit(3)\n"])
def test_user_fields_file_that_ends_the_process_is_named(called, code):
    Path("user.py").write_text(code)
    with pytest.raises(UsageError, match=r"'user.py:f' cannot be loaded: .*3"):
        called("f")


def test_user_fields_memory_of_the_functions_is_logged(called, caplog):
    Path("user.py").write_text("def f(path):\n    return {'n': len(b'x' * 300_000_000)}\n")
    caplog.set_level("INFO", "datacontainer")
    assert called("f") == [300_000_000] * 2
    (used,) = (record.args[0] for record in caplog.records if "MB of memory" in record.msg)
    assert 300 < used < 350


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_call_functions_process_that_is_ended_ends_the_worker(tmp_path, sent):
    (tmp_path / "user.py").write_text(
        "import os, time\n"
        "def f(catalog):\n"
        "    open('pid.part', 'w').write(str(os.getpid()))\n    os.rename('pid.part', 'pid')\n    time.sleep(600)\n"
    )
    pq.write_table(pa.table({}), tmp_path / "catalog")
    code = (
        "from datacontainer.functions.process import call_functions\nfrom datacontainer.functions.work import Work\n"
        "list(call_functions(Work(['user.py:f'], catalog='catalog'), None, 1, str, None))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as one:
        wait_until((tmp_path / "pid").exists)
        worker = Path("/proc", (tmp_path / "pid").read_text())
        assert worker.exists()
        one.send_signal(sent)
        one.wait()
        wait_until(lambda: not worker.exists())
