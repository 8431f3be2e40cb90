"""Errors of requests to a registry."""

from datacontainer.runtime.errors import DataContainerError


class RegistryError(DataContainerError):
    """A registry refused a request, or sent a wrong answer.

    status: the HTTP status, or 0 if no answer came. code: of the registry's first error, such as DIGEST_INVALID.
    pause_seconds: how long the registry asks to wait before the next request.
    """

    def __init__(self, text: str, status: int = 0, code: str = "", pause_seconds: float | None = None) -> None:
        """text: one line with the remedy."""
        super().__init__(text)
        self.status, self.code, self.pause_seconds = status, code, pause_seconds


class RangeIgnored(RegistryError):  # noqa: N818
    """A registry answered the request for a range of a blob with the whole blob."""
