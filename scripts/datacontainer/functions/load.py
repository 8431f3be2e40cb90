"""Load: finds the metadata functions of users and of domains by name."""

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from datacontainer.domains.registry import check_installed, find, is_domain, load_domain
from datacontainer.functions.imports import local_modules
from datacontainer.functions.names import defined_names
from datacontainer.functions.values import shown
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.sources import files_digest
from datacontainer.runtime.suggestions import did_you_mean


def check_file(spec: str) -> None:
    """Returns if the file or module in `spec` exists and defines the function; runs none of the user's code.

    Raises:
        MissingToolError: if a package of a domain is missing.
        UsageError: if the file, the module or the function is missing, or if the file has a syntax error.
    """
    if is_domain(spec):
        check_installed(find(spec))
        return
    source, _, function = spec.rpartition(":")
    file = Path(source) if source.endswith(".py") else _module_file(source)
    if file is None or (source.endswith(".py") and not file.is_file()):
        kind = "file" if source.endswith(".py") else "module"
        raise UsageError(f"the metadata function {spec!r} does not exist: there is no {kind} {source!r}")
    try:
        names = defined_names(file.read_bytes()) if file.suffix == ".py" else None
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"the metadata function {spec!r} cannot be loaded: {error}") from error
    name = function.partition(".")[0]
    if names is not None and name not in names:
        hint = did_you_mean(name, sorted(names))
        raise UsageError(f"the metadata function {spec!r} does not exist: {str(file)!r} does not define {name!r}{hint}")


def load(spec: str, *, dataset: bool = False) -> Callable[..., Any]:
    """The function of a `spec`: "path/to/file.py:function", "package.module:function" or the name of a domain.

    dataset: the function of a domain for the whole dataset.

    Raises:
        MissingToolError: if a package of a domain is missing.
        UsageError: if the file, module or function does not exist.
    """
    if is_domain(spec):
        check_file(spec)
        return load_domain(find(spec), dataset=dataset)
    source, _, name = spec.rpartition(":")
    try:
        module = _from_file(source) if source.endswith(".py") else _from_module(source)
    except BaseException as error:
        raise UsageError(f"the metadata function {spec!r} cannot be loaded: {shown(error)}") from error
    function: Any = module
    for part in name.split("."):
        function = getattr(function, part, None)
    if not callable(function):
        raise UsageError(f"the metadata function {spec!r} does not exist: {source!r} has no function {name!r}")
    return cast("Callable[..., Any]", function)


def source_digest(spec: str) -> str:
    """A digest of the file of `spec` and of the files that it imports from its folder or the working directory.

    A change of one of them changes the digest. A domain has its version instead. A file without such imports has its
    sha256, a missing file that of b"".
    """
    if is_domain(spec):
        return f"version {find(spec).version}"
    source, _, _ = spec.rpartition(":")
    named = source.endswith(".py")
    file = Path(source) if named else _module_file(source)
    if file is None or not file.is_file():
        return files_digest([], "")
    files = local_modules(file, [Path(), *([file.parent] if named else [])])
    return files_digest(files, file.parent) if len(files) > 1 else hashlib.sha256(file.read_bytes()).hexdigest()


def _module_file(source: str) -> Path | None:
    """The file of a module. Its packages are not imported, as that would run them."""
    _search_working_directory()
    top, *inner = source.split(".")
    try:
        found = importlib.util.find_spec(top)
        name = top
        for part in inner:
            name += "." + part
            found = PathFinder.find_spec(name, found.submodule_search_locations or []) if found else None
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found is not None and found.origin else None


class UserFiles:
    """Finds the modules of users' files, whose names contain the path, as a pool's processes know only the name."""

    BEGINNING = "datacontainer_user_"

    @classmethod
    def find_spec(cls, name: str, *_: object) -> ModuleSpec | None:
        """The specification of the module of a user's file, for Python's import."""
        if not name.startswith(cls.BEGINNING):
            return None
        path = bytes.fromhex(name.removeprefix(cls.BEGINNING))
        return importlib.util.spec_from_file_location(name, os.fsdecode(path))

    @classmethod
    def load(cls, path: Path) -> ModuleType:
        """The module of a file, which may import other files of its folder."""
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        if cls not in sys.meta_path:
            sys.meta_path.append(cls)
        return importlib.import_module(cls.BEGINNING + os.fsencode(path).hex())


def _from_file(source: str) -> ModuleType:
    path = Path(source).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"no file {source!r} in {os.getcwd()!r}")
    return UserFiles.load(path)


def _from_module(source: str) -> ModuleType:
    _search_working_directory()
    return importlib.import_module(source)


def _search_working_directory() -> None:
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
