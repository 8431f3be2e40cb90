"""Conditions on the files of a data container, evaluated by the entrypoint's own program."""

import subprocess
from threading import Lock

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import escaped
from datacontainer.sources.engine import engine
from datacontainer.sources.source import Source

UNKNOWN_FIELD = "unknown field"


class Condition:
    """A condition as after -where; threads may share it."""

    def __init__(self, text: str) -> None:
        """text: the condition."""
        self._text, self._lock = text, Lock()

    def count(self, source: Source) -> int | None:
        """The number of files for which the condition holds; None if the data container lacks one of its fields.

        Raises:
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
        first, *_ = [*done.stderr.decode(errors="backslashreplace").splitlines(), ""]
        if UNKNOWN_FIELD in first:
            return None
        raise UsageError(escaped(first.removeprefix("error: ")))
