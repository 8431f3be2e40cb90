"""Configuration values as the user typed them, for messages: YAML reads 1.10 as the number 1.1, and 0123 as 83."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from datacontainer.runtime.errors import UsageError


@dataclass(frozen=True)
class Typed:
    """The texts that a configuration was read from.

    files: configuration files; the first file with an equal value is used. words: NAME=VALUE pairs of `--config`.
    """

    files: Sequence[str | Path] = ()
    words: Sequence[str] = ()

    def text(self, path: Sequence[Any], given: Any, *, of_key: bool = False) -> str | None:
        """The text that was read as `given`; None if no file has such a text.

        path: the keys that lead to the value. of_key: `given` is the last key of the path, not the value.
        """
        for file in self.files:
            for node in _scalars(_composed(file), path, of_key):
                if _read(node) == given:
                    return str(node.value)
        return None

    def word(self, path: Sequence[Any]) -> str | None:
        """The value that `--config` gives to a top-level key; None if `--config` does not set the key."""
        pairs = dict(word.partition("=")[::2] for word in self.words)
        return pairs.get(path[0]) if len(path) == 1 else None


def read_file(file: str | Path) -> dict[str, Any]:
    """The keys and values of a configuration file, which is YAML or JSON.

    Raises:
        UsageError: if the file has a syntax error, with its line and column, or if it is not a mapping of keys.
    """
    content = Path(file).read_bytes()
    try:
        try:
            value = json.loads(content)
        except ValueError:
            value = yaml.safe_load(content)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = "the line is not indented as the lines above" if "<block" in str(error.problem) else error.problem
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UsageError(f"{file}{place}: {problem}: check the indentation and the quotes") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{file}: {' '.join(str(error).split())}: save the file as UTF-8 text") from error
    except ValueError as error:
        raise UsageError(f"{file}: wrong date: {error}: write a text that looks like a date in quotes") from error
    if not isinstance(value, dict):
        raise UsageError(f"{file}: the file has no keys at the top level: write keys such as `datasets:`")
    return value


def _composed(file: str | Path) -> yaml.Node | None:
    """The file as YAML nodes, which keep the typed text; None if the file cannot be read as YAML."""
    try:
        return yaml.compose(Path(file).read_bytes(), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return None


def _scalars(node: yaml.Node | None, path: Sequence[Any], of_key: bool) -> Iterator[yaml.ScalarNode]:
    """The scalar at the end of a path of keys; of_key: the last key itself."""
    if not path and isinstance(node, yaml.ScalarNode):
        yield node
    if not path or not isinstance(node, yaml.CollectionNode):
        return
    pairs: Iterable[tuple[Any, Any]] = enumerate(node.value) if isinstance(node, yaml.SequenceNode) else node.value
    for key, value in pairs:
        if (key if isinstance(key, int) else _read(key)) == path[0]:
            yield from _scalars(key, (), of_key) if of_key and not path[1:] else _scalars(value, path[1:], of_key)


def _read(node: yaml.Node) -> Any:
    """The value that YAML reads from a scalar; None for anything else."""
    return yaml.SafeLoader("").construct_object(node) if isinstance(node, yaml.ScalarNode) else None
