"""Prints each use of a phrase that phrases.txt refuses, and fails if there is one."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PHRASES = Path(__file__).with_name("phrases.txt")
READ = {".md", ".py", ".go", ".smk", ".yaml", ".j2", ".html", ".toml", ".rst", ".txt", ""}
NOT_OURS = {"LICENSE", "tests/tools/phrases.txt", "tests/unit/test_phrases.py"}


def phrases() -> list[tuple[re.Pattern[str], str]]:
    """The refused expressions, each with the words to use."""
    lines = [line for line in PHRASES.read_text().splitlines() if line and not line.startswith("# ")]
    return [(re.compile(found, re.IGNORECASE if found.islower() else 0), use) for found, use in map(_parts, lines)]


def _parts(line: str) -> tuple[str, str]:
    found, _, use = line.partition("\t")
    return found, use


def uses(text: str, refused: list[tuple[re.Pattern[str], str]]) -> Iterator[tuple[int, str, str]]:
    """The number of the line, the phrase, and the words to use, for each use in a text."""
    for number, line in enumerate(text.splitlines(), 1):
        for expression, use in refused:
            if found := expression.search(line):
                yield number, found[0].strip(), use


def main() -> int:
    """Looks at all files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in listed.split("\0") if name and name not in NOT_OURS and Path(name).suffix in READ]
    found = [
        f"{name}:{number}: {phrase!r}: use {use}"
        for name in files
        if (ROOT / name).is_file()
        for number, phrase, use in uses((ROOT / name).read_text(errors="replace"), phrases())
    ]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
