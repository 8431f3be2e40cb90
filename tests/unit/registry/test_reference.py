"""References of images in registries."""

import pytest

from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import UsageError

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost/fruit", ("localhost", "fruit", "latest", "")),
        ("localhost:5000/a/b_c:1.0", ("localhost:5000", "a/b_c", "1.0", "")),
        ("[::1]:5000/a:x", ("[::1]:5000", "a", "x", "")),
        (f"registry.example.org/a@{DIGEST}", ("registry.example.org", "a", "latest", DIGEST)),
        ("docker.io/fruit:1", ("docker.io", "library/fruit", "1", "")),
    ],
)
def test_parse_reference_returns_its_parts(text, expected):
    found = Reference.parse(text)
    assert found == expected
    assert Reference.parse(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        *(
            "fruit:1.0",
            "lab/fruit",
            "example.org/Fruit",
            "example.org/a//b",
            "example.org/../b",
            "https://example.org/a",
        ),
        *("", "example.org/a\n", "example.org/a@sha256:0", f"example.org/a:{'x' * 129}", f"example.org/{'a' * 256}"),
    ],
)
def test_parse_other_text_fails_with_the_form(text):
    with pytest.raises(UsageError, match=r"is no image of a registry: write HOST\[:PORT\]/REPOSITORY\[:TAG\]"):
        Reference.parse(text)
