"""The cache of a user: metadata of images, and the programs that query them. It can be deleted at any time."""

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


def cache_folder() -> Path:
    """Returns $XDG_CACHE_HOME/datacontainer, by default ~/.cache/datacontainer.

    Raises:
        UsageError: if it cannot be written.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "datacontainer")
    check_writable(folder, "the cache", "XDG_CACHE_HOME")
    return folder


def kept(kind: str, name: str, fill: Callable[[Path], None]) -> Path:
    """Returns a folder of the cache; if it is missing, `fill` writes its files, and the folder appears complete."""
    folder = cache_folder() / kind / name
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _delete_left(folder.parent)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
        try:
            fill(partial)
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
