"""commands.json: what the image can run. docs/reference/runs.md describes the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datacontainer.image.programs import Program
from datacontainer.runtime.outputs import write_bytes

VERSION = 1


def write_commands(
    commands: Mapping[str, Any], programs: Mapping[str, Mapping[str, Program]], path: Path, base: str = ""
) -> dict[str, Path]:
    """Writes the commands to `path`, and returns it by its name in the image; without commands, removes the file.

    programs: by platform and name of the command. base: the digest of the base, on which results depend.
    """
    if not commands:
        path.unlink(missing_ok=True)
        return {}
    described = {name: _described(name, one, programs) for name, one in sorted(commands.items())}
    value = {"version": VERSION, "commands": described, **({"base": base} if base else {})}
    write_bytes(path, (json.dumps(value, indent=2, sort_keys=True) + "\n").encode())
    return {path.name: path}


def _described(name: str, command: Mapping[str, Any], programs: Mapping[str, Mapping[str, Program]]) -> dict[str, Any]:
    """The command, with the places and digests of its program instead of its path on this machine."""
    packed = {platform: found[name].described() for platform, found in programs.items() if name in found}
    return {key: value for key, value in command.items() if key != "program"} | {"programs": packed}
