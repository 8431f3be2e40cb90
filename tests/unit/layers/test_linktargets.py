"""Tests of links' targets in the tar for mksquashfs: unsquashfs extracts them and all other entries unchanged."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.layers.gnulinks import with_gnu_targets
from datacontainer.layers.layerstream import one_tar
from datacontainer.runtime.errors import DataError
from datacontainer.sif.mksquashfs import write_compressed
from tools.engines import require_tool
from tools.examples import tried
from tools.images import Entry, tree_of_tar
from tools.squashfs import FILE, FOLDER, LINK, extracted, layer_of
from tools.trees import names

# Long targets, and targets that are not ASCII, are stored in an extended header.
TARGETS = [b"../short", b"../\xff", b"../" * 40 + b"x", b"/abs/\xc3\xa9", b"./a\xff", b"..", b"a/../\xff", b"/" * 4095]
links = st.builds(lambda lead, name: Entry(LINK | 0o777, lead + name), st.sampled_from([b"", b"../", b"/"]), names)
files = st.builds(Entry, st.just(FILE | 0o644), st.binary(max_size=1500))
layers = st.dictionaries(names.map(lambda name: b"d/" + name), st.one_of(links, files), max_size=6).map(layer_of)


def test_write_compressed_targets_of_links_are_kept(tmp_path):
    require_tool("mksquashfs")
    tree = {b"l%d" % number: Entry(LINK | 0o777, target) for number, target in enumerate(TARGETS)}
    (tmp_path / "layer").write_bytes(layer_of({**tree, b"last": Entry(FILE | 0o644, b"content")}))
    tar = one_tar([tmp_path / "layer"], "none", layer_of({}))
    write_compressed(tmp_path / "image", 0, "gzip", 1, tar)
    found = extracted(tmp_path / "image", 0)
    assert found == {b"": Entry(FOLDER | 0o755, b""), b"last": Entry(FILE | 0o644, b"content"), **tree}


@tried(100)
@given(layers, st.integers(1, 3000))
def test_with_gnu_targets_any_layer_in_any_pieces_keeps_its_members(layer, size):
    pieces = (layer[start : start + size] for start in range(0, len(layer), size))
    assert tree_of_tar(io.BytesIO(b"".join(with_gnu_targets(pieces))), b"") == tree_of_tar(io.BytesIO(layer), b"")


def test_with_gnu_targets_size_in_an_extended_header_is_used():
    member = tarfile.TarInfo("large")
    member.size = 8 << 30
    head = member.tobuf(tarfile.PAX_FORMAT)
    assert b"size=8589934592\n" in head
    link = layer_of({b"l": Entry(LINK | 0o777, b"../\xff")})[:1536]
    # Content that looks like a link must not be changed.
    zeros = bytes(64 << 20)
    pieces = [head, link, zeros[len(link) :], *[zeros] * 127, link]
    assert sum(map(len, with_gnu_targets(pieces))) == sum(map(len, pieces)) + 1024


def test_one_tar_layer_that_is_no_tar_is_named(tmp_path):
    (tmp_path / "layer").write_bytes(b"?" * 2048 + bytes(1024))
    with pytest.raises(DataError, match=r"reading layer '.*layer': invalid literal"):
        b"".join(one_tar([tmp_path / "layer"], "none", layer_of({})))
