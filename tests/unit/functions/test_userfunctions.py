"""Metadata functions: every form of their names, and the errors for missing functions."""

import sys
from pathlib import Path

import pytest

from datacontainer.functions.load import check_file, load, source_digest
from datacontainer.runtime.errors import UsageError


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    for name in [n for n in sys.modules if n.split(".")[0] in {"mypackage", "neighbour_of_mine"}]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "neighbour_of_mine.py").write_text("FACTOR = 3\n")
    (tmp_path / "functions.py").write_text(
        "from neighbour_of_mine import FACTOR\n"
        "def triple(path): return {'n': FACTOR}\n"
        "class Group:\n    @staticmethod\n    def one(path): return {'n': 1}\n"
        "def fails(path): return {}['gone']\n"
    )
    package = tmp_path / "mypackage"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "inner.py").write_text("def two(path): return {'n': 2}\n")


@pytest.mark.parametrize(
    ("spec", "result"),
    [("functions.py:triple", 3), ("./functions.py:Group.one", 1), ("mypackage.inner:two", 2)],
)
def test_load_file_module_and_dotted_names_are_found(spec, result):
    assert load(spec)("path") == {"n": result}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("none.py:f", "'none.py:f' cannot be loaded: FileNotFoundError(\"no file 'none.py' in "),
        ("functions.py:absent", "'functions.py:absent' does not exist: 'functions.py' has no function 'absent'"),
        ("no.such.package:f", "'no.such.package:f' cannot be loaded: ModuleNotFoundError"),
        ("functions.py:Group.none", "has no function 'Group.none'"),
    ],
)
def test_load_missing_file_module_or_function_is_named(spec, expected):
    with pytest.raises(UsageError) as caught:
        load(spec)
    assert expected in str(caught.value)


def test_source_digest_changes_with_the_source_file():
    for spec, file in [("functions.py:triple", "functions.py"), ("mypackage.inner:two", "mypackage/inner.py")]:
        before = source_digest(spec)
        assert before == source_digest(spec)
        with Path(file).open("a") as source:
            source.write("# more\n")
        assert source_digest(spec) != before


def test_source_digest_changes_with_an_imported_file():
    before = source_digest("functions.py:triple")
    Path("neighbour_of_mine.py").write_text("FACTOR = 4\n")
    assert source_digest("functions.py:triple") != before


def test_source_digest_missing_file_is_no_error():
    assert source_digest("none.py:f") == source_digest("no.such.package:f")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("none.py:f", "there is no file 'none.py'"),
        ("no.such.package:f", "there is no module 'no.such.package'"),
        ("functions.py:fials", "'functions.py' does not define 'fials': did you mean 'fails'"),
        ("mypackage.inner:tow", "inner.py' does not define 'tow': did you mean 'two'"),
        ("broken.py:f", "'broken.py:f' cannot be loaded: .*line 1"),
    ],
)
def test_check_file_missing_function_is_named_without_running_the_file(spec, expected):
    Path("broken.py").write_text("def f(:\n")
    with pytest.raises(UsageError, match=expected):
        check_file(spec)
    check_file("functions.py:fails")
    check_file("mypackage.inner:two")


def test_check_file_and_source_digest_run_no_package():
    Path("mypackage/__init__.py").write_text("raise SystemExit('was run')\n")
    check_file("mypackage.inner:two")
    assert source_digest("mypackage.inner:two") != source_digest("no.such.package:f")
