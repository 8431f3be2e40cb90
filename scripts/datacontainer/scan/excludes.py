"""What is left out of a dataset: patterns in the manner of .gitignore, and the packer's form of them."""

import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datacontainer.runtime.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_FILE = ".datacontainerignore"

# The parts that pathspec makes its expressions of. Go's expressions mean the same by all of them but for two.
_PARTS = re.compile(
    r"\^|\(\?:\.\+/\)\?|\(\?:/\.\+\)\?|\(\?P<ps_d>/\)|\(\?:\(\?P<ps_d>/\)\|(?P<end>\$)\)|\.|/|\[\^/\][*+]"
    r"|\[(?P<set>\^?\]?[^\]]*)\]|\\[^0-9A-Za-z]|[^\\^$.|?*+()\[\]{}]",
    re.DOTALL,
)


class Excludes:
    """Patterns, the last of which decides about a path that it matches."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """
        Raises:
            UsageError: for a pattern that cannot be understood.
        """
        compiled = [_compile(pattern) for pattern in patterns]
        self._patterns = [pattern for pattern in compiled if pattern.include is not None]
        self._spec = _spec(self._patterns) if self._patterns else None

    def leave_out(self, path: bytes) -> bool:
        """Tells whether a path is left out; that of a folder ends with a slash."""
        return self._spec is not None and self._spec.match_file(path.decode("utf-8", "surrogateescape"))

    def for_packer(self) -> bytes | None:
        """The patterns as packer/scan/exclude.go reads them, or None where its language has no word for one."""
        rules = []
        for pattern in self._patterns:
            assert pattern.regex is not None
            expression = _in_go(pattern.regex.pattern)
            if expression is None:
                return None
            rules.append((b"+" if pattern.include else b"-") + expression + b"\0")
        return b"".join(rules)


def read_excludes(root: Path, configured: Iterable[str]) -> Excludes:
    """The configured patterns, followed by those of the dataset's own file."""
    own = root / IGNORE_FILE
    lines = own.read_bytes().decode("utf-8", "surrogateescape").split("\n") if own.is_file() else []
    return Excludes([*configured, *lines])


def _spec(patterns: "Sequence[GitIgnoreSpecPattern]") -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec

    # The same on every machine, whatever other programs for expressions are installed there.
    return GitIgnoreSpec(patterns, backend="simple")


def _compile(pattern: str) -> "GitIgnoreSpecPattern":
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        with warnings.catch_warnings():
            # Of brackets that a later Python may understand in another way.
            warnings.simplefilter("ignore", FutureWarning)
            return GitIgnoreSpecPattern(pattern)
    except (ValueError, re.error) as error:
        raise UsageError(
            f"{pattern!r} is not a pattern as in a .gitignore file: correct it in `exclude` or in {IGNORE_FILE}"
        ) from error


def _in_go(expression: str) -> bytes | None:
    """The expression in Go's language, in UTF-8."""
    parts = []
    position = 0
    while part := _PARTS.match(expression, position):
        position = part.end()
        if part["end"]:
            # Python's $ matches before a last line break, too.
            parts.append(part[0].replace("$", r"\n?\z"))
        else:
            # Go knows classes with names, as in [[:alpha:]].
            parts.append(part[0] if part["set"] is None else "[" + part["set"].replace("[", r"\[") + "]")
    if position < len(expression) or "\0" in expression:
        return None
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError:
        return None
