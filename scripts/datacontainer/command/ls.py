"""Ls: lists the files of an image in a registry or a file, or behind a server."""

import argparse
import os

from datacontainer.command.words import opened, read_words
from datacontainer.sources.engine import engine
from datacontainer.terminal.progressline import shown_progress


def ls(given: argparse.Namespace) -> int:
    """Runs the query of the image in place of this process.

    Raises:
        DataContainerError: if the image cannot be read.
    """
    read_words(given)
    with shown_progress("ls"):
        program = engine(opened(given))
    os.execv(program, ["/entrypoint", *given.flags])
