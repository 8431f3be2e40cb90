"""Runs the SIF in Apptainer, which may show other files at the mount than the SIF contains."""

import re
import shutil
import subprocess
from pathlib import Path

from datacontainer.runtime.logs import logger, notice
from datacontainer.verify.comparison import Differences

# The program compares its index, and type and size of some files, and reads no file.
CHECK = ("-limit", "100", "-self-check")
DIFFERENCES = re.compile(r": [0-9]+ differences?$")
TIMEOUT_SECONDS = 120


def run_sif(sif: Path, mount: str, differences: Differences) -> str:
    """Runs the SIF, and records a difference if its files are not at the mount; returns the result for the report.

    A notice is printed if Apptainer is installed and cannot run the SIF: a machine may not allow user namespaces.
    """
    apptainer = shutil.which("apptainer")
    if apptainer is None:
        return "not installed"
    # As root in a container, Apptainer runs only in a user namespace.
    for options in ((), ("--userns",)):
        status, printed = _run([apptainer, "--silent", "run", *options, str(sif), *CHECK])
        if status == 0:
            return "the SIF runs, and has its files at the mount"
        if printed and DIFFERENCES.search(printed[-1]):
            differences.add(
                f"Apptainer hides files of the SIF at {mount!r}: {printed[0]}; it binds a folder of this machine over "
                "it: set mount to another folder, such as /data"
            )
            return "the SIF runs, and lacks files"
    notice(f"verify {sif.stem}: the SIF was not run, as Apptainer cannot run here (see the log)")
    return f"cannot run here ({status})"


def _run(command: list[str]) -> tuple[int | str, list[str]]:
    """The exit status, or the error that kept the program from running, and the lines on standard output."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            errors="backslashreplace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), []
    logger.info("apptainer: exit status %s: %s", done.returncode, f"{done.stderr} {done.stdout}".strip()[-1000:])
    return done.returncode, done.stdout.splitlines()
