"""The cache of a user: metadata of images, and the programs that query them. It can be deleted at any time."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from datacontainer.runtime.outputs import check_writable

# No process fills a folder for so long.
LEFT_SECONDS = 86400
# The digests of the files of a folder, as sha256sum prints them.
SUMS = ".sha256"
# The folders whose digests this process compared.
_intact = set[Path]()


def cache_folder() -> Path:
    """Returns $XDG_CACHE_HOME/datacontainer, by default ~/.cache/datacontainer.

    Raises:
        UsageError: if it cannot be written.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "datacontainer")
    check_writable(folder, "the cache", "XDG_CACHE_HOME")
    return folder


def kept(kind: str, name: str, fill: Callable[[Path], None]) -> Path:
    """Returns a folder of the cache; if it is missing or damaged, `fill` writes its files, and it appears complete."""
    folder = cache_folder() / kind / name
    if not _is_intact(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _delete_left(folder.parent)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
        try:
            fill(partial)
            (partial / SUMS).write_bytes(_sums(partial))
            # Another process may have written the same folder.
            with suppress(OSError):
                os.rename(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _delete_left(folder: Path) -> None:
    """Deletes the unfinished folders of killed processes."""
    for left in folder.glob(".partial-*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _is_intact(folder: Path) -> bool:
    """Whether the files of a folder have the digests that they had at first; removes a folder of other files."""
    if folder in _intact or not folder.is_dir():
        return folder.is_dir()
    with suppress(OSError):
        if (folder / SUMS).read_bytes() == _sums(folder):
            _intact.add(folder)
            return True
    damaged = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    with suppress(OSError):
        os.rename(folder, damaged)
    shutil.rmtree(damaged, ignore_errors=True)
    return False


def _sums(folder: Path) -> bytes:
    lines = []
    for path in sorted(one for one in folder.iterdir() if one.name != SUMS):
        with open(path, "rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    return "".join(lines).encode(errors="surrogateescape")
