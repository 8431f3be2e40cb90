"""What is left out: the patterns of .gitignore, by pathspec and by the packer."""

import subprocess
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from datacontainer.runtime.errors import UsageError
from datacontainer.scan.excludes import Excludes, read_excludes
from datacontainer.scan.listing import Files, list_by_packer, list_by_walk
from datacontainer.scan.records import read_records
from datacontainer.scan.scan import fingerprint
from tools.examples import tried
from tools.packer import sources_digest
from tools.trees import ALIKE, fill, plant

_PIECES = """* ** ? / / / a b ab .tmp \\ ! \\! # \\# \\* é \ufffd $ ( | + {2} . ^ \\a ~ [ ] - &
[ab] [!a] [^b] []a] [!]a] [a-c] [+--] [[a] [[:alpha:]] [a&&b] [\\] [é-\uffff] [!/]"""
# pathspec alone warns of brackets that a later Python may understand in another way.
pytestmark = pytest.mark.filterwarnings("ignore:Possible (nested set|set ):FutureWarning")
patterns = st.lists(st.sampled_from([*_PIECES.split(), " ", "\n"]), min_size=1, max_size=6).map("".join)


def excludes_of(lines: list[str]) -> Excludes:
    try:
        return Excludes(lines)
    except UsageError:
        assume(False)
        raise


@pytest.fixture(scope="module")
def alike(tmp_path_factory) -> Path:
    """A dataset in which each name of ALIKE is that of a file, and of a folder that has all of them."""
    dataset = tmp_path_factory.mktemp("alike")
    plant(dataset, {b"/".join(names): b"" for names in [*permutations(ALIKE[:3], 3), *permutations(ALIKE, 2)]})
    plant(dataset, {b"folder/" + name: b"" for name in ALIKE})
    plant(dataset, {b"void/" + name: None for name in ALIKE})
    return dataset


@tried(400)
@given(lines=st.lists(patterns, min_size=1, max_size=4))
@example(lines=["a"])
@example(lines=["[é-\uffff]"])
@example(lines=["[\ue000-\uffff]"])
@example(lines=["*", "!a/", "!a"])
def test_excludes_packer_leaves_out_what_pathspec_does(lines, packer, alike):
    excludes = excludes_of(lines)
    # None of these patterns is beyond the packer.
    assert list_by_packer(packer, str(alike), excludes, None) == list_by_walk(str(alike), excludes, None)


@tried(300)
@given(lines=st.lists(patterns, min_size=1, max_size=4))
@example(lines=["!/a", "*"])
def test_excludes_leave_out_what_pathspec_matches(lines):
    excludes, spec = excludes_of(lines), GitIgnoreSpec.from_lines(lines)
    paths = [b"/".join(names) + end for names in permutations(ALIKE, 2) for end in (b"", b"/")]
    left_out = [path for path in paths if excludes.leave_out(path)]
    assert left_out == [path for path in paths if spec.match_file(path.decode("utf-8", "surrogateescape"))]


@tried(60)
@given(
    lines=st.lists(st.sampled_from(["*.tmp", "/a", "a/", "!a", "*", "!*/", "a/**", "**/b", "ab*", "!a/b"]), max_size=4)
)
def test_excludes_are_those_of_git(lines, packer, tmp_path_factory):
    dataset = tmp_path_factory.mktemp("git")
    fill(dataset, dict.fromkeys([b"a.tmp", b"ab/a", b"ab/b", b"b/a.tmp", b"b/a/b", b"b/ab", b"c/a/ab/b"], b""))
    git = ["git", "-c", "init.defaultBranch=main", "-C", dataset]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (dataset / ".git/info/exclude").write_text("\n".join(lines))
    listed = subprocess.run([*git, "ls-files", "--others", "--exclude-standard"], check=True, capture_output=True)
    assert files_listed(packer, dataset, Excludes([*lines, "/.git/"])) == sorted(listed.stdout.splitlines())


def files_listed(packer: Path, dataset: Path, excludes: Excludes) -> list[bytes]:
    files = Files.beside(dataset.parent)
    assert list_by_packer(packer, str(dataset), excludes, files)
    return [record.path for record in read_records(files.records) if record.kind == b"f"]


def test_read_excludes_own_file_comes_behind_the_configuration(dataset):
    (dataset / ".datacontainerignore").write_bytes(b"# all but these\n!a.tmp\r\n*.log  \nz\x0by\n")
    excludes = read_excludes(dataset, ["*.tmp"])
    left_out = [path for path in (b"a.tmp", b"b.tmp", b"c.log", b"z", b"z\x0by") if excludes.leave_out(path)]
    assert left_out == [b"b.tmp", b"c.log", b"z\x0by"]


@pytest.mark.parametrize("pattern", ["a\\", "[z-a]", "!"])
def test_excludes_wrong_pattern_is_named(pattern, dataset):
    with pytest.raises(UsageError) as caught:
        Excludes(["*.tmp", pattern])
    message = (
        f"{pattern!r} is not a pattern as in a .gitignore file: correct it in `exclude` or in .datacontainerignore"
    )
    assert str(caught.value) == message
    assert fingerprint(str(dataset), [pattern]) == f"unreadable: {message}"


@pytest.mark.parametrize("pattern", ["x\udcff", "a\0b"])
def test_excludes_pattern_beyond_the_packer_is_matched_in_python(pattern, packer, dataset):
    fill(dataset, {b"x\xff": b"", b"y": b""})
    excludes = Excludes([pattern])
    assert excludes.for_packer() is None
    assert list_by_packer(packer, str(dataset), excludes, None) is None
    sources = sources_digest()
    assert fingerprint(str(dataset), [pattern], packer, sources) == fingerprint(str(dataset), [pattern])
    assert excludes.leave_out(b"x\xff") == (pattern == "x\udcff")


def test_excludes_without_patterns_are_nothing_to_the_packer():
    assert Excludes(["", "# a comment", "  "]).for_packer() == b""
