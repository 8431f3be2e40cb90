"""The list of refused phrases finds what it should, and nothing else."""

import pytest

from tools.phrases import phrases, uses


@pytest.mark.parametrize(
    "line",
    [
        '"""What becomes of symbolic links."""',
        "# Who lists the dataset",
        "the manifest says sha256",
        "{name} is not as it was: it is scanned again",
        "is none of its stage's files",
        "As `rescan` at the top level, before which it goes",
        "nobody is known to have changed them",
        "The offenders are named.",
    ],
)
def test_uses_refused_phrase_is_found_with_the_words_to_use(line):
    ((number, phrase, use),) = list(uses(f"first\n{line}", phrases()))[:1]
    assert number == 2
    assert phrase
    assert use


@pytest.mark.parametrize(
    "line",
    [
        "How symbolic links are handled",
        "{name} changed since the last scan; scanning it again",
        "# What does a shard contain?",
        "the name foretold",
        "file.tell_all",
    ],
)
def test_uses_plain_words_are_not_found(line):
    assert list(uses(line, phrases())) == []
