"""What a result depends on besides its inputs: the digests of the code that makes it."""

import ast
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

PACKAGE = "datacontainer"


def files_digest(files: Iterable[str | Path]) -> str:
    """A digest of the files' names and contents; a missing one counts as empty.

    A last newline does not count: Snakemake fetches the files of a remote workflow without it.
    """
    digest = hashlib.sha256()
    for file in map(Path, files):
        content = file.read_bytes().rstrip(b"\n") if file.is_file() else b""
        digest.update(b"%b\0%d\0%b" % (file.name.encode("utf-8", "surrogateescape"), len(content), content))
    return digest.hexdigest()


def code_digest(module: str, library: Sequence[Path]) -> str:
    """A digest of a module of this package and of all that it imports from it, directly or not.

    library: the files of the package.
    """
    root = next(file.parent for file in library if file.parts[-2:] == (PACKAGE, "__init__.py"))
    files = {".".join(file.relative_to(root).with_suffix("").parts): file for file in library}
    needed, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name in files and name not in needed:
            needed.add(name)
            waiting += _imports(files[name])
    return files_digest(files[name] for name in sorted(needed))


@cache
def _imports(file: Path) -> list[str]:
    """The modules of this package that a file imports."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE + "."):
            name = node.module.removeprefix(PACKAGE + ".")
            names += [name, *(f"{name}.{alias.name}" for alias in node.names)]
    return names
