"""Changes one operator, constant or statement of the product at a time; prints the changes that no near test notices.

Run by `make mutants`. Everything happens in a copy of the repository. A process that has imported the libraries of the
tests is forked for each mutant in Python.
"""

import argparse
import ast
import importlib
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SECONDS = 300
GO_MODULES = ("packer", "templates/entrypoint")
# The tests in Python of Go packages, by the start of the package; those in Go run before.
GO_TESTS = {
    "packer/scan": ["unit/scan"],
    "packer/shardlist": ["unit/scan", "unit/hash/test_hash.py"],
    "packer/signature": [],
    "packer/squashfs": ["unit/sif", "unit/verify/test_squashfs.py"],
    "packer": ["unit/hash/test_hash.py", "unit/layers/test_compression.py", "unit/hash"],
    "templates/entrypoint/run": [],
    "templates/entrypoint/serve": [],
    "templates/entrypoint": [
        f"unit/entrypoint{name}" for name in ("/test_entrypoint.py", "/test_entrypoint_queries.py", "")
    ],
}
# Most tests import these; none belongs to the product.
LIBRARIES = ("pytest", "hypothesis", "numpy", "pyarrow.parquet", "pyarrow.compute", "duckdb", "yaml", "jsonschema")
NO_TESTS, NO_IMPORT = 5, 99
# The tests of `make unit`.
QUICK = {"QUICK": "1", "PYTEST_ADDOPTS": "-m 'not slow'", "MUTANTS": "1"}
GO = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
SWAPS = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
# Go text outside of strings and comments, and what replaces it.
TOKENS = {
    r" == ": " != ",
    r" != ": " == ",
    r" < ": " <= ",
    r" <= ": " < ",
    r" > ": " >= ",
    r" >= ": " > ",
    r" && ": " || ",
    r" \|\| ": " && ",
    r" \+ 1\b": " + 2",
    r" - 1\b": " - 2",
    r"\btrue\b": "false",
    r"\bfalse\b": "true",
    r"\breturn err$": "return nil",
    r"\bcontinue$": "break",
    r"if !": "if ",
}
GO_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\'(?:[^\'\\]|\\.)*\'|//.*')


@dataclass(frozen=True)
class Mutant:
    """A change of a file: the bytes [start, end) are replaced."""

    path: str
    start: int
    end: int
    new: str
    line: int

    def apply(self, content: bytes) -> bytes:
        """The changed content."""
        return content[: self.start] + self.new.encode() + content[self.end :]

    def shown(self, content: bytes) -> str:
        """The place, in lines and in bytes, and the change."""
        return f"{self.path}:{self.line}:{self.start}: {content[self.start : self.end].decode()!r} -> {self.new!r}"


def mutants_of(path: str, content: bytes) -> list[Mutant]:
    """All mutants of a file."""
    return list(go_mutants(path, content.decode()) if path.endswith(".go") else python_mutants(path, content.decode()))


def python_mutants(path: str, text: str) -> Iterator[Mutant]:
    """The mutants of a Python module."""
    content, starts = text.encode(), [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node: ast.AST) -> tuple[int, int]:
        place: Any = node
        return starts[place.lineno - 1] + place.col_offset, starts[place.end_lineno - 1] + place.end_col_offset

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.expr | ast.stmt):
            new = changed(node, lambda one: content[slice(*span(one))].decode())
            if new is not None:
                yield Mutant(path, *span(node), new, node.lineno)


def changed(node: ast.expr | ast.stmt, source: Callable[[ast.expr], str]) -> str | None:
    """The text of a changed expression or statement; None if there is no change for it. source: text of a part."""
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"{source(left)} {SWAPS[type(operator)]} {source(right)}"
        case ast.BoolOp(op=operator, values=values):
            word = " or " if isinstance(operator, ast.And) else " and "
            return "(" + word.join(f"({source(one)})" for one in values) + ")"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"({source(operand)})"
        case ast.Constant(value=bool(value)):
            return str(not value)
        case ast.Constant(value=int(value)):
            return str(value + 1)
        case ast.Expr(value=ast.Call()) | ast.Raise():
            return "pass"
        case ast.Return(value=ast.Constant(value=None)):
            return None
        case ast.Return(value=ast.expr()):
            return "return None"
    return None


def go_mutants(path: str, text: str) -> Iterator[Mutant]:
    """The mutants of a Go file."""
    hidden = GO_TEXT.sub(lambda one: "\0" * len(one[0]), text)
    for pattern, new in TOKENS.items():
        for found in re.finditer(pattern, hidden, re.MULTILINE):
            start, end = len(text[: found.start()].encode()), len(text[: found.end()].encode())
            yield Mutant(path, start, end, new, text.count("\n", 0, found.start()) + 1)


def files() -> list[str]:
    """The files of the product."""
    found = [one for folder in ("scripts/datacontainer", *GO_MODULES) for one in (ROOT / folder).rglob("*.[pg][yo]")]
    names = sorted(str(one.relative_to(ROOT)) for one in found)
    return [one for one in names if not one.endswith("_test.go") and "indextest" not in one]


def drawn(seed: int, count: int, only: str) -> list[Mutant]:
    """Random mutants, the first of one endless order; a file is drawn by the number of its lines."""
    mutants = {path: mutants_of(path, read(path)) for path in files() if path.startswith(only)}
    mutants = {path: found for path, found in mutants.items() if found}
    lines = [read(path).count(b"\n") for path in mutants]
    chance, chosen = random.Random(seed), dict[Mutant, None]()
    while len(chosen) < min(count, sum(map(len, mutants.values()))):
        chosen[chance.choice(mutants[chance.choices(list(mutants), lines)[0]])] = None
    return list(chosen)


def near(path: str) -> list[str]:
    """The tests in Python that are nearest to a file, nearest first: those that import it, then those of its folder."""
    if path.endswith(".go"):
        return next(tests for start, tests in GO_TESTS.items() if path.startswith(start))
    module = path.removeprefix("scripts/").removesuffix(".py").replace("/", ".")
    own, tests = f"unit/{Path(path).parent.name}", ROOT / "tests"
    texts = {str(one.relative_to(tests)): one.read_text() for one in (tests / "unit").rglob("test_*.py")}
    importing = [name for name, text in texts.items() if re.search(rf"\b{module}\b", text)]
    importing.sort(key=lambda name: (not name.startswith(own), len(texts[name]), name))
    return importing + [own] * (tests / own).is_dir()


def outcome(copy: Path, path: str, tests: list[str]) -> str:
    """`survived` if all near tests of a file succeed in the copy, else `killed` and the test, `slow` or `invalid`."""
    if path.endswith(".go"):
        folder = next(one for one in GO_MODULES if path.startswith(one))
        for packages in (f"./{Path(path).parent.relative_to(folder)}", "./..."):
            words = [copy / ".venv/bin/go", "test", "-failfast", "-vet=off", f"-timeout={SECONDS}s", packages]
            done = subprocess.run(words, cwd=copy / folder, env=os.environ | GO, capture_output=True, check=False)
            if b"[build failed]" in done.stdout or b"[setup failed]" in done.stdout:
                return "invalid"
            if done.returncode:
                return killed(done.stdout)
    if not tests:
        return "survived"
    status = forked(copy, path, tests)
    others = {0: "survived", NO_TESTS: "survived", None: "slow", NO_IMPORT: "invalid"}
    return others[status] if status in others else killed(Path(f"{copy}.log").read_bytes())


def killed(log: bytes) -> str:
    """The outcome of a run with a failed test."""
    test = re.search(rb"(?:^FAILED|^ERROR|--- FAIL:) (\S+)", log, re.MULTILINE)
    return f"killed {test[1].decode() if test else ''}".strip()


def forked(copy: Path, path: str, tests: list[str]) -> int | None:
    """The exit status of pytest in a fork of this process; None if it does not end."""
    child = multiprocessing.get_context("fork").Process(target=run_pytest, args=(copy, path, tests))
    child.start()
    child.join(SECONDS)
    status = child.exitcode
    with suppress(ProcessLookupError):
        os.killpg(child.pid or 0, signal.SIGKILL)
    child.join()
    return status


def run_pytest(copy: Path, path: str, tests: list[str]) -> None:
    """Imports a changed module and runs tests, as a process group of its own; exits."""
    os.setpgid(0, 0)
    os.chdir(copy)
    os.environ.update(GO | QUICK | {"PYTHONPATH": f"{copy}/scripts:{copy}/tests", "PYTHONDONTWRITEBYTECODE": "1"})
    sys.dont_write_bytecode = True
    sys.path[:1] = [f"{copy}/scripts", f"{copy}/tests"]
    with Path(f"{copy}.log").open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    if path.endswith(".py"):
        try:
            importlib.import_module(path.removeprefix("scripts/").removesuffix(".py").replace("/", "."))
        except Exception:  # noqa: BLE001
            sys.exit(NO_IMPORT)
    import pytest

    options = ["-q", "-x", "-p", "no:cacheprovider", f"--basetemp={copy}-tests"]
    # The libraries are imported before pytest prepares them.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    sys.exit(pytest.main([*options, *(f"tests/{one}" for one in tests)]))


@cache
def own_copy(folder: str) -> Path:
    """This process's copy of the repository below a folder, and the libraries of the tests."""
    copy = Path(tempfile.mkdtemp(dir=folder), "copy")
    ignored = shutil.ignore_patterns(".git", ".venv", "results", ".snakemake")
    shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
    (copy / ".venv").symlink_to((ROOT / ".venv").resolve())
    for library in LIBRARIES:
        importlib.import_module(library)
    return copy


def tried(folder: str, mutant: Mutant, tests: list[str]) -> str:
    """The outcome of a mutant; `flaky` and the test, if it fails without the mutant too."""
    copy = own_copy(folder)
    changed, content = copy / mutant.path, read(mutant.path)
    changed.write_bytes(mutant.apply(content))
    result = outcome(copy, mutant.path, tests)
    # With its time, so that the compiled modules in the copy stay valid.
    shutil.copy2(ROOT / mutant.path, changed)
    test = result.removeprefix("killed tests/").partition("[")[0]
    return f"flaky {test}" if test.startswith("unit") and forked(copy, mutant.path, [test]) else result


def main() -> int:
    """Tries a number of mutants, prints the survivors and the score, and keeps all outcomes in a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the start of the paths to change")
    parser.add_argument("--jobs", type=int, default=1, help="the number of processes")
    parser.add_argument("--results", type=Path, default=ROOT / ".mutants.tsv", help="outcomes; those it has are kept")
    options = parser.parse_args()
    mutants = {one.shown(read(one.path)): one for one in drawn(options.seed, options.count, options.only)}
    options.results.touch()
    known = dict(reversed(line.split("\t", 1)) for line in options.results.read_text().splitlines())
    fork = multiprocessing.get_context("fork")
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        options.results.open("a") as results,
        ProcessPoolExecutor(options.jobs, fork) as pool,
    ):
        new = {name: mutant for name, mutant in mutants.items() if name not in known}
        waiting = {pool.submit(tried, folder, one, near(one.path)): name for name, one in new.items()}
        for done in as_completed(waiting):
            known[waiting[done]] = done.result()
            print(done.result(), waiting[done], sep="\t", file=results, flush=True)
    for name in mutants:
        if not known[name].startswith(("killed", "invalid")):
            print(f"{known[name]}: {name}")
    score = Counter(known[name].split()[0] for name in mutants)
    print(", ".join(f"{count} {word}" for word, count in score.most_common()))
    return 0


def read(path: str) -> bytes:
    """The content of a file of the repository."""
    return (ROOT / path).read_bytes()


if __name__ == "__main__":
    sys.exit(main())
