"""The errors that a user sees: one readable line each, with its exit status."""

from collections.abc import Iterable


class DataContainerError(Exception):
    """A problem that the user can solve; its text is one line with the remedy. details: more lines, for a list."""

    exit_status = 1

    def __init__(self, text: str, details: Iterable[str] = ()) -> None:
        """text: the headline. details: lines to print below it, indented."""
        super().__init__(text)
        self.details = tuple(details)


class DataError(DataContainerError):
    """The data is wrong: refused, changed during reading, or damaged."""


class UsageError(DataContainerError):
    """The configuration, or a file that it names, is wrong."""

    exit_status = 2


class MissingToolError(DataContainerError):
    """A program that this step calls is not installed."""

    exit_status = 3
