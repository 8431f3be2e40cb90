"""Errors of requests to a registry."""

from datacontainer.runtime.errors import DataContainerError


class RegistryError(DataContainerError):
    """A registry refused a request, or sent a wrong answer. status: the HTTP status, or 0 if no answer came."""

    def __init__(self, text: str, status: int = 0) -> None:
        """text: one line with the remedy."""
        super().__init__(text)
        self.status = status


class RangeIgnored(RegistryError):  # noqa: N818
    """A registry answered the request for a range of a blob with the whole blob."""
