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
from datacontainer.hash.failures import Recorded
from datacontainer.hash.userfields import user_fields
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.logs import stage
from datacontainer.scan.records import FILE, Record
from tools.moving import wait_until
from tools.trees import fill
from tools.workflow import ROOT

HEADER = """\
import atexit, ctypes, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
class BadError(Exception):
    def __repr__(self):
        raise KeyboardInterrupt
    __str__ = __repr__
def square(n):
    return n * n
"""
MORE = "the functions print more lines: see hash.log"
ONLY_A = "if path.endswith('b'): return {}\n    "


@pytest.fixture
def called(tmp_path, monkeypatch) -> Callable[..., list[object]]:
    """Calls functions f0, f1…, given their code, for the files a, b…; returns the values of a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(process, "ENDING_SECONDS", 0.5)

    def call(
        *codes: str, seconds: int | None = None, files: int = 2, recorded: Recorded | None = None, key: str = "n"
    ) -> list[object]:
        functions = [
            f"def f{number}(path{', folder' if 'folder' in code else ''}):\n    {code}\n"
            for number, code in enumerate(codes)
        ]
        Path("user.py").write_text(HEADER + "".join(functions))
        fill(Path("data"), {bytes([97 + number]): b"content" for number in range(files)})
        records = []
        for path in sorted(Path("data").iterdir()):
            status = path.stat()
            numbers = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            records.append(Record(os.fsencode(path.name), FILE, *numbers, b""))
        specs = [f"user.py:f{number}" for number in range(len(codes))]
        texts = user_fields("data", records, specs, [None] * files, seconds, recorded=recorded)
        return [json.loads(text).get(key) for text in texts]

    return call


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("found = os.path.exists('user.py'); os.chdir('/'); return {'n': found}", True),
        ("os.closerange(0, 10); return {'n': open(path).read()}", "content"),
        ("print('+\\n!garbage\\n{}'); os.write(1, b'+\\n{}\\n'); return {'n': 1}", 1),
        ("sys.stdout.write('text'); sys.stdout.close(); sys.stdout = sys.stderr = None; return {'n': 1}", 1),
        ("return {'n': sys.stdin.read()}", ""),
        ("threading.Thread(target=time.sleep, args=[600]).start(); return {'n': 1}", 1),
        ("atexit.register(time.sleep, 600); return {'n': 1}", 1),
        ("signal.alarm(1) if path.endswith('a') else time.sleep(1.2); return {'n': 1}", 1),
        ("os.fork(); return {'n': 1}", 1),
        ("os.fork() or time.sleep(600); return {'n': 1}", 1),
        ("return {'n': os.path.isabs(path)}", True),
        ("return {'n': [os.path.isabs(folder), os.path.relpath(path, folder) in 'ab']}", [True, True]),
        ("with multiprocessing.get_context('spawn').Pool(1) as pool: return {'n': pool.map(square, [3])}", [9]),
        (
            "with ProcessPoolExecutor(1, multiprocessing.get_context('forkserver')) as pool:\n"
            "        return {'n': list(pool.map(square, [3]))}",
            [9],
        ),
    ],
)
def test_user_fields_function_that_changes_its_process_does_no_harm(called, tmp_path, code, value):
    assert called(code) == [value] * 2
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("os._exit(3)", "it ended its process (exit status 3); it must return or raise an exception"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "its process was killed (SIGKILL); if memory ran out, raise the resource mem_mb of this job",
        ),
        ("ctypes.string_at(0)", "its process was ended by the signal SIGSEGV"),
        ("os.closerange(0, 1000); return {}", "it closed the files of its process"),
        ("time.sleep(600)", "it did not return within 1 s: raise `function_seconds` if it needs more time"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt(), in line"),
        ("sys.exit('enough')", "SystemExit('enough'), in line"),
        ("return f0(path)", "RecursionError('maximum recursion depth exceeded"),
        ("raise BadError", "an object of type BadError, in line"),
        ("return {'n': 1, 'key': {1, 2}}", "it returned {1, 2} as 'key': use str, int, float, bool, None, or lists"),
    ],
)
def test_user_fields_function_that_fails_is_named_with_the_file(called, code, problem):
    with pytest.raises(UsageError) as caught:
        called(ONLY_A + code, seconds=1 if "sleep" in code else None)
    assert str(caught.value).startswith(f"the metadata function 'user.py:f0' failed on 1 file, first: 'a': {problem}")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "open(path, 'ab').write(b'more'); return {}",
            "'a' changed while the metadata function 'user.py:f0' read it: its size was 7 bytes, now it is 11 bytes",
        ),
        (
            "open(path, 'r+b').write(b'X'); return {}",
            "'a' changed while the metadata function 'user.py:f0' read it: its mtime changed",
        ),
        (
            "os.truncate(os.path.join(os.path.dirname(path), 'a'), 0) if path.endswith('b') else 0; return {}",
            "'a' changed while one of the metadata functions ran: its size was 7 bytes, now it is 0 bytes",
        ),
        (
            "os.remove(path); return {}",
            "'a' changed while the metadata function 'user.py:f0' read it: it does not exist any more",
        ),
    ],
)
def test_user_fields_function_that_writes_to_the_data_is_named_with_the_file(called, code, message):
    with pytest.raises(DataError, match=re.escape(message)):
        called(code)


def test_user_fields_functions_that_fail_are_all_counted_and_each_failure_is_logged(called, caplog):
    remedy = "; correct the function, exclude the files with `exclude`, or set `on_error` to record"
    with pytest.raises(UsageError, match=r"f0' failed on 2 files, first: 'a': ValueError\('no header'\)") as caught:
        called("raise ValueError('no header')", "return [1] if path.endswith('b') else {}", ONLY_A + "os._exit(3)")
    assert caught.value.details == (
        "the metadata function 'user.py:f2' failed on 1 file, first: 'a': it ended its process (exit status 3); "
        "it must return or raise an exception" + remedy,
        "the metadata function 'user.py:f1' failed on 1 file, first: 'b': it returned [1]: it must return a dict"
        + remedy,
    )
    logged = [record.getMessage() for record in caplog.records]
    assert "the metadata function 'user.py:f1' failed on 'b': it returned [1]: it must return a dict" in logged
    # The trace of the first failure.
    assert sum('user.py", line' in line for line in logged) == 1


def test_user_fields_function_that_always_ends_is_called_for_some_files_only(called, monkeypatch):
    monkeypatch.setattr(process, "MOST_ENDS", 2)
    with pytest.raises(UsageError, match=r"'user.py:f0' failed on 2 files, first: 'a'") as caught:
        called("os._exit(3)", files=5)
    (detail,) = caught.value.details
    assert detail == "no function was called for 3 other files, as functions ended their process too often"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ValueError(f'no header\\n in {path} and /etc/x/y.cfg, {object()}, /proc/self/fd/12')",
         "ValueError: no header in a and y.cfg, <object object at 0x…>,"),
        ("raise BadError", "BadError"),
        ("raise ValueError('\\udcff' + 'x' * 10**6)", "ValueError: \\udcff" + "x" * 193 + "…"),
        ("return 1", "RefusedError: it returned 1: it must return a dict"),
        (
            "return {'error': 1}",
            "RefusedError: it returned the key 'error', which is the name of another field: rename it",
        ),
        ("os._exit(3)", "it ended its process (exit status 3); it must return or raise an exception"),
        ("time.sleep(9)", "it did not return within 1 s: raise `function_seconds` if it needs more time"),
    ],
)  # fmt: skip
def test_user_fields_recorded_failure_gives_the_reason_and_keeps_other_fields(called, code, reason):
    recorded = Recorded(["user.py:f0"])
    limit = 1 if "sleep" in code else None
    failing = "if path.endswith('b'): return {}\n    " + code
    assert called(failing, "return {'n': 1}", seconds=limit, recorded=recorded, key="error") == [
        f"user.py:f0: {reason}",
        None,
    ]
    assert (recorded.counts, recorded.rows) == ({"user.py:f0": 1}, [0])


def test_user_fields_recorded_failures_keep_the_fields_of_other_functions(called):
    codes = ("raise ValueError", "return {'n': 1}", "return {}['m']")
    recorded = Recorded(["user.py:f0", "user.py:f2"])
    assert called(*codes, recorded=recorded) == [1, 1]
    expected = "user.py:f0: ValueError; user.py:f2: KeyError: 'm'"
    assert called(*codes, recorded=Recorded(recorded.functions), key="error") == [expected] * 2


def test_user_fields_recorded_failures_do_not_hide_other_errors(called, monkeypatch):
    with pytest.raises(DataError, match="its mtime changed"):
        called("open(path, 'r+b').write(b'X'); raise ValueError", recorded=Recorded(["user.py:f0"]))
    with pytest.raises(UsageError, match=r"'user.py:f1' failed on 2 files"):
        called("raise ValueError", "raise KeyError", recorded=Recorded(["user.py:f0"]))
    monkeypatch.setattr(process, "MOST_ENDS", 2)
    with pytest.raises(UsageError, match=r"'user.py:f0' failed on 1 file, first: 'b'") as caught:
        called("os._exit(3)", files=5, recorded=Recorded(["user.py:f0"]))
    assert caught.value.details == (
        "no function was called for 3 other files, as functions ended their process too often",
    )


@pytest.mark.parametrize("code", ["os._exit(3)", "sys.exit(3)"])
def test_user_fields_file_that_ends_the_process_is_named(called, code):
    with pytest.raises(UsageError, match=r"'user.py:f0' cannot be loaded: .*3"):
        called(f"return {{}}\n{code}")


def test_user_fields_memory_of_the_functions_is_logged(called, caplog):
    caplog.set_level("INFO", "datacontainer")
    assert called("return {'n': len(b'x' * int(3e8))}") == [int(3e8)] * 2
    (used,) = (record.args[0] for record in caplog.records if "MB of memory" in record.msg)
    assert 300 < used < 350


def test_user_fields_lines_that_functions_print_are_logged_and_few_are_shown(called, capsys):
    with stage("hash.log", "hash fruit"):
        called("print(path[-1], '\\x1b'); return {'n': 1}", "os.write(2, b'no end'); return {}", files=5)
    assert capsys.readouterr().err.splitlines() == [r"a \x1b", r"no endb \x1b", r"no endc \x1b", MORE]
    assert Path("hash.log").read_text().count("no end") == 5


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
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
