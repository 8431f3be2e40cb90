"""Stream: the files of a dataset in storage in the form that the packer reads from a pipe."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from datacontainer.storage.place import Object
from datacontainer.storage.provider import Source

MODE = 0o644


def listing(source: Source) -> Iterator[bytes]:
    """The listing of a dataset in the form that the packer reads."""
    for one in source.objects():
        yield b"%d %d %d\0%b\0" % (one.size, one.mtime_ns, one.identity, one.path)


def contents(source: Source, objects: Iterable[Object], stage: Path | None) -> Iterator[bytes]:
    """The contents of files, one after the other. stage: a folder into which they are also written, for functions."""
    if stage is None:
        yield from (chunk for _, chunk in source.contents(objects))
        return
    for one, chunk in source.contents(objects):
        place = os.path.join(os.fsencode(stage), one.path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "ab") as file:
            file.write(chunk)
        os.utime(place, ns=(one.mtime_ns, one.mtime_ns))
        yield chunk
