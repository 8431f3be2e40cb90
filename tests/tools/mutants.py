"""Changes one operator, constant or statement of a core module at a time; prints the changes that no near test notices.

Run by `make mutants`. Everything happens in a copy of the repository.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SECONDS = 600
# The tests that are nearest to the modules of a folder, or to one module.
PYTHON = {
    "catalog/aggregate.py": ["unit/catalog/test_aggregate.py"],
    "catalog/fields.py": ["unit/catalog/test_fields.py", "unit/catalog/test_aggregate.py"],
    "hash/corruption.py": ["unit/hash/test_reuse.py"],
    "hash/earlier.py": ["unit/hash/test_reuse.py"],
    "hash/known.py": ["unit/hash/test_reuse.py", "unit/hash/test_moving.py"],
    "hash/rescan.py": ["unit/hash/test_reuse.py"],
    "image/archive.py": ["unit/image/test_assemble.py"],
    "image/assemble.py": ["unit/image/test_assemble.py"],
    "image/damage.py": ["unit/image/test_assemble.py"],
    "image/layout.py": ["unit/image/test_assemble.py", "unit/layers/test_compression.py"],
    "image/oci.py": ["unit/image/test_assemble.py", "unit/image/test_oci_schemas.py"],
    "image/tar.py": ["unit/image/test_assemble.py"],
    "layers/compression.py": ["unit/layers/test_compression.py"],
    "runtime/lock.py": ["unit/runtime/test_lock.py"],
    "runtime/outputs.py": ["unit/runtime/test_outputs.py"],
    "runtime/seals.py": ["unit/runtime/test_seals.py"],
    "scan/borders.py": ["unit/scan/test_shards.py"],
    "scan/sharding.py": ["unit/scan/test_shards.py"],
    "sif/convert.py": ["unit/sif/test_convert.py"],
    "sif/header.py": ["unit/sif/test_convert.py"],
    "verify/comparison.py": ["unit/verify/test_verify.py", "unit/verify/test_verifysif.py"],
    "verify/layout.py": ["unit/verify/test_verifylayout.py", "unit/verify/test_verify.py"],
    "verify/squashfs.py": ["unit/verify/test_squashfs.py", "unit/verify/test_squashfs_damaged.py"],
    "verify/squashfsblocks.py": ["unit/verify/test_squashfs.py", "unit/verify/test_squashfs_damaged.py"],
    "verify/tar.py": ["unit/verify/test_tarmembers.py", "unit/verify/test_verify.py"],
}
# Go packages, and the tests in Python that run after those in Go.
GO = {
    "packer/blob": ["unit/layers/test_compression.py"],
    "packer/dataset": ["unit/hash/test_moving.py", "unit/hash/test_interrupted_calls.py"],
    "packer/gzip": [],
    "packer/hash": ["unit/hash/test_hash.py"],
    "packer/layer": ["unit/hash/test_hash.py"],
    "packer/output": [],
    "packer/scan": ["unit/scan/test_scan.py", "unit/scan/test_links.py"],
    "packer/shardlist": [],
    "packer/squashfs": ["unit/sif/test_convert.py"],
    "templates/entrypoint/cli": ["unit/entrypoint/test_commands.py", "unit/entrypoint/test_entrypoint.py"],
    "templates/entrypoint/files": ["unit/entrypoint/test_entrypoint_process.py"],
    "templates/entrypoint/index": [],
    "templates/entrypoint/query": ["unit/entrypoint/test_entrypoint_queries.py"],
}
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
        """The place and the change."""
        return f"{self.path}:{self.line}: {content[self.start : self.end].decode()!r} -> {self.new!r}"


def mutants_of(path: str, content: bytes) -> list[Mutant]:
    """All mutants of a file."""
    return list(go_mutants(path, content.decode()) if path.endswith(".go") else python_mutants(path, content.decode()))


def python_mutants(path: str, text: str) -> Iterator[Mutant]:
    """The mutants of a Python module."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.expr | ast.stmt) and (new := changed(node, text)) is not None:
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
            yield Mutant(path, start, end, new, node.lineno)


def changed(node: ast.expr | ast.stmt, text: str) -> str | None:
    """The text of a changed expression or statement; None if there is no change for it."""
    source = [ast.get_source_segment(text, one) or "" for one in ast.iter_child_nodes(node)]
    match node:
        case ast.Compare(ops=[operator]):
            return f"{source[0]} {SWAPS[type(operator)]} {source[-1]}"
        case ast.BoolOp(op=operator, values=values):
            word = " or " if isinstance(operator, ast.And) else " and "
            return "(" + word.join(f"({ast.get_source_segment(text, one)})" for one in values) + ")"
        case ast.UnaryOp(op=ast.Not()):
            return f"({source[-1]})"
        case ast.Constant(value=bool(value)):
            return str(not value)
        case ast.Constant(value=int(value)):
            return str(value + 1)
        case ast.Expr(value=ast.Call()) | ast.Raise():
            return "pass"
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
    """The modules of the tables."""
    modules = [f"scripts/datacontainer/{name}" for name in PYTHON]
    sources = [path for package in GO for path in sorted((ROOT / package).glob("*.go"))]
    return modules + [str(one.relative_to(ROOT)) for one in sources if not one.name.endswith("_test.go")]


def commands(copy: Path, path: str) -> Iterator[tuple[Sequence[str | Path], Path]]:
    """The commands that run the nearest tests of a file, and their folders."""
    if path.endswith(".go"):
        package = str(Path(path).parent)
        module = next(one for one in ("packer", "templates/entrypoint") if package.startswith(one))
        yield [copy / ".venv/bin/go", "test", f"./{Path(package).relative_to(module)}"], copy / module
        tests = GO[package]
    else:
        tests = PYTHON[path.removeprefix("scripts/datacontainer/")]
    pytest = [copy / ".venv/bin/python", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    if tests:
        yield [*pytest, f"--basetemp={copy}-tests", *(f"tests/{one}" for one in tests)], copy


def survives(copy: Path, path: str) -> bool | None:
    """Whether all near tests succeed in the copy; None if the change does not compile."""
    go = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    environment = {**os.environ, **go, "PYTHONPATH": f"{copy}/scripts:{copy}/tests"}
    for command, folder in commands(copy, path):
        # A mutant that never ends is noticed.
        words = ["timeout", "--kill-after=5", str(SECONDS), *command]
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, timeout=2 * SECONDS, check=False)
        if b"[build failed]" in done.stdout or b"[setup failed]" in done.stdout:
            return None
        if done.returncode != 0:
            return False
    return True


def main() -> int:
    """Tries a number of mutants and prints the survivors and the score; returns 1 if a test fails without a mutant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the start of the paths to change")
    options = parser.parse_args()
    found = [one for path in files() if path.startswith(options.only) for one in mutants_of(path, read(path))]
    random.Random(options.seed).shuffle(found)
    killed = survived = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder, "copy")
        ignored = shutil.ignore_patterns(".git", ".venv", "results", ".snakemake", "__pycache__")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
        (copy / ".venv").symlink_to((ROOT / ".venv").resolve())
        intact = dict.fromkeys(one.path for one in found[: options.count])
        if broken := [path for path in intact if not survives(copy, path)]:
            print("tests fail without a mutant, or need more time:", *broken)
            return 1
        for mutant in found:
            if killed + survived == options.count:
                break
            content = read(mutant.path)
            (copy / mutant.path).write_bytes(mutant.apply(content))
            result = survives(copy, mutant.path)
            (copy / mutant.path).write_bytes(content)
            killed += result is False
            survived += result is True
            if result:
                print(f"survived: {mutant.shown(content)}", flush=True)
    print(f"{killed} of {killed + survived} mutants noticed")
    return 0


def read(path: str) -> bytes:
    """The content of a file of the repository."""
    return (ROOT / path).read_bytes()


if __name__ == "__main__":
    sys.exit(main())
