"""Typed: the text that a user typed for a value of the configuration, before YAML parsed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from datacontainer.runtime.errors import UsageError

KINDS = {bool: "the truth value", int: "the number", float: "the number"}


def check_yaml(file: str | Path) -> None:
    """Returns if a file is YAML.

    Raises:
        UsageError: with the line and the column of the first error.
    """
    try:
        yaml.compose(Path(file).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: the file is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UsageError(f"{file}{where}: {error.problem}: check the indentation and the quotes") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{file}: {' '.join(str(error).split())}") from error


@dataclass(frozen=True)
class Typed:
    """Finds the typed text of a value.

    files: the configuration files, the one that overrides the others last. words: of the command line, such as
    "dataset=2023_01", which override all files.
    """

    files: Sequence[str | Path] = ()
    words: Sequence[str] = ()

    def explain(self, place: Sequence[str | int], value: Any) -> str:
        """The reason and the remedy for a value that must be text. place: the keys that lead to it."""
        text = self._text(place)
        key = str(place[-1]) if place else ""
        if value is None and not text:
            example = "dataset=FOLDER" if place == ["dataset"] else f'{key}: "TEXT"'
            return f"the value is missing: write {example}"
        if place == ["dataset"] and text:
            return f"YAML reads {text} as {_kind(value)}, not as a folder: write dataset=./{text}"
        shown = text or str(value)
        return f'YAML reads {shown} as {_kind(value)}: write it in quotes, as you typed it: {key}: "{shown}"'

    def _text(self, place: Sequence[str | int]) -> str | None:
        """The text as typed; None if it is not found."""
        for word in self.words if len(place) == 1 else ():
            name, equals, text = word.partition("=")
            if equals and name == place[0]:
                return text
        for file in reversed(self.files):
            found: Any = _as_text(Path(file))
            for key in place:
                found = _member(found, key)
            if isinstance(found, str):
                return found
        return None


def _as_text(file: Path) -> Any:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def _member(found: Any, key: str | int) -> Any:
    if isinstance(found, Mapping):
        return found.get(str(key))
    return found[key] if isinstance(found, list) and isinstance(key, int) and key < len(found) else None


def _kind(value: Any) -> str:
    """The value as YAML parsed it: "the number 1.1"."""
    if value is None:
        return "no value"
    shown = str(value).lower() if isinstance(value, bool) else value
    return f"{KINDS.get(type(value), 'the date')} {shown}"
