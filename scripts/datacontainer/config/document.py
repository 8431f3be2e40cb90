"""Documents: a configuration file or a value of `--config`, parsed; each mistake is one line with the place."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from datacontainer.runtime.errors import UsageError

# libyaml is ten times as fast as Python; its messages are worse.
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A configuration has five levels.
MAX_LEVELS = 50
# A few lines of YAML can stand for billions of values, as an alias repeats all values of its anchor.
MAX_VALUES = 1_000_000


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
    value = _json(str(file), text) if text.lstrip().startswith("{") else None
    if value is None:
        value = parse(text, str(file))
    if not isinstance(value, dict):
        raise UsageError(f"{file}: the file has no keys at the top level: write keys such as `datasets:`")
    return value


def check_words(words: Iterable[str]) -> None:
    """Returns if no value of `--config`, given as NAME=VALUE, has a key twice, or endless values."""
    for name, _, text in (word.partition("=") for word in words):
        try:
            node = compose(text)
        except (yaml.YAMLError, RecursionError):
            # Snakemake reads the value as text.
            continue
        _Values(f"--config {name}").count(node, (name,))


def parse(text: str, where: str) -> Any:
    """The value of a YAML text. where: the text's name in messages.

    Raises:
        UsageError: for a mistake, with its line.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _Values(where).count(node, ())
        return None if node is None else loader.construct_document(node)
    except RecursionError as error:
        raise UsageError(f"{where}: {_NESTED}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{where}{_described(_better(error, text), text)}") from error


def compose(text: str) -> yaml.Node | None:
    """The YAML nodes of a text, which keep the words that the user typed.

    Raises:
        YAMLError: for a syntax error.
    """
    node: yaml.Node | None = yaml.compose(text, Loader=_BASE)
    return node


_NESTED = f"more than {MAX_LEVELS} levels of nested values: correct the brackets or the indentation"


class _Loader(_BASE):  # type: ignore[misc]
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

    def count(self, node: yaml.Node | None, path: Sequence[str]) -> int:
        """The number of values below a node, with those that aliases repeat. path: the keys that lead to the node."""
        if not isinstance(node, yaml.CollectionNode):
            return 1
        name, line = ".".join(path) or "the top level", node.start_mark.line + 1
        if len(path) > MAX_LEVELS:
            raise UsageError(f"{self.where}, line {line}: {_NESTED}")
        size = self.sizes.get(id(node))
        if size == 0:
            raise UsageError(f"{self.where}, line {line}: {name} contains itself: replace the alias by a value")
        if size is None:
            self.sizes[id(node)] = 0
            size = self.sizes[id(node)] = 1 + self._count_below(node, path)
        if size > MAX_VALUES:
            raise UsageError(
                f"{self.where}, line {line}: {name} has more than {MAX_VALUES} values, with those that aliases repeat: "
                "write fewer aliases"
            )
        return size

    def _count_below(self, node: yaml.CollectionNode, path: Sequence[str]) -> int:
        if isinstance(node, yaml.SequenceNode):
            return sum(self.count(one, (*path, str(index))) for index, one in enumerate(node.value))
        size, marks = 0, dict[str, yaml.Mark]()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in marks:
                    places = _places(marks[key.value], key.start_mark)
                    raise UsageError(f"{self.where}: {'.'.join((*path, key.value))} is written twice, {places}")
                marks[key.value] = key.start_mark
            size += self.count(value, (*path, str(key.value)))
        return size


def _places(one: yaml.Mark, other: yaml.Mark) -> str:
    if one.line != other.line:
        return f"in lines {one.line + 1} and {other.line + 1}: remove one of them"
    return f"in line {one.line + 1}, columns {one.column + 1} and {other.column + 1}: remove one of them"


def _json(file: str, text: str) -> Any:
    """The value of a JSON text; None for any other text. JSON may contain tabs, which YAML refuses."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"{file}: the key {twice!r} is written twice in the same object: remove one of them")
        return value

    try:
        return json.loads(text, object_pairs_hook=unique)
    except RecursionError as error:
        raise UsageError(f"{file}: {_NESTED}") from error
    except ValueError:
        return None


def _better(error: yaml.YAMLError, text: str) -> yaml.YAMLError:
    """The error of Python's parser for the same text, which describes the mistake better than libyaml's."""
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as better:
        return better
    except RecursionError:
        pass
    return error


def _described(error: yaml.YAMLError, text: str) -> str:
    """The place of a mistake, the mistake, and how to correct it."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f", line {line}: the character U+{error.character:04X} is not allowed: remove it"
    if not isinstance(error, yaml.MarkedYAMLError):
        return f": {' '.join(str(error).split())}"
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    if isinstance(error, yaml.constructor.ConstructorError):
        return f"{place}: {error.problem}: write texts in quotes, and no tags"
    problem = "the line is not indented as the lines above" if "<block" in str(error.problem) else error.problem
    return f"{place}: {problem}: check the indentation and the quotes"
