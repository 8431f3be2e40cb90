"""Load: finds the metadata functions of users by name, calls them, and checks what they return."""

import hashlib
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from datacontainer.functions.imports import local_modules
from datacontainer.functions.names import defined_names
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.sources import files_digest
from datacontainer.runtime.suggestions import did_you_mean


class FunctionError(UsageError):
    """A user's function failed on one file, or returned a wrong value for it.

    spec: the function, as in the configuration. subject: the quoted name of the file. problem: the error.
    """

    def __init__(self, spec: str, subject: str, problem: str) -> None:
        """See the class."""
        super().__init__(f"the metadata function {spec!r} failed on {subject}: {problem}")
        self.spec, self.subject, self.problem = spec, subject, problem


@dataclass(frozen=True)
class UserFunction:
    """A user's function. spec: its name in the configuration."""

    spec: str
    function: Callable[[Any], Any]

    def __call__(self, argument: Any, subject: str) -> dict[str, Any]:
        """The function's dict for `argument`. subject: the name of the argument for an error.

        Raises:
            FunctionError: if the function raises, or does not return a dict with text keys and plain values.
        """
        try:
            fields = self.function(argument)
        except (Exception, SystemExit) as error:
            raise FunctionError(self.spec, subject, f"{error!r}{_place(error, self.function)}") from error
        return {
            self._key(key, subject): self._value(key, value, subject) for key, value in self._items(fields, subject)
        }

    def _items(self, fields: Any, subject: str) -> Iterable[tuple[Any, Any]]:
        if not isinstance(fields, dict):
            raise FunctionError(self.spec, subject, f"it returned {fields!r}: it must return a dict")
        return fields.items()

    def _key(self, key: Any, subject: str) -> str:
        if not isinstance(key, str) or not key.isprintable() or not key:
            raise FunctionError(self.spec, subject, f"it returned the key {key!r}: use plain text")
        return key

    def _value(self, key: str, value: Any, subject: str) -> Any:
        # Converts scalars of numpy and pandas to Python's types.
        value = value.item() if hasattr(value, "item") and not isinstance(value, (str, bytes)) else value
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            types = "str, int, float, bool, None, or lists and dicts of them"
            raise FunctionError(self.spec, subject, f"it returned {value!r} as {key!r}: use {types}") from error
        return value


def check_file(spec: str) -> None:
    """Returns if the file or module in `spec` exists and defines the function; runs none of the user's code.

    Raises:
        UsageError: if the file, the module or the function is missing, or if the file has a syntax error.
    """
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


def load(spec: str) -> UserFunction:
    """The function of a `spec`: "path/to/file.py:function" or "package.module:function".

    Raises:
        UsageError: if the file, module or function does not exist.
    """
    source, _, name = spec.rpartition(":")
    try:
        module = _from_file(source) if source.endswith(".py") else _from_module(source)
    except Exception as error:
        raise UsageError(f"the metadata function {spec!r} cannot be loaded: {error!r}") from error
    function: Any = module
    for part in name.split("."):
        function = getattr(function, part, None)
    if not callable(function):
        raise UsageError(f"the metadata function {spec!r} does not exist: {source!r} has no function {name!r}")
    return UserFunction(spec, function)


def source_digest(spec: str) -> str:
    """A digest of the file of `spec` and of the files that it imports from its folder or the working directory.

    A change of one of them changes the digest. A file without such imports has its sha256, a missing file that of b"".
    """
    source, _, _ = spec.rpartition(":")
    named = source.endswith(".py")
    file = Path(source) if named else _module_file(source)
    if file is None or not file.is_file():
        return files_digest([], "")
    files = local_modules(file, [Path(), *([file.parent] if named else [])])
    return files_digest(files, file.parent) if len(files) > 1 else hashlib.sha256(file.read_bytes()).hexdigest()


def _place(error: BaseException, function: Callable[[Any], Any]) -> str:
    """The line of the user's file in which the error was raised."""
    code = getattr(function, "__code__", None)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if code and step.filename == code.co_filename]
    return f", in line {steps[-1].lineno} of {os.path.basename(steps[-1].filename)!r}" if steps else ""


def _module_file(source: str) -> Path | None:
    _search_working_directory()
    try:
        found = importlib.util.find_spec(source)
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found is not None and found.origin else None


def _from_file(source: str) -> ModuleType:
    path = Path(source).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"no file {source!r} in {os.getcwd()!r}")
    name = "datacontainer_user_" + hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    if name in sys.modules:
        return sys.modules[name]
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ImportError(f"{source!r} is not a Python file")
    # A user's file may import other files of its folder.
    sys.path.append(str(path.parent))
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


def _from_module(source: str) -> ModuleType:
    _search_working_directory()
    return importlib.import_module(source)


def _search_working_directory() -> None:
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
