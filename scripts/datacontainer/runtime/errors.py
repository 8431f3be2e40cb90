"""The errors a user sees: one readable line each, with the exit status it stands for."""


class DataContainerError(Exception):
    """A problem that the user can mend; its text is one line that says how."""

    exit_status = 1


class DataError(DataContainerError):
    """The data is not what it should be: refused, changed while it was read, or damaged."""


class UsageError(DataContainerError):
    """The configuration, or what it names, is wrong."""

    exit_status = 2


class MissingToolError(DataContainerError):
    """A program that this step calls is not installed."""

    exit_status = 3
