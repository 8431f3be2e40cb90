"""Users of this machine with home folders that no other user can read; they have the repository's command line."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.engines import Done, Tool, lacking, require_root, require_tool
from tools.workflow import ROOT

# In a mount namespace, replaces a folder $1 by one with Python's folder $2 alone, which other users can enter.
REPLACE = """
mount --bind "$2" "$3"; mount -t tmpfs -o mode=755 none "$1"; mkdir -p "$2"; mount --bind "$3" "$2"; shift 3; exec "$@"
"""


@dataclass(frozen=True)
class Account:
    """A user of the machine."""

    uid: int
    home: Path
    enter: tuple[str, ...] = ()

    def run(self, *words: str | Path, status: int | None = 0) -> Done:
        """Runs a program in the home folder, as this user."""
        user = [require_tool("setpriv"), f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        settings = {"HOME": self.home, "PATH": path, "LOGNAME": self.home.name, "PYTHONPATH": ROOT / "scripts"}
        environment = ["env", "-i", f"--chdir={self.home}", *(f"{key}={value}" for key, value in settings.items())]
        return Tool((*self.enter, *user, *environment)).run(*words, status=status)

    def text(self, *words: str | Path, status: int | None = 0) -> str:
        """The standard output of `datacontainer`."""
        return self.run(sys.executable, "-m", "datacontainer", *words, status=status).stdout.decode()


def account(uid: int, home: Path) -> Account:
    """A new user, with a copy of the programs in the build cache of Go."""
    require_root("becoming another user")
    programs = Path(os.environ["GOCACHE"], "datacontainer")
    (home / ".cache/go-build").mkdir(parents=True)
    if programs.is_dir():
        shutil.copytree(programs, home / ".cache/go-build/datacontainer")
    subprocess.run(["chown", "-R", f"{uid}:{uid}", home], check=True)
    home.chmod(0o700)
    found = Account(uid, home, entering(Path(sys.base_prefix), home))
    done = found.run(sys.executable, "-c", f"open({str(ROOT / 'Snakefile')!r})", status=None)
    if done.returncode:
        lacking(f"another user cannot run Python or read the repository: {done.stderr.decode()}")
    return found


def entering(python: Path, home: Path) -> tuple[str, ...]:
    """The words that start a program which can enter the folder of Python, also one below the home folder of root."""
    closed = [one for one in python.parents if not one.stat().st_mode & 0o001]
    if not closed:
        return ()
    held = home.with_name(f"{home.name}-python")
    held.mkdir()
    words = [require_tool("unshare"), "--mount", "sh", "-euc", REPLACE, "sh", str(closed[-1]), str(python), str(held)]
    return tuple(words)
