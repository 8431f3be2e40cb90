"""Target: the folder to which files are written; nothing is written outside of it, and no symlink in it is followed."""

import ctypes
import errno
import fcntl
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from datacontainer.runtime.errors import DataContainerError

OPENED = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PARTIAL = b".partial-"
# A file system answers with one of them to a name that it cannot store.
UNSTORABLE = {errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG}
KINDS = {stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symlink"}


class Refusal(Exception):  # noqa: N818
    """The target cannot store one file, although it can store others; its text is the reason."""


class Target:
    """An open folder, which the end of a `with` block closes; threads may share it."""

    def __init__(self, folder: str) -> None:
        """folder: is created if it is missing.

        Raises:
            DataContainerError: if it cannot be written, or another process writes to it.
        """
        self.name = os.fsencode(folder)
        # The folder that each thread opened last.
        self._last: dict[int, tuple[bytes, int]] = {}
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._lock()
            with os.scandir(self.descriptor) as entries:
                self.is_empty = not any(entries)
            self._careful = self._ignores_case()
        except OSError as error:
            os.close(self.descriptor)
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        """Returns the target."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes all descriptors; no thread may use the target any more."""
        for _, descriptor in self._last.values():
            os.close(descriptor)
        self._last.clear()
        os.close(self.descriptor)

    def _unwritable(self, error: OSError) -> DataContainerError:
        if isinstance(error, BlockingIOError):
            return DataContainerError(
                f"another process writes to {self.shown(b'')}: wait for its end, or name another folder with --output"
            )
        return DataContainerError(
            f"{self.shown(b'')} cannot be written ({error.strerror}): name a folder that you can write with --output"
        )

    def _lock(self) -> None:
        """Raises BlockingIOError if another process has the lock; some file systems have no locks."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return

    def _ignores_case(self) -> bool:
        """Whether the file system treats some names as equal, which is tried with a new entry."""
        name = PARTIAL + secrets.token_hex(8).encode()
        os.close(os.open(name + b"a", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self.descriptor))
        try:
            return exists(self.descriptor, name + b"A") is not None
        finally:
            os.unlink(name + b"a", dir_fd=self.descriptor)

    def folder(self, path: bytes) -> int:
        """Opens a folder below the target, and creates it if it is missing; b"" is the target.

        The descriptor is valid until this thread calls the function again.

        Raises:
            Refusal: if the target cannot store the name of a folder.
            DataContainerError: if another entry has that name.
        """
        thread = threading.get_ident()
        known = self._last.get(thread)
        if known and known[0] == path:
            return known[1]
        current, done = os.dup(self.descriptor), b""
        for name in path.split(b"/") if path else ():
            done = os.path.join(done, name)
            try:
                following = self._open_subfolder(current, name, done)
            finally:
                os.close(current)
            current = following
        if known:
            os.close(known[1])
        self._last[thread] = path, current
        return current

    def _open_subfolder(self, outer: int, name: bytes, path: bytes) -> int:
        found = self.look_up(outer, name)
        if found is None:
            # Another thread may have created it.
            with suppress(FileExistsError), storing(name):
                os.mkdir(name, dir_fd=outer)
            found = self.look_up(outer, name)
        if found and not stat.S_ISDIR(found.st_mode):
            raise self.conflict(path, found, "a folder")
        return os.open(name, OPENED, dir_fd=outer)

    def look_up(self, folder: int, name: bytes) -> os.stat_result | None:
        """The entry with exactly this name; None if there is none.

        Raises:
            Refusal: if the target treats the name as that of another entry, or cannot store it.
        """
        with storing(name):
            found = exists(folder, name)
        if found and self._careful and name not in map(os.fsencode, os.listdir(folder)):
            raise Refusal(f"the target treats {os.fsdecode(name)!r} and the name of another entry as equal")
        return found

    def conflict(self, path: bytes, found: os.stat_result, wanted: str) -> DataContainerError:
        """The error for an entry that must not be replaced."""
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "a device, pipe or socket")
        return DataContainerError(f"{self.shown(path)} exists as {kind}, but get writes {wanted} there: move it away")

    def shown(self, path: bytes) -> str:
        """A path below the target, for messages."""
        return repr(os.fsdecode(os.path.join(self.name, path) if path else self.name))


def sync_names(folder: int) -> None:
    """Waits until the names of files in the file system of a folder are on the disk, as their contents are already."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.syncfs(folder) and (code := ctypes.get_errno()) != errno.ENOSYS:
        raise OSError(code, os.strerror(code))


def exists(folder: int, name: bytes) -> os.stat_result | None:
    """The entry of a folder, which is not followed; None if there is none."""
    with suppress(FileNotFoundError):
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    return None


@contextmanager
def storing(name: bytes) -> Iterator[None]:
    """Raises Refusal for an error of the block that means that a name cannot be stored."""
    try:
        yield
    except OSError as error:
        if error.errno in UNSTORABLE:
            raise Refusal(f"the target cannot store the name {os.fsdecode(name)!r} ({error.strerror})") from error
        raise


def give_name(folder: int, partial: bytes, name: bytes, *, replace: bool) -> None:
    """Renames a complete file; without `replace`, raises FileExistsError if there is an entry with the name."""
    with storing(name):
        if not replace:
            try:
                os.link(partial, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
                os.unlink(partial, dir_fd=folder)
                return
            except OSError as error:
                # Some file systems have no hard links.
                if error.errno == errno.EEXIST or exists(folder, name):
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
