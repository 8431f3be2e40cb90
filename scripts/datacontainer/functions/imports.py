"""The local files that a Python file imports, and the names that it defines, without running it."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

# (dots before the name, the name's parts)
Import = tuple[int, tuple[str, ...]]


def local_modules(file: Path, folders: Iterable[Path]) -> list[Path]:
    """The file and all files that it imports from `folders`, directly or indirectly, sorted; no installed packages.

    A file that is not Python has no imports here; `load` reports the error.
    """
    folders = [folder.resolve() for folder in folders]
    found, waiting = set(), [file.resolve()]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += _imported(current, folders)
    return sorted(found)


def _imported(file: Path, folders: Iterable[Path]) -> Iterator[Path]:
    for dots, parts in _imports(file.read_bytes()):
        # One dot is the folder of the file, each further dot the parent folder.
        bases = [file.parents[min(dots, len(file.parents)) - 1]] if dots else folders
        for base in bases:
            yield from _files(base, parts)


def _files(base: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """The files in `base` that Python reads to import the dotted name `parts`."""
    place = base
    for part in parts:
        candidates = (place / f"{part}.py", place / part / "__init__.py")
        yield from (candidate for candidate in candidates if candidate.is_file())
        place /= part


@cache
def _imports(content: bytes) -> list[Import]:
    """The names that a file imports, given its content; a.b for `from a import b`, because b may be a module."""
    names: list[Import] = []
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return names
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(0, tuple(alias.name.split("."))) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split(".")) if node.module else ()
            names += [(node.level, (*module, alias.name)) for alias in node.names]
    return names
