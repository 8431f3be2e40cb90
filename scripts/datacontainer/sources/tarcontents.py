"""The contents of files in a part of a layer's tar."""

import io
import os
import tarfile
from collections.abc import Generator, Iterator

from datacontainer.runtime.errors import DataError
from datacontainer.sources.files import HEADER_BYTES, Files
from datacontainer.sources.plan import RUN_BYTES
from datacontainer.sources.source import Content, Folder, Run, Stream

BLOCK_BYTES = 1 << 20
# Headers between two contents, such as those of folders; there are far fewer in a layer.
MAXIMUM_HEADERS = 1 << 28


def tar_contents(stream: Stream, run: Run, files: Files, what: str) -> Generator[Content | Folder]:
    """The contents of a run whose bytes come from `stream`, and the folders if all files are read. what: is read.

    Raises:
        DataError: if the stream ends too early, or there is no header before a content.
    """
    source = _Tar(stream, run.start, what)
    if run.part:
        yield Content(run.rows.start, run.part * RUN_BYTES, _stop(run) - run.start, None, source.part(_stop(run)))
        return
    for row in run.rows:
        offset = int(files.offsets[row])
        source.skip(int(files.begins[row]))
        yield from source.folders(offset - HEADER_BYTES)
        mode = source.mode(files.path(row))
        end = offset + int(files.sizes[row])
        end = end if run.part is None else min(end, _stop(run))
        yield Content(row, 0, end - offset, bool(mode & 0o111), source.part(end))
        source.skip(end)
    if files.tails is not None and (run.stop is None or not run.rows):
        yield from source.folders(run.stop)


def _stop(run: Run) -> int:
    if run.stop is None:
        raise ValueError("a part has an end")
    return run.stop


class _Tar:
    """A part of a tar. place: of the next byte."""

    def __init__(self, stream: Stream, place: int, what: str) -> None:
        self._stream, self.place, self._what = stream, place, what

    def read(self, count: int) -> bytes:
        """The next bytes, at most `count`, at least one."""
        content = self._stream.read(count)
        if not content:
            raise DataError(f"{self._what} ends at byte {self.place} of its tar: pull or build the image again")
        self.place += len(content)
        return content

    def skip(self, place: int) -> None:
        while self.place < place:
            self.read(min(BLOCK_BYTES, place - self.place))

    def part(self, end: int) -> "_Part":
        return _Part(self, end)

    def mode(self, path: bytes) -> int:
        """The mode in the next header."""
        header = b""
        while len(header) < HEADER_BYTES:
            header += self.read(HEADER_BYTES - len(header))
        try:
            if header[257:262] != b"ustar":
                raise ValueError("no header")
            return int(header[100:107], 8)
        except ValueError as error:
            raise DataError(
                f"{self._what} has no header of {path!r} before byte {self.place}: pull or build the image again"
            ) from error

    def folders(self, stop: int | None) -> Iterator[Folder]:
        """The folders in the headers before a place, or before the end."""
        content, padding = bytearray(), -self.place % HEADER_BYTES
        while stop is None or self.place < stop:
            more = self._stream.read(BLOCK_BYTES if stop is None else min(BLOCK_BYTES, stop - self.place))
            if not more and stop is None:
                break
            if not more or len(content) > MAXIMUM_HEADERS:
                raise DataError(f"{self._what} ends at byte {self.place} of its tar: pull or build the image again")
            self.place += len(more)
            content += more
        if len(content) <= padding:
            return
        try:
            # The headers of the next file may follow, without its own header.
            with tarfile.open(fileobj=io.BytesIO(content[padding:] + bytes(2 * HEADER_BYTES)), mode="r:") as tar:
                for member in tar:
                    if member.isdir():
                        yield Folder(os.fsencode(member.name))
        except tarfile.TarError:
            return


class _Part:
    """The bytes of a tar up to a place."""

    def __init__(self, tar: _Tar, end: int) -> None:
        self._tar, self._end = tar, end

    def read(self, count: int) -> bytes:
        left = self._end - self._tar.place
        return self._tar.read(min(count, left)) if left > 0 else b""
