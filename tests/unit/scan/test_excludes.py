"""Exclude patterns: the packer excludes the paths that git ignores with the same patterns."""

import os
import subprocess
from collections.abc import Callable, Iterable
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from datacontainer.runtime.errors import UsageError
from datacontainer.scan.listing import Files, list_dataset
from datacontainer.scan.records import read_records
from datacontainer.scan.scan import fingerprint
from tools.examples import tried
from tools.trees import SIMILAR, fill, make, names

_PIECES = r"""* ** *** ? / / / /**/ **/ /** a b ab .tmp \ ! \! # \# \* é � $ ( | + {2} . ^ \a ~ [ ] - & : \/ \\
[ab] [!a] [^b] []a] [!]a] [a-c] [+--] [[a] [[:alpha:]] [![:space:]] [a&&b] [\]] [é-ü] [!/] [[:] [-a] [a-] [\a-\c]"""
_pieces = [*map(os.fsencode, _PIECES.split()), b" ", b"\n", b"\r", b"\t", b"\xff", b"[\x80-\xff]"]
patterns = st.lists(st.sampled_from(_pieces), min_size=1, max_size=6).map(b"".join)
_CLASSES = b"[: :] [:alpha:] [:punct:] [:x:]".split()
in_brackets = [*(b"%c" % byte for byte in b"az09---!^\\][:~\x80\xc3\xff"), *_CLASSES]

Paths = list[bytes]


@pytest.fixture(scope="module")
def ignored(tmp_path_factory) -> Callable[[Path, list[bytes], Paths], set[bytes]]:
    """Returns the paths in a folder that git ignores with these patterns."""
    repository = tmp_path_factory.mktemp("git") / "repository"
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", "--bare", repository], check=True)
    git = ["git", f"--git-dir={repository}", "-c", "core.bare=false", "-c", "core.excludesFile="]

    def run(folder: Path, lines: list[bytes], paths: Paths) -> set[bytes]:
        (repository / "info/exclude").write_bytes(b"".join(line + b"\n" for line in lines))
        command = [*git, f"--work-tree={folder}", "check-ignore", "--no-index", "-z", "--stdin"]
        # The prefix ./ is needed because git interprets a leading colon as pathspec magic.
        given = b"".join(b"./" + path + b"\0" for path in paths)
        done = subprocess.run(command, input=given, cwd=folder, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return {path[2:] for path in done.stdout.split(b"\0")[:-1]}

    return run


def found_below(folder: Path) -> tuple[Paths, Paths]:
    """The paths of all files and of all folders, without .snakemake_timestamp, which scan never lists."""
    found: tuple[Paths, Paths] = ([], [])
    for parent, folders, files in os.walk(os.fsencode(folder)):
        below = os.path.relpath(parent, os.fsencode(folder))
        for paths, in_parent in zip(found, (files, folders), strict=True):
            paths += [os.path.normpath(os.path.join(below, name)) for name in in_parent]
    files, folders = ([path for path in paths if b".snakemake_timestamp" not in path] for paths in found)
    return files, folders


def remaining(excluded: set[bytes], files: Paths, folders: Paths) -> Paths:
    """The files and the empty folders that remain after some paths are excluded."""
    kept = {path for path in [*files, *folders] if path not in excluded}
    return sorted(kept - {os.path.dirname(path) for path in kept})


def listed(packer: Path, dataset: Path, lines: Iterable[bytes]) -> Paths:
    """The paths in the packer's list."""
    files = Files.in_folder(dataset.parent)
    list_dataset(packer, str(dataset), [os.fsdecode(line) for line in lines], files, symlinks="keep")
    return [record.path for record in read_records(files.records)]


def assert_same_as_git(packer: Path, ignored: Callable[..., set[bytes]], dataset: Path, lines: list[bytes]) -> None:
    files, folders = found_below(dataset)
    try:
        by_packer = listed(packer, dataset, lines)
    except UsageError:
        assume(False)
    assert sorted(by_packer) == remaining(ignored(dataset, lines, files + folders), files, folders)


@pytest.fixture(scope="module")
def similar(tmp_path_factory) -> Path:
    """A dataset with a file for each name in SIMILAR, and with folders of these names that contain such files."""
    dataset = tmp_path_factory.mktemp("similar") / "dataset"
    dataset.mkdir()
    make(dataset, {b"/".join(names): b"" for names in [*permutations(SIMILAR[:3], 3), *permutations(SIMILAR, 2)]})
    make(dataset, {b"folder/" + name: b"" for name in SIMILAR})
    make(dataset, {b"void/" + name: None for name in SIMILAR})
    return dataset


@tried(400)
@given(lines=st.lists(patterns, min_size=1, max_size=4))
@example(lines=[b"*", b"!*/", b"!a", b"/b/a"])
@example(lines=[b"a**/b"])
@example(lines=[b"a/**/b", b"!a/ab/b"])
@example(lines=[b"a/", b"!a/b"])
@example(lines=[b"**/ab", b"?\xff"])
def test_list_dataset_similar_names_are_excluded_as_by_git(lines, packer, ignored, similar):
    assert_same_as_git(packer, ignored, similar, lines)


@tried(150)
@given(
    tree=st.dictionaries(names, st.just(b""), min_size=1, max_size=8),
    kinds=st.lists(st.sampled_from([b"%b", b"/%b", b"%b/", b"!%b", b"*%b", b"**/%b", b"/%b/**", b"?%b*"]), max_size=3),
)
def test_list_dataset_any_names_are_excluded_as_by_git(tree, kinds, packer, ignored, tmp_path_factory):
    dataset = tmp_path_factory.mktemp("any") / "dataset"
    fill(dataset, tree)
    lines = [kind % name[len(name) // 3 :] for kind, name in zip(kinds, tree, strict=False)]
    assert_same_as_git(packer, ignored, dataset, lines)


@pytest.fixture(scope="module")
def every_byte(tmp_path_factory) -> Path:
    """A dataset with one file for each possible byte; its name is x and this byte."""
    dataset = tmp_path_factory.mktemp("bytes") / "dataset"
    fill(dataset, {b"x%c" % byte: b"" for byte in range(1, 256) if byte != ord("/")})
    return dataset


@tried(200)
@given(inside=st.lists(st.sampled_from(in_brackets), min_size=1, max_size=6).map(b"".join))
def test_list_dataset_brackets_match_as_in_git(inside, packer, ignored, every_byte):
    assert_same_as_git(packer, ignored, every_byte, [b"x[" + inside + b"]"])


def test_list_dataset_character_classes_match_as_in_git(packer, ignored, every_byte):
    for name in b"alnum alpha blank cntrl digit graph lower print punct space upper xdigit".split():
        assert_same_as_git(packer, ignored, every_byte, [b"x[[:%b:]]" % name])


def test_list_dataset_ignore_file_overrides_the_configuration(dataset, packer):
    fill(dataset, dict.fromkeys([b"a.tmp", b"b.tmp", b"c.log", b"z", b"z\x0by"], b""))
    (dataset / ".datacontainerignore").write_bytes(b"# all but these\n!a.tmp\r\n*.log  \nz\x0by\n")
    assert listed(packer, dataset, [b"*.tmp"]) == [b".datacontainerignore", b"a.tmp", b"z"]


@pytest.mark.parametrize("pattern", ["a\\", "[z-a]", "!"])
def test_list_dataset_invalid_pattern_is_named(pattern, packer, dataset):
    quoted = pattern.replace("\\", "\\\\")
    message = f'"{quoted}" is not a valid gitignore pattern: correct it in `exclude` or in .datacontainerignore'
    with pytest.raises(UsageError) as caught:
        list_dataset(packer, str(dataset), ["*.tmp", pattern], None)
    assert str(caught.value) == message
    assert fingerprint(str(dataset), [pattern], packer) == f"unreadable: {message}"


@pytest.mark.parametrize("pattern", [b"\\", b"a\\", b"a\\/", b"!", b"[a", b"[", b"a[!", b"[\\", b"[[:letter:]]"])
def test_list_dataset_pattern_that_cannot_match_in_git_is_refused(pattern, packer, ignored, similar):
    with pytest.raises(UsageError):
        listed(packer, similar, [pattern])
    files, folders = found_below(similar)
    assert ignored(similar, [pattern], [*files, *folders]) == set()


def test_fingerprint_pattern_that_is_no_name_is_named(dataset, packer):
    message = r"unreadable: '\ud800' cannot be encoded as a file name: correct it in `exclude`"
    assert fingerprint(str(dataset), ["\ud800"], packer) == message
