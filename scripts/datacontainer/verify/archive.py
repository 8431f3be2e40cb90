"""Comparison of the archive for `docker load` with the image layout; reads each byte once."""

from pathlib import Path
from typing import Any

from datacontainer.runtime.progress import Progress
from datacontainer.verify.comparison import Differences, shown
from datacontainer.verify.expected import Expected
from datacontainer.verify.kinds import FILE, FOLDER
from datacontainer.verify.tar import Member, members, reading


def verify_archive(archive: Path, expected: Expected) -> dict[str, Any]:
    """Returns the archive's part of the report; records each file that differs between archive and layout."""
    differences = expected.differences
    files = {name.encode(): sha256 for name, sha256 in expected.layout.sha256.items()}
    seen: set[bytes] = set()
    with reading(archive, Progress("the archive", archive.stat().st_size).add) as tar:
        for member in members(tar):
            if member.name in seen:
                differences.add(f"{shown(member.name)} occurs twice in the archive")
            seen.add(member.name)
            _check_member(member, files, seen, differences)
        for name in sorted(files.keys() - seen):
            differences.add(f"{shown(name)} is missing from the archive")
        return {"sha256": tar.sha256(), "files": len(files), "bytes": tar.size_bytes}


def _check_member(member: Member, expected: dict[bytes, str], seen: set[bytes], differences: Differences) -> None:
    name = shown(member.name)
    if member.kind == FOLDER and any(file.startswith(member.name) for file in expected):
        return
    if member.kind != FILE or member.name not in expected:
        differences.add(f"{name} is in the archive but not in the layout")
        return
    differences.check(name, expected[member.name], member.sha256, "the layout", "the archive")
    folder, slash, _ = member.name.rpartition(b"/")
    # Apptainer does not create parent folders itself.
    if slash and folder + b"/" not in seen:
        differences.add(f"{name} comes before its folder in the archive, or without it")
