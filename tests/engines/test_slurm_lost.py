"""The main process is killed while its jobs run or wait in Slurm: the next run cancels them before it begins."""

import subprocess
from pathlib import Path

from tools.engines import TIMEOUT_SECONDS
from tools.lost import FUNCTION, kill_main, record, wait_for_record
from tools.moving import wait_until
from tools.slurm import SlurmProject
from tools.trees import fill

NAMES = ("first", "second")


def main_process(process: subprocess.Popen[str]) -> int:
    """The id, on this machine, of the program that nsenter started in the namespaces of the cluster."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(children.read_text)
    return int(children.read_text().split()[0])


def test_slurm_jobs_of_a_killed_run_are_cancelled_before_the_next_run_begins(on_slurm: SlurmProject):
    for name in NAMES:
        fill(on_slurm.folder / name, {b"a": b"1", b"b": b"2"})
    (on_slurm.folder / "mine.py").write_text(FUNCTION)
    on_slurm.configure(**{name: {"path": name, "metadata": ["mine.py:recorded"]} for name in NAMES})
    # The node has memory for one of these jobs.
    options = ("catalog", "--set-resources", "hash:mem_mb=5000", "hash:slurm_extra='--nodelist=n1'")
    killed = on_slurm.start(*options)
    main = main_process(killed)
    text = kill_main(killed, on_slurm, works=1, pid=main)
    assert len(record(on_slurm)) == 1, text
    queued = on_slurm.slurm("squeue", "--noheader", "--format=%i %T %j").decode().split()
    numbers, states, (run, *_) = queued[::3], queued[1::3], set(queued[2::3])
    assert sorted(states) == ["PENDING", "RUNNING"]
    after = on_slurm.start(*options)
    wait_for_record(on_slurm, 2, after)
    (on_slurm.folder / "go").touch()
    text = after.communicate(timeout=TIMEOUT_SECONDS)[0]
    assert after.returncode == 0, text
    assert text.count(": cancelled a Slurm job of an earlier run (process ") == 2
    ended = on_slurm.slurm("squeue", "--noheader", "--states=all", f"--name={run}", "--format=%i %T").decode()
    assert {f"{number} CANCELLED" for number in numbers} <= set(ended.splitlines())
    lines = [line.split(" ") for line in record(on_slurm)]
    assert sorted(name for name, *_ in lines[1:]) == sorted(NAMES)
    assert [found for _, _, *found in lines] == [["alone"]] * 3
