"""Queries of the plugin: oci://HOST/REPOSITORY:TAG/PATH, and conditions."""

import hashlib
import re
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes

from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import UsageError

FORM = "oci://HOST/REPOSITORY:TAG/PATH, a folder with / at the end, or oci://HOST/REPOSITORY:TAG?where=CONDITION"
QUERY = re.compile(
    r"oci://(?P<reference>[^/?]+/[^?]*?(?::[\w.{}-]+(?=[/?]|$)|@sha256:[0-9a-f]{64}|@\{\w+\}))(?P<path>/[^?]*)?(?:\?(?P<words>.*))?",
    re.DOTALL | re.ASCII,
)
WILDCARD = re.compile(r"\{[^{}]*\}")
# The characters of a path that stand for themselves; braces enclose wildcards.
PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "%?{}")
FLAGS = ("where", "get")
MAXIMUM_NAME = 255


class InvalidQueryError(ValueError):
    """A query that names no files of an image; its text is the reason."""


class Query(NamedTuple):
    """The parts of a query.

    reference: of the image. path: of a file or a folder, with the mount, as written. flags: those of the entrypoint,
    which select files.
    """

    text: str
    reference: str
    path: str
    flags: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Returns the parts of a query, which may have wildcards of Snakemake.

        Raises:
            InvalidQueryError: if it is none.
        """
        found = QUERY.fullmatch(text)
        if not found:
            raise InvalidQueryError(f"expected {FORM}")
        reference, path = found["reference"], found["path"] or ""
        try:
            if not WILDCARD.search(reference):
                Reference.parse(reference)
        except UsageError as error:
            raise InvalidQueryError(str(error)) from error
        flags = _flags(found["words"] or "")
        parts = unquote_to_bytes(path).strip(b"/").split(b"/")
        if (path.strip("/") and {b"", b".", b".."}.intersection(parts)) or "//" in path:
            raise InvalidQueryError("the path has an empty part, . or ..: write it as `datacontainer ls` prints it")
        if not flags and not path:
            raise InvalidQueryError(f"it names no file: expected {FORM}")
        if flags and not (path or "/").endswith("/"):
            raise InvalidQueryError("a condition needs a folder before the question mark: end its path with /")
        return cls(text, reference, path, flags)

    @property
    def is_folder(self) -> bool:
        """Whether the local copy is a folder."""
        return not self.path or self.path.endswith("/")

    @property
    def is_fixed(self) -> bool:
        """Whether the query names its image by digest, so that its files never change."""
        return "@" in self.reference

    @property
    def key(self) -> bytes:
        """The path of the file, or that of the folder with / at the end; empty for all files."""
        return unquote_to_bytes(self.path) if self.path != "/" else b""

    @property
    def name(self) -> str:
        """A file name that no other query has."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def local_suffix(self) -> str:
        """The local path: that of a file in the image; for folders, which may contain each other, one name."""
        image = quote(self.reference, safe="/{}")
        if not self.is_folder:
            return f"files/{image}{self.path}"
        words = self.text.removeprefix(f"oci://{self.reference}").rstrip("/") or "/"
        short = quote(words, safe="{} =,")
        return f"folders/{image}/{short if len(short) <= MAXIMUM_NAME else self.name}"

    def of_file(self, path: bytes) -> str:
        """The query of a file of the same image. path: with the mount."""
        return f"oci://{self.reference}{quote(path, safe=PLAIN)}"


def _flags(words: str) -> tuple[str, ...]:
    flags = []
    for word in words.split("&") if words else ():
        key, equals, value = word.partition("=")
        if key not in FLAGS or not equals or not value:
            raise InvalidQueryError(f"{word!r} is no condition: write where=CONDITION or get=NAME, and %26 for &")
        flags += [f"-{key}", unquote(value)]
    return tuple(flags)
