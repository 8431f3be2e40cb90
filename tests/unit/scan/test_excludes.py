"""What is left out: the patterns of .gitignore, by the packer and by git."""

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
    """Asks git which of the paths in a folder some patterns ignore."""
    repository = tmp_path_factory.mktemp("git") / "repository"
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", "--bare", repository], check=True)
    git = ["git", f"--git-dir={repository}", "-c", "core.bare=false", "-c", "core.excludesFile="]

    def run(folder: Path, lines: list[bytes], paths: Paths) -> set[bytes]:
        (repository / "info/exclude").write_bytes(b"".join(line + b"\n" for line in lines))
        command = [*git, f"--work-tree={folder}", "check-ignore", "--no-index", "-z", "--stdin"]
        # Behind a dot no path begins with a colon, which would mean something to git.
        given = b"".join(b"./" + path + b"\0" for path in paths)
        done = subprocess.run(command, input=given, cwd=folder, capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return {path[2:] for path in done.stdout.split(b"\0")[:-1]}

    return run


def found_below(folder: Path) -> tuple[Paths, Paths]:
    """The paths of all files, and of all folders, but for those that scan never lists."""
    found: tuple[Paths, Paths] = ([], [])
    for parent, folders, files in os.walk(os.fsencode(folder)):
        below = os.path.relpath(parent, os.fsencode(folder))
        for paths, in_parent in zip(found, (files, folders), strict=True):
            paths += [os.path.normpath(os.path.join(below, name)) for name in in_parent]
    files, folders = ([path for path in paths if b".snakemake_timestamp" not in path] for paths in found)
    return files, folders


def without(left_out: set[bytes], files: Paths, folders: Paths) -> Paths:
    """The files, and the folders that have nothing, when some are left out."""
    kept = {path for path in [*files, *folders] if path not in left_out}
    return sorted(kept - {os.path.dirname(path) for path in kept})


def listed(packer: Path, dataset: Path, lines: Iterable[bytes]) -> Paths:
    """The paths in the packer's list."""
    files = Files.in_folder(dataset.parent)
    list_dataset(packer, str(dataset), [os.fsdecode(line) for line in lines], files, symlinks="keep")
    return [record.path for record in read_records(files.records)]


def assert_alike(packer: Path, ignored: Callable[..., set[bytes]], dataset: Path, lines: list[bytes]) -> None:
    files, folders = found_below(dataset)
    try:
        by_packer = listed(packer, dataset, lines)
    except UsageError:
        assume(False)
    assert sorted(by_packer) == without(ignored(dataset, lines, files + folders), files, folders)


@pytest.fixture(scope="module")
def alike(tmp_path_factory) -> Path:
    """A dataset in which each name of SIMILAR is that of a file, and of a folder that has all of them."""
    dataset = tmp_path_factory.mktemp("alike") / "dataset"
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
def test_list_dataset_leaves_out_what_git_ignores(lines, packer, ignored, alike):
    assert_alike(packer, ignored, alike, lines)


@tried(150)
@given(
    tree=st.dictionaries(names, st.just(b""), min_size=1, max_size=8),
    kinds=st.lists(st.sampled_from([b"%b", b"/%b", b"%b/", b"!%b", b"*%b", b"**/%b", b"/%b/**", b"?%b*"]), max_size=3),
)
def test_list_dataset_any_names_are_left_out_as_git_ignores_them(tree, kinds, packer, ignored, tmp_path_factory):
    dataset = tmp_path_factory.mktemp("any") / "dataset"
    fill(dataset, tree)
    lines = [kind % name[len(name) // 3 :] for kind, name in zip(kinds, tree, strict=False)]
    assert_alike(packer, ignored, dataset, lines)


@pytest.fixture(scope="module")
def bytewise(tmp_path_factory) -> Path:
    """A dataset of files called x and one byte."""
    dataset = tmp_path_factory.mktemp("bytes") / "dataset"
    fill(dataset, {b"x%c" % byte: b"" for byte in range(1, 256) if byte != ord("/")})
    return dataset


@tried(200)
@given(inside=st.lists(st.sampled_from(in_brackets), min_size=1, max_size=6).map(b"".join))
def test_list_dataset_brackets_are_those_of_git(inside, packer, ignored, bytewise):
    assert_alike(packer, ignored, bytewise, [b"x[" + inside + b"]"])


def test_list_dataset_classes_are_those_of_git(packer, ignored, bytewise):
    for name in b"alnum alpha blank cntrl digit graph lower print punct space upper xdigit".split():
        assert_alike(packer, ignored, bytewise, [b"x[[:%b:]]" % name])


def test_list_dataset_own_file_comes_behind_the_configuration(dataset, packer):
    fill(dataset, dict.fromkeys([b"a.tmp", b"b.tmp", b"c.log", b"z", b"z\x0by"], b""))
    (dataset / ".datacontainerignore").write_bytes(b"# all but these\n!a.tmp\r\n*.log  \nz\x0by\n")
    assert listed(packer, dataset, [b"*.tmp"]) == [b".datacontainerignore", b"a.tmp", b"z"]


@pytest.mark.parametrize("pattern", ["a\\", "[z-a]", "!"])
def test_list_dataset_wrong_pattern_is_named(pattern, packer, dataset):
    quoted = pattern.replace("\\", "\\\\")
    message = f'"{quoted}" is not a valid gitignore pattern: correct it in `exclude` or in .datacontainerignore'
    with pytest.raises(UsageError) as caught:
        list_dataset(packer, str(dataset), ["*.tmp", pattern], None)
    assert str(caught.value) == message
    assert fingerprint(str(dataset), [pattern], packer) == f"unreadable: {message}"


@pytest.mark.parametrize("pattern", [b"\\", b"a\\", b"a\\/", b"!", b"[a", b"[", b"a[!", b"[\\", b"[[:letter:]]"])
def test_list_dataset_pattern_is_refused_for_which_git_ignores_nothing(pattern, packer, ignored, alike):
    with pytest.raises(UsageError):
        listed(packer, alike, [pattern])
    files, folders = found_below(alike)
    assert ignored(alike, [pattern], [*files, *folders]) == set()


def test_fingerprint_pattern_that_is_no_name_is_named(dataset, packer):
    message = r"unreadable: '\ud800' cannot be encoded as a file name: correct it in `exclude`"
    assert fingerprint(str(dataset), ["\ud800"], packer) == message
