"""Image layouts and archives of them."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.sources.image import MAXIMUM_DOCUMENT, Image
from datacontainer.sources.source import Traffic

NAME = "org.opencontainers.image.ref.name"
HEX_DIGEST = 64


class _Place(NamedTuple):
    path: Path
    offset: int
    size_bytes: int


class FileBlobs:
    """The blobs in the files of a layout, or in an archive of it; see `image.Blobs`."""

    def __init__(self, folder: Path, archived: Mapping[str, _Place] | None = None) -> None:
        """folder: the layout, or the archive. archived: the places of an archive's members by their names."""
        self._folder, self._archived, self.traffic = folder, archived, Traffic()

    def content(self, name: str) -> bytes:
        """The content of a small file of the layout.

        Raises:
            DataError: if it is missing or too large.
        """
        with self._opened(name, 0, None) as stream:
            content = stream.read(MAXIMUM_DOCUMENT + 1)
        if len(content) > MAXIMUM_DOCUMENT:
            raise DataError(f"{name!r} in {str(self._folder)!r} has more than {MAXIMUM_DOCUMENT} bytes: build it again")
        return content

    def manifest(self, digest: str) -> bytes:
        """See `image.Blobs`."""
        content = self.content(_name(digest))
        if (found := "sha256:" + hashlib.sha256(content).hexdigest()) != digest:
            raise DataError(
                f"digest mismatch in {str(self._folder)!r}: the blob {digest} gives {found}: build it again"
            )
        return content

    config = manifest

    def opened(self, digest: str, start: int, stop: int | None) -> IO[bytes]:
        """See `image.Blobs`."""
        return self._opened(_name(digest), start, stop)

    def has_ranges(self, digest: str) -> bool:  # noqa: ARG002
        """See `image.Blobs`."""
        return True

    def _opened(self, name: str, start: int, stop: int | None) -> IO[bytes]:
        place = self._place(name)
        end = place.size_bytes if stop is None else min(stop, place.size_bytes)
        return io.BufferedReader(_Slice(place.path, place.offset + start, place.offset + end), 1 << 18)

    def _place(self, name: str) -> _Place:
        path = self._folder / name
        found = None if self._archived is None else self._archived.get(name)
        if self._archived is None and path.is_file():
            found = _Place(path, 0, path.stat().st_size)
        if found is None:
            raise DataError(f"{str(self._folder)!r} has no {name!r}: it is no complete image layout: build it again")
        return found


class _Slice(io.RawIOBase):
    """The bytes of a file from `start` to before `end`."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._file, self._left = io.FileIO(path), end - start
        self._file.seek(start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(memoryview(buffer)[: max(0, self._left)]) or 0
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def open_layout(name: str, path: Path) -> Image:
    """Returns the image of a layout. path: of its folder, with :TAG if it has several images.

    Raises:
        UsageError: if there is no such layout or image.
    """
    folder, tag = path, ""
    if not path.is_dir():
        outer, _, tag = str(path).rpartition(":")
        folder = Path(outer)
    if not (folder / "oci-layout").is_file():
        raise UsageError(
            f"{name!r} is no image layout: name the folder with the file 'oci-layout', such as results/NAME/oci"
        )
    return _image(name, FileBlobs(folder), tag)


def open_archive(name: str, path: Path) -> Image:
    """Returns the image in an archive of a layout.

    Raises:
        UsageError: if the file is no such archive.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            places = {one.name: _Place(path, one.offset_data, one.size) for one in tar if one.isreg()}
    except tarfile.TarError:
        places = {}
    if "index.json" not in places:
        raise UsageError(
            f"{name!r} is no archive of an image layout, and no SIF: run `skopeo copy docker-archive:FILE oci:FOLDER`, "
            "and name the folder"
        )
    return _image(name, FileBlobs(path, places), "")


def _image(name: str, blobs: FileBlobs, tag: str) -> Image:
    try:
        listed = json.loads(blobs.content("index.json"))["manifests"]
        if tag:
            listed = [one for one in listed if (one.get("annotations") or {}).get(NAME) == tag]
        if len(listed) != 1:
            raise UsageError(f"{name!r} names {len(listed)} images of the layout, expected one: write oci:FOLDER:TAG")
        top = blobs.manifest(listed[0]["digest"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"index.json of {name!r} is damaged ({error!r}): build the image again") from error
    return Image(name, top, blobs)


def _name(digest: str) -> str:
    kind, _, text = digest.partition(":")
    if kind != "sha256" or len(text) != HEX_DIGEST or not text.isalnum():
        raise ValueError(f"{digest!r} is no sha256")
    return f"blobs/sha256/{text}"
