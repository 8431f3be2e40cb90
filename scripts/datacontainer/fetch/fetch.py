"""Fetch: reads the runs of a source over several connections, and writes the files to a folder."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Lock

import numpy as np

from datacontainer.fetch.target import Refusal, Target, sync_names
from datacontainer.fetch.threads import Stopped, Threads
from datacontainer.fetch.writer import Different, Writer
from datacontainer.runtime.errors import DataContainerError, DataError
from datacontainer.runtime.logs import notice
from datacontainer.runtime.progress import Progress, size
from datacontainer.sources.files import Files, is_foreign
from datacontainer.sources.source import Content, Folder, Run, Source

# Rows that a thread compares with existing files before it takes the next ones.
ROWS = 1000
INTERRUPTED = 128 + signal.SIGINT


class Interrupted(DataContainerError):  # noqa: N818
    """The user stopped the command."""

    exit_status = INTERRUPTED


def fetch(source: Source, files: Files, folder: str, *, quiet: bool = False) -> None:
    """Writes files to a folder, as -export does, and prints a summary unless `quiet`.

    A file that exists with the right content is kept; of an unfinished large file, only missing parts are read. Lines
    about skipped files are printed.

    Raises:
        DataContainerError: if a file is skipped because it differs from the catalog or the folder cannot hold it; if
            the source cannot be read or the folder cannot be written; if the command is interrupted.
    """
    threads = Threads()
    with ExitStack() as stack:
        target = stack.enter_context(Target(folder))
        one = _Fetch(source, files, target, folder, threads)
        try:
            one.run()
        finally:
            if threads.abandoned:
                # A thread may still use the descriptors.
                stack.pop_all()
    if not quiet:
        one.print_summary()
    one.check_skipped()


class _Fetch:
    """One call of `fetch`. The lock protects all counts."""

    def __init__(self, source: Source, files: Files, target: Target, folder: str, threads: Threads) -> None:
        self._source, self._all, self._target, self._folder = source, files, target, folder
        self._began, self._threads, self._lock = time.monotonic(), threads, Lock()
        self._files = self._bytes = self._kept = self._left = 0
        self._differing, self._refused = set[bytes](), set[bytes]()

    def run(self) -> None:
        """Keeps the existing files, and reads the others."""
        with self._errors(), self._threads.interruptible():
            self._keep_and_read()
            sync_names(self._target.descriptor)

    def _keep_and_read(self) -> None:
        needed = self._needed()
        files = self._all.take(needed)
        self._left = int(files.sizes.sum())
        progress = Progress(f"files of {self._source.name}", self._left)
        writer = Writer(self._target, files, self._threads.stop, self._locked(progress.add))
        try:
            runs = [run for run in self._source.runs(files) if writer.is_missing(run)]
            if line := self._source.notice(runs):
                notice(line)
            self._threads.run(runs, lambda run: self._read(run, files, writer))
        finally:
            if not self._threads.abandoned:
                writer.close()

    def _needed(self) -> np.ndarray:
        """Which rows are to be read; creates the symlinks."""
        needed = self._all.offsets >= 0
        rows = np.flatnonzero(~needed if self._target.is_empty else np.ones(len(needed), bool))
        writer = Writer(self._target, self._all, self._threads.stop, lambda _: None)

        def check(some: np.ndarray) -> None:
            for row in some.tolist():
                with self._skipping(self._all.path(row)):
                    needed[row] &= not self._keep(writer, row)

        self._threads.run(np.array_split(rows, -(-len(rows) // ROWS) or 1), check)
        return needed

    def _keep(self, writer: Writer, row: int) -> bool:
        """Whether the entry of a row is complete: it was kept, or it is a symlink, which is created."""
        kept, is_link = writer.is_kept(row), self._all.link(row) is not None
        if kept or is_link:
            self._count(int(self._all.sizes[row]), kept=kept)
        return kept or is_link

    def _read(self, run: Run, files: Files, writer: Writer) -> None:
        with closing(self._source.contents(run, files)) as contents:
            for found in contents:
                if isinstance(found, Content):
                    with self._skipping(files.path(found.row)):
                        if writer.write(found, run.part):
                            self._count(int(files.sizes[found.row]), kept=False)
                else:
                    self._make_folder(found, files.mount)

    def _make_folder(self, found: Folder, mount: bytes) -> None:
        if not found.path.startswith(mount[1:] + b"/"):
            return
        path = found.path[len(mount) :]
        if is_foreign(path):
            raise DataError(f"the folder {path!r} of {self._source.name!r} leads out of the dataset: build it again")
        with self._skipping(path):
            self._target.folder(path)

    def _count(self, size_bytes: int, *, kept: bool) -> None:
        with self._lock:
            self._files, self._bytes, self._kept = self._files + 1, self._bytes + size_bytes, self._kept + kept
            self._left -= 0 if kept else size_bytes

    def _locked(self, call: Callable[[int], None]) -> Callable[[int], None]:
        def locked(count: int) -> None:
            with self._lock:
                call(count)

        return locked

    @contextmanager
    def _skipping(self, path: bytes) -> Iterator[None]:
        """Prints and counts the file of a path if the block cannot write it."""
        try:
            yield
        except Different as error:
            self._skip(self._differing, path, str(error))
        except Refusal as error:
            self._skip(self._refused, path, f"is not exported: {error}")
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            self._skip(self._refused, path, f"is not exported: the target cannot store its size ({error.strerror})")

    def _skip(self, skipped: set[bytes], path: bytes, reason: str) -> None:
        with self._lock:
            if path not in skipped:
                skipped.add(path)
                print(f"{os.fsdecode(path)!r}: {reason}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raises the errors of the block as one line for the user."""
        try:
            yield
        except Stopped as error:
            done = counted(self._files, "file")
            raise Interrupted(
                f"interrupted: fetched {done} to {self._folder!r}; run the same command to continue"
            ) from error
        except OSError as error:
            raise DataContainerError(self._explained(error)) from error

    def _explained(self, error: OSError) -> str:
        where, why = repr(self._folder), error.strerror
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            left = counted(self._left, "byte")
            return (
                f"{where} is full ({why}): the remaining files need {left}; free space and run the same command again"
            )
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"{where} cannot be written ({why}): name a folder that you can write with --output"
        if error.errno == errno.ENOENT:
            return f"{where} or a folder in it was deleted while get wrote it: run the same command again"
        return f"writing to {where}: {why}: run the same command again"

    def print_summary(self) -> None:
        """Prints the last line."""
        traffic, seconds = self._source.traffic, time.monotonic() - self._began
        done = f"{counted(self._files, 'file')}, {counted(self._bytes, 'byte')}"
        line = f"fetched {done} to {self._folder!r} in {seconds:.1f} s"
        line += f" ({self._kept} already existed)" if self._kept else ""
        requests = f" in {counted(traffic.requests, 'request')}" if traffic.requests else ""
        print(f"{line}; read {size(traffic.size_bytes)}{requests}")

    def check_skipped(self) -> None:
        """Returns if all files were written.

        Raises:
            DataContainerError: otherwise.
        """
        skipped = []
        if count := len(self._differing):
            files = counted(count, "file")
            skipped.append(
                f"skipped {files} that differ from the catalog of {self._source.name!r}: push or build it again"
            )
        if count := len(self._refused):
            remedy = "name a folder on a Linux file system, such as ext4 or XFS, or select the other files with -where"
            skipped.append(
                f"skipped {counted(count, 'path')} that the file system of {self._folder!r} cannot hold: {remedy}"
            )
        if skipped:
            raise DataContainerError("; ".join(skipped))


def counted(count: int, what: str) -> str:
    """A number with its unit, such as "1 file" or "2 files"."""
    return f"{count} {what}{'' if count == 1 else 's'}"
