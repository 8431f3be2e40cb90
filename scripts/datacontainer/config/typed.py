"""Configuration values as the user typed them, for messages: YAML reads 1.10 as the number 1.1, and 0123 as 83."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


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


def _composed(file: str | Path) -> yaml.Node | None:
    """The file as YAML nodes, which keep the typed text; None if the file cannot be read as YAML."""
    try:
        return yaml.compose(Path(file).read_bytes(), Loader=yaml.SafeLoader)
    except (OSError, RecursionError, yaml.YAMLError):
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
