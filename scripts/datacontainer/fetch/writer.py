"""Writer: files, parts of files and symlinks, each of which gets its name when its content is complete and right."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock

from datacontainer.fetch.target import PARTIAL, Target, exists, give_name, storing
from datacontainer.fetch.threads import Stopped
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import warn
from datacontainer.sources.files import Files
from datacontainer.sources.plan import RUN_BYTES
from datacontainer.sources.source import Content, Run

BLOCK_BYTES = 1 << 20
PLAIN, EXECUTABLE = 0o644, 0o755
DONE = b"\1"
# A file system answers with one of them if it has no modes or times.
FORBIDDEN = {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS}
CREATED = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Writer:
    """Writes the rows of `files` to a target; threads may share it. stop: ends all threads when it is set."""

    def __init__(self, target: Target, files: Files, stop: Event, progress: Callable[[int], None]) -> None:
        """progress: is called with the number of bytes after each write."""
        self._target, self._files, self._stop, self._progress = target, files, stop, progress
        self._larges: dict[int, _Large] = {}
        self._lock, self._warned = Lock(), False

    def is_kept(self, row: int) -> bool:
        """Whether the file of a row exists with the right content; creates the symlink of a row.

        Raises:
            Refusal: if the target cannot store its name.
            DataContainerError: if another kind of entry has its name.
        """
        link = self._files.link(row)
        if self._target.is_empty and link is None:
            return False
        folder, _, name = self._files.path(row).rpartition(b"/")
        inside = self._target.folder(folder)
        found = self._target.look_up(inside, name)
        if link is not None:
            return self._is_linked(row, inside, name, link, found)
        if found is None:
            return False
        if not stat.S_ISREG(found.st_mode):
            raise self._target.conflict(self._files.path(row), found, "a file")
        # A file that cannot be read can still be replaced.
        with suppress(PermissionError):
            if found.st_size == self._files.sizes[row]:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=inside)
                with open(descriptor, "rb", buffering=0) as file:
                    return hashlib.file_digest(file, "sha256").hexdigest() == self._files.text("sha256", row)
        return False

    def _is_linked(self, row: int, inside: int, name: bytes, link: bytes, found: os.stat_result | None) -> bool:
        if found is None:
            with storing(name):
                os.symlink(link, name, dir_fd=inside)
            return False
        if not stat.S_ISLNK(found.st_mode) or os.readlink(name, dir_fd=inside) != link:
            wanted = f"a symlink to {os.fsdecode(link)!r}"
            raise self._target.conflict(self._files.path(row), found, wanted)
        return True

    def write(self, content: Content, part: int | None) -> bool:
        """Writes a file or a part of one; returns whether the file is complete now.

        Raises:
            Different: if its sha256 is another than that of the catalog.
            Refusal: if the target cannot store it.
        """
        folder, _, name = self._files.path(content.row).rpartition(b"/")
        inside = self._target.folder(folder)
        if part is None:
            self._write_whole(inside, name, content)
            return True
        large = self._large(content.row, inside)
        self._copy(content, large.descriptor)
        self._set_mode(content, large.descriptor)
        # The disk writes while other parts arrive, and a part that is marked is there after a power failure.
        os.fdatasync(large.descriptor)
        large.finish(part)
        if not large.hash_finished(self._stop):
            return False
        try:
            self._compare(content.row, large.digest.hexdigest())
            os.ftruncate(large.descriptor, large.size_bytes)
            self._name(content.row, inside, name, large.descriptor)
        except Different:
            os.unlink(self._partial(content.row), dir_fd=inside)
            raise
        finally:
            os.close(self._larges.pop(content.row).descriptor)
        return True

    def is_missing(self, run: Run) -> bool:
        """Whether a run is to be read: not a part of a large file that an earlier process wrote."""
        if run.part is None or self._target.is_empty:
            return True
        row = run.rows.start
        inside = self._target.folder(self._files.path(row).rpartition(b"/")[0])
        return exists(inside, self._partial(row)) is None or run.part not in self._large(row, inside).done

    def close(self) -> None:
        """Closes the partial files, which stay for the next process."""
        for large in self._larges.values():
            os.close(large.descriptor)

    def _write_whole(self, inside: int, name: bytes, content: Content) -> None:
        partial = self._partial(content.row)
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=inside)
        descriptor = os.open(partial, CREATED, 0o600, dir_fd=inside)
        try:
            self._compare(content.row, self._copy(content, descriptor))
            self._set_mode(content, descriptor)
            self._name(content.row, inside, name, descriptor)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=inside)
            raise
        finally:
            os.close(descriptor)

    def _copy(self, content: Content, descriptor: int) -> str:
        """Writes a content to its place in a file; returns its sha256."""
        digest, place, end = hashlib.sha256(), content.start, content.start + content.size_bytes
        while place < end:
            if self._stop.is_set():
                raise Stopped
            block = content.stream.read(min(BLOCK_BYTES, end - place))
            if not block or len(block) > end - place:
                raise Different(f"its size is not {self._files.sizes[content.row]} as in the catalog")
            digest.update(block)
            rest = memoryview(block)
            while rest:
                count = os.pwrite(descriptor, rest, place)
                place, rest = place + count, rest[count:]
            self._progress(len(block))
        return digest.hexdigest()

    def _set_mode(self, content: Content, descriptor: int) -> None:
        if content.executable is not None:
            with self._forbidden(self._files.path(content.row)):
                os.fchmod(descriptor, EXECUTABLE if content.executable else PLAIN)

    @contextmanager
    def _forbidden(self, path: bytes) -> Iterator[None]:
        """Warns, once, if the target refuses a mode or a time: the content is right nevertheless."""
        try:
            yield
        except OSError as error:
            if error.errno not in FORBIDDEN:
                raise
            with self._lock:
                warned, self._warned = self._warned, True
            if not warned:
                cause = f"cannot set mode or time as in the image ({error.strerror})"
                warn(f"{self._target.shown(path)}: {cause}; other files may be affected too")

    def _compare(self, row: int, found: str) -> None:
        expected = self._files.text("sha256", row)
        if found != expected:
            raise Different(f"sha256 is {found}, expected {expected}")

    def _name(self, row: int, inside: int, name: bytes, descriptor: int) -> None:
        """Gives a complete file its time and its name, after its content is on the disk."""
        with self._forbidden(self._files.path(row)):
            os.utime(descriptor, (0, 0))
        os.fsync(descriptor)
        found = self._target.look_up(inside, name)
        if found and not stat.S_ISREG(found.st_mode):
            raise self._target.conflict(self._files.path(row), found, "a file")
        give_name(inside, self._partial(row), name, replace=found is not None)

    def _partial(self, row: int) -> bytes:
        """The name of an unfinished file, which is the same in the next process."""
        text = self._files.text("sha256", row).encode() + self._files.path(row)
        return PARTIAL + hashlib.sha256(text).hexdigest()[:32].encode()

    def _large(self, row: int, inside: int) -> "_Large":
        with self._lock:
            if row not in self._larges:
                self._larges[row] = _Large(inside, self._partial(row), int(self._files.sizes[row]))
            return self._larges[row]


class Different(DataError):  # noqa: N818
    """The content of a file differs from the catalog."""


class _Large:
    """A large file, whose parts arrive in any order. The finished parts are marked by bytes behind the content."""

    def __init__(self, inside: int, partial: bytes, size_bytes: int) -> None:
        self.partial, self.size_bytes = partial, size_bytes
        self._parts = -(-size_bytes // RUN_BYTES)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self.descriptor = os.open(partial, flags, 0o600, dir_fd=inside)
        if os.fstat(self.descriptor).st_size != size_bytes + self._parts:
            try:
                os.ftruncate(self.descriptor, 0)
                os.ftruncate(self.descriptor, size_bytes + self._parts)
            except OSError:
                os.close(self.descriptor)
                os.unlink(partial, dir_fd=inside)
                raise
        marks = os.pread(self.descriptor, self._parts, size_bytes)
        self.done = {number for number, mark in enumerate(marks) if mark == DONE[0]}
        if len(self.done) == self._parts:
            # The process that writes the last part completes the file.
            self.done.discard(self._parts - 1)
        self.digest, self._hashed = hashlib.sha256(), 0
        self._marking, self._hashing = Lock(), Lock()

    def finish(self, part: int) -> None:
        """Marks a part whose bytes are written."""
        with self._marking:
            os.pwrite(self.descriptor, DONE, self.size_bytes + part)
            self.done.add(part)

    def hash_finished(self, stop: Event) -> bool:
        """Hashes the finished parts that follow those hashed before; returns True once, after the last part."""
        while self._hashing.acquire(blocking=False):
            try:
                while self._hashed in self.done:
                    self._hash(self._hashed * RUN_BYTES, stop)
                    self._hashed += 1
                    if self._hashed == self._parts:
                        return True
            finally:
                self._hashing.release()
            # Another thread may have finished the next part before the release.
            if self._hashed not in self.done:
                return False
        return False

    def _hash(self, place: int, stop: Event) -> None:
        end = min(place + RUN_BYTES, self.size_bytes)
        while place < end:
            if stop.is_set():
                raise Stopped
            block = os.pread(self.descriptor, min(BLOCK_BYTES, end - place), place)
            if not block:
                raise Different("its unfinished file was changed by another program")
            self.digest.update(block)
            place += len(block)
