"""The build information of a Go binary, from `go version -m`."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from datacontainer.entrypoint.gobuild import find_go
from datacontainer.runtime.programs import run


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
