"""Random datasets and edits through the whole pipeline: other programs read the expected content from the products.

`make properties EXAMPLES=1000` tests this number of new examples in each run.
"""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from datacontainer.scan.sharding import MIN_SHARD, Limits
from tools.datasets import datasets, edits, make, make_with_outside
from tools.engines import Tool
from tools.examples import tried
from tools.images import Entry, copy_backwards, packed, tree_of, umask
from tools.pipeline import Pipeline, catalog_rows, inspected, layer_tars, sha256sums, unpacked
from tools.squashfs import extracted, partitions

# The limits give one shard per file, one shard per few files or MiB, and one shard for all files.
LIMITS = [Limits(1, 1 << 28), Limits(2, 1 << 20), MIN_SHARD]
options = st.fixed_dictionaries(
    {"compression": st.sampled_from(["none", "gzip", "zstd"]), "minimum": st.sampled_from(LIMITS)}
)
Place = Callable[[], AbstractContextManager[Path]]


@pytest.fixture
def place(tmp_path_factory) -> Place:
    """Returns a context manager that deletes the folder of an example, because hypothesis runs many examples."""

    @contextmanager
    def new() -> Iterator[Path]:
        folder = tmp_path_factory.mktemp("example")
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    return new


@pytest.fixture
def pipeline(packer, compiled) -> Callable[..., Pipeline]:
    """Returns the pipeline of a dataset."""
    return partial(Pipeline, packer, entrypoint=compiled)


class Expected:
    """The expected content of an image of a folder: entries, files and links, and the digests of the files."""

    def __init__(self, folder: Path) -> None:
        self.tree = {path: entry for path, entry in packed(tree_of(folder)).items() if path}
        self.named = {path: entry for path, entry in sorted(self.tree.items()) if not stat.S_ISDIR(entry.mode)}
        self.links = {path: entry.content for path, entry in self.named.items() if stat.S_ISLNK(entry.mode)}
        self.sums = sha256sums(folder)
        assert len(self.sums) == len(self.named) - len(self.links)


def check_tree(found: Mapping[bytes, Entry], expected: Expected, build: Pipeline) -> None:
    """Raises AssertionError if the image does not contain exactly the tree below the mount, and the entrypoint."""
    below = {path.removeprefix(b"data/"): entry for path, entry in found.items() if path.startswith(b"data/")}
    assert brief(below) == brief(expected.tree)
    program = Entry(stat.S_IFREG | 0o755, build.binary.read_bytes())
    assert brief({b"": found[b"entrypoint"]}) == brief({b"": program})


def brief(tree: Mapping[bytes, Entry]) -> dict[bytes, Entry]:
    """The tree with digests instead of long contents, so that differences are short enough to print."""
    short = {path: entry for path, entry in tree.items() if len(entry.content) < 5000}
    return {path: Entry(entry.mode, sha256(entry.content).digest()) for path, entry in tree.items()} | short


def check_archive(build: Pipeline, expected: Expected) -> None:
    """GNU tar extracts the tree from the layers, blobs match their digests, and skopeo reads layout and archive."""
    folder = build.folder / "unpacked"
    tree = unpacked(build.archive, folder, build.compression)
    check_tree(tree, expected, build)
    assert {path.split(b"/")[0] for path in tree} == {b"", b"data", b".datacontainer", b"entrypoint"}
    check_image_catalog(build, expected, folder)
    sums = sha256sums(folder / "blobs/sha256")
    assert {os.fsencode(digest) for digest in sums.values()} == set(sums)
    assert sums == sha256sums(build.layout / "blobs/sha256")
    layers = json.loads((folder / "manifest.json").read_bytes())[0]["Layers"]
    properties = inspected(f"oci:{build.layout}")
    assert properties["Layers"] == [f"sha256:{os.path.basename(layer)}" for layer in layers]
    assert properties["Labels"]["io.datacontainer.dataset.files"] == str(len(expected.sums))
    assert inspected(f"docker-archive:{build.archive}")["Labels"] == properties["Labels"]


def check_image_catalog(build: Pipeline, expected: Expected, folder: Path) -> None:
    """The catalog that GNU tar extracts from the image has all paths, and the content of each file at its place."""
    rows = catalog_rows(folder / "root/.datacontainer/catalog.parquet")
    assert [row["path"] for row in rows] == [b"/data/" + path for path in expected.named]
    tars = {"sha256:" + sha256(tar).hexdigest(): tar for tar in layer_tars(folder, build.compression)}
    for row, (path, entry) in zip(rows, expected.named.items(), strict=True):
        if path in expected.links:
            assert (row["layer"], row["offset"]) == (None, None)
        else:
            assert tars[row["layer"]][row["offset"] :][: row["size"]] == entry.content


def check_catalog(build: Pipeline, expected: Expected) -> None:
    """The catalog lists all files with the digests of sha256sum, and all links with their targets, sorted by path."""
    rows = catalog_rows(build.folder / "catalog.parquet")
    assert [row["path"] for row in rows] == list(expected.named)
    assert [row["size"] for row in rows] == [len(entry.content) for entry in expected.named.values()]
    assert {row["path"]: row["sha256"] for row in rows if row.get("link") is None} == expected.sums
    assert {row["path"]: row["link"] for row in rows if row.get("link") is not None} == expected.links


def check_entrypoint(build: Pipeline, expected: Expected) -> None:
    """The entrypoint prints the expected names, sizes and digests."""
    program = Tool((build.binary,))
    keys = [b"/data/" + path for path in expected.named]
    assert program("-ls", "-null") == b"".join(key + b"\0" for key in keys)
    rows = json.loads(program("-format", "json"))
    assert [os.fsencode(row["path"]) for row in rows] == keys
    assert [row["size"] for row in rows] == [len(entry.content) for entry in expected.named.values()]
    found = dict(zip(expected.named, [row.get("sha256") for row in rows], strict=True))
    assert {path: found[path] for path in expected.sums} == expected.sums


@tried(80)
@given(dataset=datasets(), options=options)
def test_pipeline_any_dataset_is_complete_in_all_products(dataset, options, pipeline, place):
    with place() as folder:
        make_with_outside(os.fsencode(folder / "dataset"), dataset.tree)
        make(os.fsencode(folder / "expected"), dataset.packed())
        build = pipeline(folder / "dataset", folder / "build", symlinks=dataset.symlinks, **options)
        build.run()
        event(f"{len(build.shards)} shards")
        expected = Expected(folder / "expected")
        check_catalog(build, expected)
        check_entrypoint(build, expected)
        check_archive(build, expected)
        check_tree(extracted(build.sif, partitions(build.sif)[0][0]), expected, build)


@tried(32)
@given(
    dataset=datasets(policies=("keep",)),
    scripts=st.lists(st.lists(edits, min_size=1, max_size=5), min_size=1, max_size=3),
    options=options,
)
def test_pipeline_after_any_edits_products_equal_a_fresh_build(dataset, scripts, options, pipeline, place):
    pipeline = partial(pipeline, symlinks="keep", **options)
    with place() as folder:
        make(root := os.fsencode(folder / "dataset"), dataset.tree)
        build = pipeline(folder / "dataset", folder / "build")
        build.run()
        for script in scripts:
            for edit in script:
                edit.do(root)
            build.run()
        fresh = pipeline(folder / "dataset", folder / "fresh")
        fresh.run()
        assert build.results() == fresh.results()
        assert build.images() == fresh.images()
        copy_backwards(folder / "dataset", folder / "far/away")
        elsewhere = pipeline(folder / "far/away", folder / "far/build")
        with umask(0o077):
            elsewhere.run()
        assert elsewhere.images() == fresh.images()
