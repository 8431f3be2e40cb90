"""Conditions on the files of a data container, evaluated by the entrypoint's own program."""

import re
import subprocess
from threading import Lock

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.logs import escaped
from datacontainer.sources.engine import engine
from datacontainer.sources.source import Source

# The errors of the entrypoint for a condition that other data containers may answer.
UNKNOWN_FIELD = "unknown field"
OTHER_TYPE = re.compile(r'" has the type \w+, but |" is a (text|boolean) field: ')


class MismatchError(UsageError):
    """A field of the condition has another type in this data container."""


class Condition:
    """A condition as after -where; threads may share it."""

    def __init__(self, text: str) -> None:
        """text: the condition."""
        self._text, self._lock = text, Lock()

    def count(self, source: Source) -> int | None:
        """The number of files for which the condition holds; None if the data container lacks one of its fields.

        Raises:
            MismatchError: if a field has another type in this data container.
            UsageError: if the condition is wrong.
            DataContainerError: if the metadata cannot be read; see `sources.engine.engine`.
        """
        # Several builds at once would each compile all packages.
        with self._lock:
            program = engine(source)
        words = [str(program), "-where", self._text, "-count"]
        done = subprocess.run(words, env=program_environment(), capture_output=True, check=False)
        if done.returncode in (0, 1) and done.stdout.strip().isdigit():
            return int(done.stdout)
        first = escaped(done.stderr.decode(errors="backslashreplace").partition("\n")[0].removeprefix("error: "))
        if UNKNOWN_FIELD in first:
            return None
        if OTHER_TYPE.search(first):
            raise MismatchError(first)
        if done.returncode == UsageError.exit_status:
            raise UsageError(first)
        raise DataError(
            f"{source.name}: the query program ended with status {done.returncode} ({first!r}): delete its cache "
            f"{str(program.parent)!r}, and run the same command again"
        )
