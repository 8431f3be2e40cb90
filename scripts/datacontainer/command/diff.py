"""Diff: prints the differences of two data containers, from their metadata."""

import argparse
import os

from datacontainer.compare.open import open_version
from datacontainer.compare.shown import write_records
from datacontainer.compare.versions import Comparison
from datacontainer.runtime.errors import DataContainerError, UsageError
from datacontainer.runtime.interrupt import stop_with_a_line


def diff(given: argparse.Namespace) -> int:
    """Prints the changes from one data container to another; returns 0 if nothing differs, else 1.

    Raises:
        DataContainerError: see `compare.open.open_version` and `Comparison`; the exit status is 2 or more.
    """
    stop_with_a_line()
    try:
        token = os.environ.get("DATACONTAINER_TOKEN", "")
        names = (given.before, given.after)
        versions = [open_version(name, plain_http=given.plain_http, token=token) for name in names]
        comparison = Comparison(*versions)
        write_records(comparison.records(), given.format)
    except DataContainerError as error:
        # Status 1 means a difference.
        error.exit_status = max(error.exit_status, UsageError.exit_status)
        raise
    return 0 if comparison.summary.same else 1
