"""Fixtures: Slurm clusters of six nodes on this machine, without and with accounting, which end with the tests."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tools.engines import Tool, require_root, require_tool
from tools.limits import limit
from tools.workflow import ROOT, Project, Run, run

START_SECONDS = 30
NODES = 6
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "scancel", "unshare", "nsenter", "setpriv")
DATABASE_PROGRAMS = ("slurmdbd", "sacct", "mariadbd", "mariadb")
# The nodes report more resources than this machine has. OverMemoryKill kills a job that exceeds its memory. A job goes
# to the node with the fewest jobs (CR_LLN). A job in the partition `urgent` takes the place of a job in `main`.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/none
CredType=cred/none
SlurmctldPort={port}
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory,CR_LLN
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/{storage}
AccountingStorageHost=localhost
AccountingStoragePort={database}
MpiDefault=none
ReturnToService=2
MinJobAge=300
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=8 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=1440 State=UP
PartitionName=urgent Nodes=ALL PriorityTier=10 MaxTime=1440 State=UP
"""
DATABASE_CONFIGURATION = """\
AuthType=auth/none
DbdHost=localhost
DbdPort={database}
SlurmUser=root
LogFile={folder}/database.log
PidFile={folder}/database.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
"""
START = """
mount --bind "$1" /etc/slurm
"""
# An empty folder is enough for MariaDB without users; slurmdbd stores procedures in a table of the schema `mysql`.
START_DATABASE = """
mount -t tmpfs none "$3"
export MYSQL_UNIX_PORT="$3/socket"
mariadbd --no-defaults --user=root --datadir="$3" --skip-networking --skip-grant-tables \
    --innodb-log-file-size=4M --innodb-lock-wait-timeout=900 &
until mariadb --no-defaults --execute "create database mysql" 2>/dev/null; do sleep 0.1; done
mariadb --no-defaults mysql < /usr/share/mysql/mysql_system_tables.sql
slurmdbd
until sacctmgr --immediate add cluster test; do sleep 0.1; done
"""
START_NODES = """
slurmctld
for node in $(seq "$2"); do slurmd -N "n$node"; done
exec sleep infinity
"""
LOGIN = 'mount -t tmpfs none "$TMPDIR"; exec "$@"'


@pytest.fixture(scope="session")
def slurm(short_folder: Path) -> Iterator[Tool]:
    """Runs a command in the namespaces of a cluster without accounting: `slurm("squeue")`."""
    with _cluster(short_folder / "slurm", "none") as tool:
        yield tool


@pytest.fixture(scope="session")
def accounting_slurm(short_folder: Path) -> Iterator[Tool]:
    """Runs a command in the namespaces of a cluster with accounting."""
    for name in DATABASE_PROGRAMS:
        require_tool(name)
    with _cluster(short_folder / "accounting", "slurmdbd") as tool:
        yield tool


@contextmanager
def _cluster(folder: Path, storage: str) -> Iterator[Tool]:
    """A cluster. Its daemons and its configuration in /etc/slurm are in namespaces that end with the block."""
    require_root("slurmctld")
    for name in PROGRAMS:
        require_tool(name)
    _configure(folder, storage)
    script = START + (START_DATABASE if storage == "slurmdbd" else "") + START_NODES
    start = ["sh", "-euc", script, "sh", str(folder / "etc"), str(NODES), str(folder / "mariadb")]
    command = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        *start,
    ]
    with open(folder / "log", "wb") as log, limit(None), subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield _entered(process, folder)
        finally:
            process.kill()


def _configure(folder: Path, storage: str) -> None:
    for name in ("etc", "controller", "spool", "mariadb"):
        (folder / name).mkdir(parents=True)
    Path("/etc/slurm").mkdir(exist_ok=True)
    # Below the range of ephemeral ports.
    port = random.randrange(10000, 30000)
    host = os.uname().nodename.partition(".")[0]
    values = {"host": host, "folder": folder, "port": port, "first": port + 1, "last": port + NODES, "nodes": NODES}
    values |= {"storage": storage, "database": port + NODES + 1}
    (folder / "etc/slurm.conf").write_text(CONFIGURATION.format(**values))
    (folder / "etc/slurmdbd.conf").write_text(DATABASE_CONFIGURATION.format(**values))
    (folder / "etc/slurmdbd.conf").chmod(0o600)


def _entered(process: subprocess.Popen[bytes], folder: Path) -> Tool:
    """Waits until the nodes are idle; returns a tool that runs commands in the namespaces of the daemons."""
    deadline = time.monotonic() + START_SECONDS
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None and time.monotonic() < deadline:
        for child in children.read_text().split():
            tool = Tool((require_tool("nsenter"), "--target", child, "--mount", "--pid", "--"))
            idle = tool.run("sinfo", "--noheader", "--states=idle", "--format=%D", status=None).stdout
            if idle.strip() == str(NODES).encode():
                return tool
        time.sleep(0.1)
    logs = "\n".join(path.read_text(errors="replace")[-1000:] for path in folder.glob("*log"))
    pytest.fail(f"Slurm did not start within {START_SECONDS} s: {logs}", pytrace=False)


@dataclass(frozen=True)
class SlurmProject(Project):
    """A working directory whose jobs run on a Slurm cluster. Its runs ask Slurm more often than the profile does.

    The main process has a disk of its own as TMPDIR: jobs do not reach sockets in it, as on other machines.
    """

    slurm: Tool

    def snakemake(self, *arguments: str, shell: Sequence[str] = (), **_: Any) -> Run:
        """Runs the repository's Snakefile in this folder with the profile for Slurm, and with the console.

        shell: the words of a command that starts it.
        """
        return run(self._command(*arguments, shell=shell), self.folder)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts what `snakemake` runs."""
        return subprocess.Popen(
            [*map(os.fspath, self._command(*arguments))],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _command(self, *arguments: str, shell: Sequence[str] = ()) -> list[str | Path]:
        often = "--slurm-init-seconds-before-status-checks 1 --latency-wait 10"
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
        command += ["--profile", ROOT / "profiles/slurm", "--seconds-between-status-checks", "1", *often.split()]
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        login = ["env", f"--chdir={self.folder}", f"TMPDIR={temporary}", "unshare", "--mount", "sh", "-ec", LOGIN, "sh"]
        return [*self.slurm.command, *login, *shell, *command, *arguments]


@pytest.fixture
def on_slurm(slurm: Tool, _with_plugins: None, project: Project) -> SlurmProject:
    """The project, whose jobs run on the Slurm cluster without accounting."""
    return SlurmProject(project.folder, slurm)


@pytest.fixture
def on_accounting_slurm(accounting_slurm: Tool, _with_plugins: None, project: Project) -> SlurmProject:
    """The project, whose jobs run on the Slurm cluster with accounting."""
    return SlurmProject(project.folder, accounting_slurm)
