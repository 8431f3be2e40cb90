"""References of images in registries, such as registry.example.org/lab/fruit:1.0.

Source: OCI distribution-spec 1.1, "Pulling manifests".
"""

import re
from typing import NamedTuple

from datacontainer.runtime.errors import UsageError

WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
HOST = r"localhost(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?|[\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w-]+:\d+"
REFERENCE = re.compile(
    rf"(?P<host>{HOST})/(?P<repository>{WORD}(?:/{WORD})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?",
    re.ASCII,
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
MAXIMUM_NAME = 255
HUB = "docker.io"


class Reference(NamedTuple):
    """A repository of a registry, and the tag or the digest of an image in it. host: with the port."""

    host: str
    repository: str
    tag: str = "latest"
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Returns the reference in a text HOST[:PORT]/REPOSITORY[:TAG][@DIGEST].

        Raises:
            UsageError: for any other text, such as one without a host.
        """
        found = REFERENCE.fullmatch(text)
        if not found or len(found["repository"]) > MAXIMUM_NAME:
            raise UsageError(
                f"{text[:MAXIMUM_NAME]!r} is no image of a registry: write HOST[:PORT]/REPOSITORY[:TAG] in lower "
                "case, such as registry.example.org/lab/fruit:1.0"
            )
        host, repository = found["host"], found["repository"]
        if host == HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(host, repository, found["tag"] or "latest", found["digest"] or "")

    @property
    def name(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        """The text of the reference; the digest, if there is one, in place of the tag."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"
