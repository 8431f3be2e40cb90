"""Get: fetches selected files of an image in a registry or a file, or behind a server."""

import argparse

from datacontainer.command.words import opened, read_words
from datacontainer.fetch.fetch import fetch
from datacontainer.runtime.errors import UsageError
from datacontainer.sources.files import read_files
from datacontainer.sources.source import CATALOG
from datacontainer.terminal.progressline import shown_progress


def get(given: argparse.Namespace) -> int:
    """Writes the selected files to a folder; returns 1 if none is selected, or if a file is skipped.

    Raises:
        DataContainerError: if the image cannot be read, or the folder cannot be written.
    """
    read_words(given)
    if not given.output:
        raise UsageError("get needs --output DIR: the folder to which it writes the files")
    source = opened(given)
    keys = None
    with shown_progress(f"get {source.name}"):
        if given.flags:
            from datacontainer.sources.engine import selected

            keys = selected(source, given.flags)
            if keys is None:
                return 1
        files = read_files(source.document(CATALOG), source.name, keys)
        fetch(source, files.with_folders() if keys is None else files, given.output)
    return 0
