"""Reads with strace which files a command renames before they are on the disk, or without a sync of the folder."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.engines import require_tool

CALLS = "write,pwrite64,writev,sendfile,copy_file_range,ftruncate,fsync,fdatasync,rename,renameat,renameat2"
OPTIONS = ("--follow-forks", "--seccomp-bpf", "--decode-fds=path", "--string-limit=9999", f"--trace={CALLS}")
LINE = re.compile(r"^(?P<process>\d+) +(?P<call>\w+)\((?P<arguments>.*?)(?P<open> <unfinished \.\.\.>|\) += -?\d.*)$")
RESUMED = re.compile(r"^(?P<process>\d+) +<\.\.\. \w+ resumed>.* = -?\d.*$")
RENAMED = re.compile(r'(?:AT_FDCWD(?:<[^>]*>)?|\d+<(?P<folder>[^>]*)>)?,? ?"(?P<name>[^"]*)"')
TARGETS = {"sendfile": 0, "copy_file_range": 2}


@dataclass
class Durable:
    """The files that a command wrote. renamed: final names. unsynced: those that were renamed before they were synced.

    loose: final names that were renamed, in a folder that was not synced afterwards.
    """

    unsynced: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)


def traced(trace: Path) -> list[str | Path]:
    """The first words of a command whose calls strace writes to a file."""
    return [require_tool("strace"), *OPTIONS, f"--output={trace}"]


def durable(trace: Path, folder: Path) -> Durable:
    """The files below `folder` that a traced command wrote; it ran in that folder. Names must be plain."""
    found, dirty = Durable(), set[str]()
    for call, arguments in _calls(trace):
        if call.startswith("rename"):
            source, target = (str(folder / name) for name in _names(arguments))
            for name in [name for name in dirty if f"{name}/".startswith(source + "/")]:
                moved = target + name.removeprefix(source)
                found.unsynced.add(moved)
                dirty.remove(name)
                dirty.add(moved)
            # The name of a folder is part of the names in it.
            for names in (found.renamed, found.loose):
                inside = {name for name in names if name.startswith(source + "/")}
                names.difference_update(inside)
                names.update({target}, (target + name.removeprefix(source) for name in inside))
        else:
            file = arguments.split("<", 1)[1].split(">", 1)[0] if call not in TARGETS else _target(call, arguments)
            if "sync" in call:
                dirty.discard(file)
                found.loose = {name for name in found.loose if str(Path(name).parent) != file}
            else:
                dirty.add(file)
    return found


def _target(call: str, arguments: str) -> str:
    return arguments.split(", ")[TARGETS[call]].split("<", 1)[1].rstrip(">")


def _names(arguments: str) -> Iterator[Path]:
    for one in RENAMED.finditer(arguments):
        yield Path(one["folder"] or "", one["name"])


def _calls(trace: Path) -> Iterator[tuple[str, str]]:
    """The name and arguments of each call: renames and writes when they begin, syncs when they end."""
    waiting: dict[str, tuple[str, str]] = {}
    with open(trace, errors="backslashreplace") as lines:
        for line in lines:
            if found := LINE.match(line):
                call = found["call"], found["arguments"]
                if found["open"].startswith(" <") and "sync" in call[0]:
                    waiting[found["process"]] = call
                else:
                    yield call
            elif (resumed := RESUMED.match(line)) and resumed["process"] in waiting:
                yield waiting.pop(resumed["process"])
