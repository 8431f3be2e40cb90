"""Documents: reads a configuration file or a value of `--config`; an error is one line, with the place."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datacontainer.runtime.errors import UsageError

# A configuration has five levels.
MAX_LEVELS = 50
# An alias repeats all values of its anchor, so that ten lines can stand for billions of values.
MAX_VALUES = 1_000_000
NESTED = f"more than {MAX_LEVELS} levels of nested values: correct the brackets or the indentation"


def read_file(file: str | Path) -> dict[str, Any]:
    """The keys and values of a configuration file, which is YAML or JSON.

    Raises:
        UsageError: if the file has a syntax error or a key twice, with the lines, or if it is not a mapping of keys.
    """
    content = Path(file).read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file}, line {line}: the file is not UTF-8 text: save it as UTF-8") from error
    value = read_text(text, str(file))
    if not isinstance(value, dict):
        raise UsageError(f"{file}: the file has no keys at the top level: write keys such as `datasets:`")
    return value


def read_text(text: str, where: str) -> Any:
    """The value of a text in YAML or JSON. where: the name of the text in messages.

    Raises:
        UsageError: for a mistake, with its line.
    """
    try:
        return _read(text, where)
    except RecursionError as error:
        raise UsageError(f"{where}: {NESTED}") from error
    except yaml.MarkedYAMLError as error:
        raise UsageError(f"{where}{_described(error)}") from error
    except yaml.reader.ReaderError as error:
        place = f"{where}, line {text.count(chr(10), 0, error.position) + 1}"
        raise UsageError(f"{place}: the character U+{error.character:04X} is not allowed: remove it") from error


def check_words(words: Iterable[str]) -> None:
    """Returns if no value of `--config`, given as NAME=VALUE, has a key twice or contains itself."""
    for name, _, text in (word.partition("=") for word in words):
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError):
            # Snakemake reads the value as text.
            continue
        _Values(f"--config {name}").count(node, (name,))


class _Loader(yaml.SafeLoader):
    """Constructs values, as SafeLoader; every error has a line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            kind, reason = node.tag.rpartition(":")[2], str(error).split(":")[0]
            problem = f"{str(node.value)[:40]!r} is not a valid {kind} ({reason})"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


@dataclass
class _Values:
    """The values of a document. where: its name in messages. sizes: the values below each node; 0 during the count."""

    where: str
    sizes: dict[int, int] = field(default_factory=dict)

    def count(self, node: yaml.Node | None, path: tuple[str, ...]) -> int:
        """The number of values below a node, with those that aliases repeat. path: the keys that lead to the node."""
        if not isinstance(node, yaml.CollectionNode):
            return 1
        place, name = f"{self.where}, line {node.start_mark.line + 1}: ", ".".join(path) or "the top level"
        if len(path) > MAX_LEVELS:
            raise UsageError(f"{place}{NESTED}")
        size = self.sizes.get(id(node))
        if size == 0:
            raise UsageError(f"{place}{name} contains itself: replace the alias by a value")
        if size is None:
            self.sizes[id(node)] = 0
            size = self.sizes[id(node)] = 1 + sum(self.count(one, (*path, key)) for key, one in self._below(node, path))
        if size > MAX_VALUES:
            raise UsageError(f"{place}{name} has more than {MAX_VALUES} values: write fewer aliases")
        return size

    def _below(self, node: yaml.CollectionNode, path: tuple[str, ...]) -> list[tuple[str, yaml.Node]]:
        if isinstance(node, yaml.SequenceNode):
            return [(str(index), one) for index, one in enumerate(node.value)]
        keys = {str(key.value): key.start_mark for key, _ in reversed(node.value)}
        for key, _ in node.value:
            one, other = keys[str(key.value)], key.start_mark
            if one is not other:
                name = ".".join((*path, str(key.value)))
                lines = (
                    f"line {one.line + 1}" if one.line == other.line else f"lines {one.line + 1} and {other.line + 1}"
                )
                raise UsageError(f"{self.where}: {name} is written twice, in {lines}: remove one of them")
        return [(str(key.value), one) for key, one in node.value]


def _read(text: str, where: str) -> Any:
    try:
        # JSON may contain tabs, which YAML refuses.
        value, text = json.loads(text), text.replace("\t", " ")
    except ValueError:
        value = None
    loader = _Loader(text)
    node = loader.get_single_node()
    _Values(where).count(node, ())
    return value if value is not None or node is None else loader.construct_document(node)


def _described(error: yaml.MarkedYAMLError) -> str:
    """The place of a mistake, the mistake, and how to correct it."""
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    if isinstance(error, yaml.constructor.ConstructorError):
        return f"{place}: {error.problem}: write texts in quotes, and no tags"
    problem = "the line is not indented as the lines above" if "<block" in str(error.problem) else error.problem
    return f"{place}: {problem}: check the indentation and the quotes"
