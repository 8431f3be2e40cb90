"""The build information of Go binaries."""

import hashlib
import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datacontainer.entrypoint.gobuild import find_go
from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.programs import run

# The header before the length of the version and the version. No name of a file in an index contains its zero bytes.
# Source: Go, debug/buildinfo/buildinfo.go.
HEADER = b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16)


def check_one_go(binaries: Mapping[Path, Path]) -> None:
    """Returns if the same version of Go built all binaries; otherwise deletes their seals, the values.

    Raises:
        DataContainerError: naming the versions.
    """
    versions = sorted({built_with(binary) for binary in binaries}) if len(binaries) > 1 else []
    if len(versions) > 1:
        for seal in binaries.values():
            seal.unlink(missing_ok=True)
        raise DataContainerError(
            f"the entrypoints of this image were built with {' and '.join(versions)}: run the same command again, "
            "which builds all of them with the same Go"
        )


def built_with(binary: Path) -> str:
    """Returns the Go version in a binary, such as go1.27.3, or "" if the file is not a Go binary."""
    with open(binary, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(HEADER) + len(HEADER)
        return content[start + 1 : start + 1 + content[start]].decode() if start >= len(HEADER) else ""


@dataclass(frozen=True)
class GoBinary:
    """A binary's sha256 in hex, Go version such as 1.27.3, other modules and build settings, both sorted."""

    sha256: str
    go: str
    modules: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> "GoBinary":
        """Returns the build information of the file.

        Raises:
            MissingToolError: if there is no `go`.
            DataContainerError: if the file is not a Go binary.
        """
        found = json.loads(run([find_go(), "version", "-m", "-json", path], "go version"))
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        modules = sorted((one["Path"], one["Version"]) for one in found.get("Deps") or ())
        settings = sorted((one["Key"], one.get("Value", "")) for one in found.get("Settings") or ())
        return cls(digest, found["GoVersion"].removeprefix("go"), tuple(modules), tuple(settings))
