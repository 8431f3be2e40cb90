"""History: prints the images to which a tag of a registry pointed."""

import argparse

from datacontainer.compare.history import history as states
from datacontainer.compare.shown import write_records
from datacontainer.registry.reference import Reference
from datacontainer.runtime.interrupt import stop_with_a_line


def history(given: argparse.Namespace) -> int:
    """Prints the states of a tag, the latest first; returns 0.

    Raises:
        DataContainerError: see `compare.history.history`.
    """
    stop_with_a_line()
    write_records(states(Reference.parse(given.reference), plain_http=given.plain_http), given.format)
    return 0
