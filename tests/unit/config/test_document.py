"""Each mistake in the text of a configuration file is one line with its place."""

import pytest

from datacontainer.config.document import check_words, read_file
from datacontainer.runtime.errors import UsageError

# Ten lines that stand for 9 ** 9 values.
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"datasets:\n  a: b: c\n", ", line 2, column 7: mapping values are not allowed here: check the indentation"),
        (b"a:\n    b: 1\n  c: 2\n", ", line 3, column 3: the line is not indented as the lines above: check"),
        (b"a: [1, 2\nb: 3\n", ", line 2, column 2: expected ',' or ']', but got ':': check"),
        (b"a:\n\tb: c\n", ", line 2, column 1: found character '\\t' that cannot start any token: check"),
        (b"a: b\nc: \xff\n", ", line 2: the file is not UTF-8 text: save it as UTF-8"),
        ("a: b\n".encode("utf-16"), ", line 1: the file is not UTF-8 text"),
        (b"a: b\nc: \0\n", ", line 2: the character U+0000 is not allowed: remove it"),
        (b"- a\n", ": the file has no keys at the top level: write keys such as `datasets:`"),
        (b"", ": the file has no keys at the top level"),
        (b"a: b\n---\nc: d\n", ", line 2, column 1: but found another document"),
        (b"a: 2024-13-45\n", ", line 1, column 4: '2024-13-45' is not a valid timestamp (month must be in 1..12)"),
        (b"a: b\nc: " + b"9" * 5000, f", line 2, column 4: '{'9' * 40}' is not a valid int (Exceeds the limit (4300"),
        (b"a: !!int x\n", ", line 1, column 4: 'x' is not a valid int (invalid literal"),
        (b"a: !mine b\n", ", line 1, column 4: could not determine a constructor for the tag '!mine': write texts in"),
        (b"a: !!python/tuple [b]\n", ", line 1, column 4: could not determine a constructor for the tag"),
        (b"a:\n  <<: 3\n", ", line 2, column 7: expected a mapping or list of mappings for merging"),
        (b"a:\n  b: 1\n  c: 2\n  b: 3\n", ": a.b is written twice, in lines 2 and 4: remove one of them"),
        (b'{"a": [\n{"b": 1,\n\t"b": 2}]}', ": a.0.b is written twice, in lines 2 and 3: remove one of them"),
        (b"a: &x [1, *x]\n", ", line 1: a.1 contains itself: replace the alias by a value"),
        (b"a: &x\n  b: *x\n", ", line 1: a.b contains itself"),
        (BOMB.encode(), ", line 7: a6 has more than 1000000 values: write fewer aliases"),
        (
            b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}",
            ", line 1: more than 50 levels of nested values: correct",
        ),
        (b"a: " + b"[" * 9999 + b"]" * 9999, ": more than 50 levels of nested values"),
        (b'{"a": ' + b"[" * 9999 + b"]" * 9999 + b"}", ": more than 50 levels of nested values"),
    ],
)
def test_read_file_mistake_is_one_line_with_its_place(tmp_path, content, expected):
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_file(tmp_path / "config.yaml")
    assert str(caught.value).startswith(f"{tmp_path}/config.yaml{expected}")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{\n\t"outdir": "\\ud83c\\udf4e"\n}', {"outdir": "🍎"}),
        (b"\xef\xbb\xbfoutdir: x\n", {"outdir": "x"}),
        (b"a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
    ],
)
def test_read_file_unusual_file_is_read(tmp_path, content, expected):
    (tmp_path / "config").write_bytes(content)
    assert read_file(tmp_path / "config") == expected


def test_check_words_value_that_contains_itself_is_refused():
    check_words(["outdir=a: b: c", "dataset={path: a}", "x=[", "dataset"])
    with pytest.raises(UsageError, match=r"^--config dataset, line 1: dataset.path.0 contains itself"):
        check_words(["outdir=x", "dataset={path: &a [*a]}"])
