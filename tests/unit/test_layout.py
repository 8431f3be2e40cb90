"""The tests' own layout: helpers lie in tests/tools, and tests in tiers by what they need."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
FILES = sorted(TESTS.rglob("test_*.py"))
# Fixtures that start an engine or a server, or that Snakemake builds.
ENGINES = {"apptainer", "browser", "docker", "images", "on_slurm", "podman", "registry", "skopeo", "umoci", "verifier"}


def imported(node: ast.AST) -> set[str]:
    """The first word of each module that a statement imports."""
    if isinstance(node, ast.Import):
        return {one.name.partition(".")[0] for one in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def needs_more(node: ast.AST) -> bool:
    """Whether it asks for an engine or runs Snakemake."""
    return getattr(node, "arg", None) in ENGINES or getattr(node, "attr", None) == "snakemake"


def test_test_files_have_names_of_their_own():
    assert len({file.name for file in FILES}) == len(FILES)


def test_no_file_imports_a_test_file():
    """Code that two test files need is in tests/tools, so that each file can be run, moved and deleted alone."""
    tests = {file.stem for file in FILES}
    for file in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not imported(node) & tests, file


def test_unit_tests_need_neither_an_engine_nor_snakemake():
    units = [file for file in FILES if "unit" in file.parts]
    assert [file.name for file in units if any(map(needs_more, ast.walk(ast.parse(file.read_text()))))] == []


def test_documents_name_tests_that_exist():
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for named in re.findall(r"tests/[\w/*]*\.py", document.read_text()):
            assert list(ROOT.glob(named)), (document.name, named)
        for named, words in re.findall(r"(tests/[\w/]*\.py) -k (\w+)", document.read_text()):
            assert words in (ROOT / named).read_text(), (document.name, words)
