"""What a Go binary says of itself, by `go version -m`."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from datacontainer.entrypoint.gobuild import find_go
from datacontainer.runtime.programs import run


@dataclass(frozen=True)
class GoBinary:
    """A binary's digest in hex, its Go's version such as 1.27.3, other modules and build settings, sorted."""

    sha256: str
    go: str
    modules: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> "GoBinary":
        """The binary in a file.

        Raises:
            MissingToolError: without Go.
            DataContainerError: for a file that is no Go binary.
        """
        told = json.loads(run([find_go(), "version", "-m", "-json", path], "go version"))
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        modules = sorted((one["Path"], one["Version"]) for one in told.get("Deps") or ())
        settings = sorted((one["Key"], one.get("Value", "")) for one in told.get("Settings") or ())
        return cls(digest, told["GoVersion"].removeprefix("go"), tuple(modules), tuple(settings))
