"""Tests of the merge of a base's layers, against umoci, and of the merge in verify."""

import io
import random
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from datacontainer.base.flatten import END, Flattened
from datacontainer.base.layer import StoredLayer
from datacontainer.base.local import open_local
from datacontainer.base.manifest import read_images
from datacontainer.base.tree import Tree, check_free, merged
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.packer import run_packer
from datacontainer.verify.baselayers import read_base
from datacontainer.verify.comparison import Differences
from datacontainer.verify.kinds import FOLDER, LINK
from datacontainer.verify.layout import Descriptor, Image, Layout
from tools.bases import Base, Given, folder, hard, layer, link, unpacked_by_umoci
from tools.engines import require_root, require_tool
from tools.images import Entry, tree_of
from tools.squashfs import extracted

PLATFORM = "linux/amd64"
LONG = "deep/" * 40 + "n" * 120
FIRST = layer(
    folder("./"),
    folder("./bin"),
    Given("./bin/program", content=b"\x7fELF" * 9000, mode=0o4755),
    hard("./bin/same", "./bin/program"),
    link("./lib", "usr/lib"),
    folder("./usr/lib", 0o750),
    Given("./usr/lib/a", content=b"a"),
    folder("./tmp", 0o1777),
    folder("./etc"),
    Given("./etc/kept", content=b"kept"),
    Given("./etc/gone", content=b"gone"),
    Given("./etc/old/deep/file", content=b"1"),
    Given("./opt/old/one", content=b"1"),
    Given("./opt/file", content=b"a file"),
    folder("./opt/folder"),
    Given("./opt/folder/inside"),
    Given(LONG, content=b"long"),
    Given("odd \udcff\n", content=b"odd"),
)
SECOND = layer(
    folder("etc", 0o711),
    Given("etc/.wh.gone"),
    Given("nowhere/.wh.gone"),
    Given("etc/.wh.old"),
    Given("opt/old/new", content=b"2"),
    Given("opt/old/.wh..wh..opq"),
    folder("opt/file"),
    Given("opt/file/now", content=b"in a folder"),
    Given("opt/folder", content=b"now a file"),
    # The original of a hard link changes, and the link does not.
    Given("bin/program", content=b"new", mode=0o755),
    hard("etc/again", "usr/lib/a"),
    Given(".wh.missing"),
)


def flattened(path: Path, scratch: Path) -> dict[bytes, Entry]:
    """The files that GNU tar extracts from the flattened base."""
    scratch.mkdir()
    (scratch / "flat.tar").write_bytes(b"".join(Flattened(layers_of(path), "/data").pieces()) + END)
    (scratch / "root").mkdir()
    command = ["tar", "--extract", "--preserve-permissions", "--file", scratch / "flat.tar", "-C", scratch / "root"]
    subprocess.run(command, check=True)
    return tree_of(scratch / "root")


def layers_of(path: Path) -> list[StoredLayer]:
    found = open_local(str(path))
    assert found is not None
    image = read_images(found, [PLATFORM])[PLATFORM]
    return [StoredLayer(path / "blobs/sha256" / one.digest[7:], one) for one in image.layers]


def seen_by_verify(path: Path) -> dict[bytes, tuple[int, int, str, bytes]]:
    """Mode, size, sha256 and target of each path, by the merge of verify."""
    found = [(one.layer, one.path) for one in layers_of(path)]
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    described = [Descriptor(media_type, one.digest, one.size_bytes, "", one.diff_id, "base") for one, _ in found]
    differences = Differences()
    image = Image(PLATFORM, described[0], described[0], {"Labels": {}}, described, [], len(described))
    rows = read_base(Layout(path, differences), image, "/data")
    assert not differences.lines
    kinds = {FOLDER: stat.S_IFDIR, LINK: stat.S_IFLNK}
    return {
        key.rstrip(b"/"): (kinds.get(row.kind, stat.S_IFREG) | (row.mode or 0), row.size_bytes, row.sha256, row.target)
        for key, row in rows.items()
    }


def without_root(tree: dict[bytes, Entry]) -> dict[bytes, Entry]:
    return {path: entry for path, entry in tree.items() if path}


def test_flattened_files_are_those_that_umoci_unpacks(tmp_path):
    require_root("umoci")
    expected = without_root(unpacked_by_umoci(tmp_path / "base", [FIRST, SECOND], tmp_path / "umoci"))
    assert expected[b"bin/same"].content == b"\x7fELF" * 9000
    assert (expected[b"bin/program"].content, expected[b"etc/again"].content) == (b"new", b"a")
    assert expected[b"lib"].content == b"usr/lib"
    assert not {b"etc/gone", b"etc/old", b"opt/old/one"} & expected.keys()
    assert without_root(flattened(tmp_path / "base", tmp_path / "flat")) == expected
    assert {path: row[0] for path, row in seen_by_verify(tmp_path / "base").items()} == {
        path: entry.mode for path, entry in expected.items()
    }


def test_flattened_folders_above_the_mount_have_the_mode_of_the_layers_with_data(tmp_path):
    made, script = Base(tmp_path / "base"), Given(".singularity.d/runscript", content=b"of the base")
    made.finish(made.image(PLATFORM, [layer(folder("srv", 0o700), Given("srv/file", mode=0o600), script)]))
    base = Flattened(layers_of(tmp_path / "base"), "/srv/data")
    content = b"".join(base.pieces()) + END
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert {one.name: one.mode for one in tar} == {"srv": 0o755, "srv/file": 0o600}
    assert [base.has_folder(path) for path in ("tmp/a", "srv/a", "srv/file/a")] == [True, True, False]


@pytest.mark.parametrize("seed", range(4))
def test_random_layers_are_merged_as_umoci_does(tmp_path, seed):
    require_root("umoci")
    chance = random.Random(seed)
    tars = [layer(*random_layer(chance, number)) for number in range(4)]
    expected = without_root(unpacked_by_umoci(tmp_path / "base", tars, tmp_path / "umoci"))
    assert without_root(flattened(tmp_path / "base", tmp_path / "flat")) == expected
    assert seen_by_verify(tmp_path / "base").keys() == expected.keys()


def random_layer(chance: random.Random, number: int) -> list[Given]:
    """Members of a layer, each path once, no file with paths below it in the same layer."""
    found: dict[str, Given] = {}
    for step in range(12):
        names = [chance.choice("abc") for _ in range(chance.randint(1, 3))]
        parents, path = ["/".join(names[:count]) for count in range(1, len(names))], "/".join(names)
        if path in found or any(parent in found and found[parent].kind != tarfile.DIRTYPE for parent in parents):
            continue
        if any(other.startswith(f"{path}/") for other in found):
            continue
        for parent in parents:
            found.setdefault(parent, folder(parent))
        found[path] = random_member(chance, path, f"{number}.{step}")
    hidden = [path for path in found if chance.random() < 0.2]
    kept = {path: one for path, one in found.items() if not f"{path}/".startswith(tuple(f"{one}/" for one in hidden))}
    for path in hidden:
        outer, _, name = path.rpartition("/")
        if not outer or outer in kept:
            kept[f"{outer}/.wh.{name}".lstrip("/")] = Given(f"{outer}/.wh.{name}".lstrip("/"))
    if "a" in kept and kept["a"].kind == tarfile.DIRTYPE and chance.random() < 0.3:
        kept["a/.wh..wh..opq"] = Given("a/.wh..wh..opq")
    return [one for _, one in sorted(kept.items())]


def random_member(chance: random.Random, path: str, content: str) -> Given:
    if chance.random() < 0.3:
        return folder(path, 0o700)
    return Given(path, content=content.encode(), mode=chance.choice([0o644, 0o755]))


def test_members_below_a_symlink_go_to_its_target(tmp_path):
    made = Base(tmp_path / "base")
    first = layer(folder("usr/lib"), link("lib", "/usr/lib"), link("up", "../../../usr"), Given("usr/lib/old"))
    second = layer(Given("lib/new", content=b"n"), Given("up/lib/.wh.old"))
    made.finish(made.image(PLATFORM, [first, second]))
    tree = flattened(tmp_path / "base", tmp_path / "flat")
    assert tree[b"usr/lib/new"].content == b"n"
    assert b"usr/lib/old" not in tree
    assert seen_by_verify(tmp_path / "base").keys() == without_root(tree).keys()


def test_devices_are_left_out(tmp_path):
    made = Base(tmp_path / "base")
    first = layer(Given("dev/null"), folder("dev"))
    second = layer(Given("dev/null", tarfile.CHRTYPE), Given("pipe", tarfile.FIFOTYPE))
    made.finish(made.image(PLATFORM, [first, second]))
    assert without_root(flattened(tmp_path / "base", tmp_path / "flat")).keys() == {b"dev"}
    assert seen_by_verify(tmp_path / "base").keys() == {b"dev"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([Given("a/../../b")], "no path below the root"),
        ([Given("a"), Given("a/b")], "the base has '/a/b' below a file"),
        ([hard("a", "missing")], "the base has a hard link '/a' to no file"),
        ([hard("a", "../outside")], "no path below the root"),
        ([link("a", "b"), link("b", "a"), Given("a/c")], "the base has '/a/c' below a file"),
    ],
)
def test_merge_hostile_layer_is_refused(tmp_path, members, message):
    made = Base(tmp_path / "base")
    made.finish(made.image(PLATFORM, [layer(*members)]))
    with pytest.raises(DataError, match=message):
        merged(layers_of(tmp_path / "base"))


def test_merge_damaged_layers_are_refused(tmp_path):
    made = Base(tmp_path / "base")
    content = layer(Given("a", content=b"content"))
    made.finish(made.image(PLATFORM, [content], "none"))
    (one,) = layers_of(tmp_path / "base")
    for damaged, message in (
        (content.replace(b"content", b"contenT"), "digest mismatch for a layer of the base"),
        (content[:700], "cannot be read"),
        (content + content, "a header is damaged"),
    ):
        one.path.write_bytes(damaged)
        with pytest.raises(DataError, match=message):
            merged([one])


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([Given("data/file")], "the base 'b' has '/data/file', where the files of the dataset are mounted"),
        ([Given("data")], "the base 'b' has '/data', where the files of the dataset are mounted"),
        ([link("data", "srv")], "the base 'b' has '/data', where"),
        ([Given("entrypoint")], "the base 'b' has '/entrypoint', a path of every data container"),
        ([folder(".datacontainer")], "the base 'b' has '/.datacontainer', a path of every data container"),
    ],
)
def test_check_free_taken_path_is_refused(members, message, tmp_path):
    made = Base(tmp_path / "base")
    made.finish(made.image(PLATFORM, [layer(*members)]))
    tree = merged(layers_of(tmp_path / "base"))
    with pytest.raises(UsageError, match=message):
        check_free(tree, "/data", "b")


def test_check_free_symlink_above_the_mount_is_refused_and_an_empty_mount_is_not(tmp_path):
    made = Base(tmp_path / "base")
    first = layer(link("srv", "var"), folder("data"), Given("data/file"), folder("mnt"))
    made.finish(made.image(PLATFORM, [first, layer(Given("data/.wh.file"))]))
    tree = merged(layers_of(tmp_path / "base"))
    with pytest.raises(UsageError, match="has '/srv', where the files of the dataset are mounted"):
        check_free(tree, "/srv/data", "b")
    check_free(tree, "/data", "b")
    check_free(tree, "/mnt/x", "b")
    check_free(Tree(), "/data", "b")


def test_flattened_base_is_read_by_the_packer_and_mksquashfs(packer, tmp_path):
    require_tool("mksquashfs")
    made = Base(tmp_path / "base")
    made.finish(made.image(PLATFORM, [FIRST, SECOND], "zstd"))
    expected = without_root(flattened(tmp_path / "base", tmp_path / "flat"))
    tar = b"".join(Flattened(layers_of(tmp_path / "base"), "/data").pieces()) + END
    image = tmp_path / "image"
    options = ["-tar", "-noappend", "-quiet", "-no-progress", "-exit-on-error"]
    subprocess.run(["mksquashfs", "-", image, *options], input=tar, check=True, capture_output=True)
    subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-d", tmp_path / "root", image], check=True)
    assert without_root(tree_of(tmp_path / "root")) == expected
    (tmp_path / "flat/flat.tar").write_bytes(tar)
    run_packer(packer, ["squashfs", "--output", image, "--offset", "0", tmp_path / "flat/flat.tar"], {})
    assert without_root(extracted(image, 0)) == expected
    # The data of a hard link is stored once.
    assert image.stat().st_size < len(b"\x7fELF" * 9000) * 1.5
