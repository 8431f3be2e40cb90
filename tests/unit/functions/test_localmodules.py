"""The local files that a metadata function imports, found without running them."""

import subprocess
import sys
from pathlib import Path

import pytest

from datacontainer.functions.imports import local_modules
from datacontainer.functions.names import defined_names

FILES = {
    "mine/entry.py": "import near, os, numpy\nimport pack.inner.deep\nfrom pack import other, NAME\nimport entry\n",
    "mine/near.py": "def f():\n    from far import g\n",
    "mine/pack/__init__.py": "from . import sibling\n",
    "mine/pack/sibling.py": "from .inner import *\nfrom ..near import f\n",
    "mine/pack/other.py": "import missing\n",
    "mine/pack/inner/deep.py": "",
    "mine/pack/inner/unused.py": "",
    "mine/unused.py": "",
    "far.py": "broken = (\n",
    "numpy_unused.py": "",
}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path, entry: str) -> list[str]:
    found = local_modules(Path(entry), [Path(), Path(entry).parent])
    return [str(path.relative_to(folder)) for path in found]


def test_local_modules_every_form_of_import_is_followed(folder):
    used = [name for name in FILES if "unused" not in name]
    assert names(folder, "mine/entry.py") == sorted(used)


def test_local_modules_equal_the_modules_that_python_loads(folder):
    (folder / "far.py").write_text("def g(): pass\n")
    (folder / "mine/pack/other.py").write_text("")
    (folder / "mine/pack/__init__.py").write_text("NAME = 1\nfrom . import sibling\n")
    (folder / "mine/pack/sibling.py").write_text("from .inner import *\n")
    (folder / "mine/near.py").write_text("from far import g\n")
    program = (
        "import sys, os; sys.path[:0] = ['mine', '.']; import entry\n"
        "here = os.getcwd() + '/'\n"
        "files = [os.path.abspath(m.__file__) for m in sys.modules.values() if getattr(m, '__file__', None)]\n"
        "print(*{f.removeprefix(here) for f in files if f.startswith(here)})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert names(folder, "mine/entry.py") == sorted(done.stdout.split())


def test_local_modules_more_dots_than_folders_is_no_error(folder):
    (folder / "far.py").write_text("from " + "." * 99 + " import x\n")
    assert names(folder, "far.py") == ["far.py"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): x = 1\nasync def g(): pass\nclass C:\n    y = 2", {"f", "g", "C"}),
        ("import a.b, c as d\nfrom e import h, i as j", {"a", "d", "h", "j"}),
        ("f = g, (h, *i) = 1, (2, 3)\nk: int = 4\n(m := 5)", {"f", "g", "h", "i", "k", "m"}),
        ("if 1:\n  def f(): pass\nelse:\n  f = None\ntry:\n  import t\nexcept E:\n  t = 1", {"f", "t"}),
        ("with w as x: pass\nfor y in z: pass\nmatch q:\n  case [r, *s]: pass", {"x", "y", "r", "s"}),
        ("def f():\n  global g\n  g = 1", {"f", "g"}),
        ("from a import *", None),
        ("def __getattr__(name): pass", None),
        ("globals()['f'] = len", None),
    ],
)
def test_defined_names_each_kind_of_definition_is_found(source, expected):
    assert defined_names(source.encode()) == expected
