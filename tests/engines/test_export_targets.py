"""-export to exFAT and NTFS, which treat names as equal, store them in another form, or refuse them."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from tools.engines import Tool, lacking, require_root, require_tool
from tools.images import tree_of
from tools.trees import Link, Node, make

NAMES = ["A", "a", "Dir/f", "dir/f", "FILE/f", "file", "one:two", "q?/f", "dot.", "café", "café", "plain/sub/x"]
TREE: dict[bytes, Node] = {name.encode(): name.encode() for name in NAMES} | {b"void?": None, b"link": Link(b"plain")}
TREE |= {b"SAME": b"same", b"same": b"same"}
EQUAL = [(b"A", b"a"), (b"Dir/f", b"dir/f"), (b"FILE/f", b"file"), (b"SAME", b"same")]
# The commands that format and mount a file system, and the reasons for which it refuses paths.
EXFAT = (
    ("mkfs.exfat",),
    ("-t", "exfat-fuse", "-o", "loop"),
    dict.fromkeys([b"one:two", b"q?/f", b"void?"], 'cannot store the name "%s" (no such file or directory)')
    | {b"link": "cannot store this symlink (function not implemented)"},
)
NTFS = ("mkfs.ntfs", "-Q", "-F", "-q")
FOLDED = {one: f'stores the name "%s" as "{other.decode().removesuffix("/f")}"' for one, other in EQUAL}
FOLDING_NTFS = NTFS, ("-t", "lowntfs-3g", "-o", "loop,ignore_case"), FOLDED
WINDOWS_NTFS = (
    NTFS,
    ("-t", "lowntfs-3g", "-o", "loop,ignore_case,windows_names"),
    FOLDED | dict.fromkeys([b"one:two", b"q?/f", b"void?", b"dot."], 'cannot store the name "%s" (invalid argument)'),
)
EXACT_NTFS = NTFS, ("-t", "ntfs-3g", "-o", "loop"), {}
KINDS = {"exfat": EXFAT, "folding-ntfs": FOLDING_NTFS, "windows-ntfs": WINDOWS_NTFS, "exact-ntfs": EXACT_NTFS}


def entrypoint_of_tree(entrypoint, data: Path, tree: Mapping[bytes, Node]) -> Tool:
    """Writes a dataset; returns its entrypoint."""
    data.mkdir()
    make(data, tree)
    files = content_of(data)
    links = [node.target.decode() if isinstance(node := tree[path], Link) else None for path in files]
    table = {
        "path": [os.fsdecode(path) for path in files],
        "size": pa.array([len(content) for content in files.values()], pa.int64()),
        "sha256": [hashlib.sha256(content).hexdigest() for content in files.values()],
        "link": pa.array(links, pa.string()),
    }
    return entrypoint(pa.table(table).sort_by("path"), mount=str(data))


def content_of(folder: Path) -> dict[bytes, bytes]:
    """The contents of files and the targets of symlinks of a folder, by their listed names."""
    return {path: entry.content for path, entry in tree_of(folder).items() if not stat.S_ISDIR(entry.mode)}


@contextmanager
def mounted(command: Sequence[str], options: Sequence[str], point: Path) -> Iterator[None]:
    """Mounts a new file system of 64 MiB at a folder, which it creates."""
    require_root("a loop mount")
    point.mkdir(parents=True)
    image = point.with_name("image")
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    Tool((require_tool(command[0]), *command[1:]))(image)
    require_tool(f"mount.{options[1]}")
    done = Tool((require_tool("mount"),)).run(*options, image, point, status=None)
    if done.returncode != 0:
        lacking(f"mount {' '.join(options)} fails here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        Tool((require_tool("umount"),))(point)


def export(program: Tool, data: Path, target: Path, kept: int, status: int) -> dict[bytes, str]:
    """Exports to a folder that contains some correct files; returns the reasons of the refused paths."""
    done = program.run("-export", target, status=status)
    *lines, last = done.stdout.decode().splitlines()
    assert done.stderr.count(b": cannot set mode or time as in the image (it has the mode -rwxrwxrwx") == (kept == 0)
    assert not [*target.glob(".partial-*")]
    assert last.endswith(f" ({kept} already existed)") == (kept > 0)
    assert (f"error: skipped {len(lines)} path" in done.stderr.decode()) == (status == 1)
    refused = dict(line.removeprefix(f"{data}/").split(": is not exported: the target ") for line in lines)
    return {path.encode(): reason for path, reason in refused.items()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_export_to_a_foreign_file_system_holds_each_file_exactly_or_prints_it(entrypoint, tmp_path, kind):
    command, options, reasons = kind
    data, target = tmp_path / "data", tmp_path / "mounted/out"
    program = entrypoint_of_tree(entrypoint, data, TREE)
    status = 1 if reasons else 0
    with mounted(command, options, target.parent):
        refused = export(program, data, target, 0, status)
        held = {path: content for path, content in content_of(data).items() if path not in refused}
        assert content_of(target) == held
        assert export(program, data, target, len(held), status) == refused
        assert content_of(target) == held
    assert all((one in refused) + (other in refused) == status for one, other in EQUAL)
    fixed = reasons.keys() | refused.keys() - {path for pair in EQUAL for path in pair}
    assert all(refused[path] == reasons[path].replace("%s", path.decode().removesuffix("/f")) for path in fixed)


@pytest.mark.parametrize("inside", ["", "mounted/"], ids=["root", "mount-in-the-target"])
def test_export_next_to_an_entry_of_equal_name_keeps_it(entrypoint, tmp_path, inside):
    data, point = tmp_path / "data", tmp_path / "target/mounted"
    tree: dict[bytes, Node] = {f"{inside}{path}".encode(): b"dataset" for path in ("name", "dir/f", "other")}
    program = entrypoint_of_tree(entrypoint, data, tree)
    with mounted(*EXFAT[:2], point):
        users: dict[bytes, Node] = {b"NAME": b"user", b"Dir/g": b"user"}
        make(point, users)
        refused = export(program, data, point.parent if inside else point, kept=0, status=1)
        assert content_of(point) == users | {b"other": b"dataset"}
    assert refused == {
        f"{inside}name".encode(): 'treats "name" and "NAME" as equal',
        f"{inside}dir/f".encode(): 'treats "dir" and "Dir" as equal',
    }
