"""The names that a Python file defines, found by reading the file and without running it."""

import ast
from collections.abc import Iterator

# Code that may define names which reading cannot find.
DYNAMIC = {"exec", "globals", "locals", "setattr", "vars"}


def defined_names(content: bytes) -> set[str] | None:
    """The names that a module's source defines at its top level; None if they are known only when the module runs.

    They are unknown if the source imports *, defines __getattr__, or calls a function of DYNAMIC.

    Raises:
        SyntaxError, ValueError: if the source is not Python.
    """
    tree = ast.parse(content)
    names = set(_bound(tree))
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return None if names & {"*", "__getattr__"} or called & DYNAMIC else names


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that the statements in a node bind, without those inside of functions and classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
            yield from (name for inner in ast.walk(child) if isinstance(inner, ast.Global) for name in inner.names)
            continue
        if isinstance(child, ast.alias):
            yield child.asname or child.name.partition(".")[0]
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name:
            yield child.name
        yield from _bound(child)
