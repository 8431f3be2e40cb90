"""The digests by which a change of code makes a stage run again."""

from pathlib import Path

import pytest

from datacontainer.provenance import code_digest, files_digest


@pytest.fixture
def library(tmp_path) -> list[Path]:
    sources = {
        "one": "from datacontainer import two\n",
        "two": "def f():\n    from datacontainer.three import x\n",
        "three": "from datacontainer.one import y\n",
        "other": "import os\n",
    }
    for name, text in sources.items():
        (tmp_path / f"{name}.py").write_text(text)
    return [tmp_path / f"{name}.py" for name in sources]


@pytest.mark.parametrize(("changed", "seen"), [("one", True), ("two", True), ("three", True), ("other", False)])
def test_code_digest_follows_imports(tmp_path, library, changed, seen):
    before = code_digest("one", library)
    file = tmp_path / f"{changed}.py"
    # Another file with the same name, as the imports of a file are remembered.
    copies = tmp_path / "copies"
    copies.mkdir()
    after = []
    for path in library:
        copy = copies / path.name
        copy.write_text(path.read_text() + ("x = 1\n" if path == file else ""))
        after.append(copy)
    assert (code_digest("one", after) != before) is seen


def test_files_digest_last_newline_does_not_count(tmp_path):
    file = tmp_path / "a"
    file.write_text("x\n")
    before = files_digest([file])
    file.write_text("x")
    assert files_digest([file]) == before
    file.write_text("y")
    assert files_digest([file]) != before


def test_files_digest_name_and_absence_count(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    digests = {files_digest([tmp_path / name]) for name in ("a", "b", "none")}
    assert len(digests) == 3
