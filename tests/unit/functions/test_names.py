"""The names that a Python file defines."""

import pytest

from datacontainer.functions.names import defined_names


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
