"""Sources: the ranges to read for files, and images whose catalog or layers are wrong."""

import gzip
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.command.main import main
from datacontainer.sources import plan as plans
from datacontainer.sources.files import HEADER_BYTES, Files
from tools.images import tree_of
from tools.layouts import container, layout, tar_of, with_cell
from tools.trees import Link

TREE = {b"a": b"first", b"b": b"second", b"sub/c": b"third"}


@pytest.fixture
def got(tmp_path, monkeypatch, capsys):
    """A function that gets everything from a layout, which must fail; returns its line and the files it wrote."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(source: Path | str, *flags: str) -> tuple[str, set[bytes]]:
        before = outside(tmp_path)
        assert main(["get", str(source), *flags, "--output", str(tmp_path / "target/out")]) == 1
        *_, line = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert outside(tmp_path) == before
        target = tmp_path / "target/out"
        return line, {path for path in tree_of(target) if path} if target.is_dir() else set()

    return run


def outside(folder: Path) -> set[str]:
    """The entries outside of the target and of the cache."""
    found = set()
    for top, folders, files in os.walk(folder):
        found |= {os.path.relpath(os.path.join(top, name), folder) for name in (*folders, *files)}
    return {name for name in found if not name.startswith(("cache", "target"))}


def renamed(path: bytes):
    return with_cell("path", 2, path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (with_cell("offset", 1, 1 << 40), "'b' is outside of its place in the layer sha256:"),
        (with_cell("offset", 1, 512), "is outside of its place in the layer"),
        (with_cell("offset", 0, 100), "'a' is outside of its place in the layer"),
        (with_cell("offset", 1, -512), "'b' has no size, sha256, layer or offset"),
        (with_cell("offset", 1, None), "'b' has no size, sha256, layer or offset"),
        (with_cell("size", 1, -1), "'b' has no size, sha256, layer or offset"),
        (with_cell("size", 1, (1 << 63) - 2), "'b' has no size, sha256, layer or offset"),
        (with_cell("size", 2, 1 << 59), "'sub/c' is outside of its place in the layer"),
        (with_cell("sha256", 1, "../" * 16), "'b' has no size, sha256, layer or offset"),
        (with_cell("layer", 1, None), "'b' has no size, sha256, layer or offset"),
        (with_cell("layer", 1, f"sha256:{'0' * 64}"), f"the image has no layer 'sha256:{'0' * 64}'"),
        (with_cell("offset", 2, 2559), "has no header of b'sub/c' before byte 2559"),
        (renamed(b"/data/../c"), "the path b'../c' leads out of the dataset"),
        (renamed(b"/data/x/../../c"), "the path b'x/../../c' leads out of the dataset"),
        (renamed(b"/data//etc/c"), "the path b'/etc/c' leads out of the dataset"),
        (renamed(b"/data/x\0/c"), "leads out of the dataset"),
        (renamed(b"/data/"), "the path b'' leads out of the dataset"),
        (renamed(b"/etc/c"), "a path is outside of the mount"),
        (renamed(b"/data/a"), "the path b'a' occurs more than once"),
        (lambda table: table.drop_columns("offset"), 'it cannot be read (\'Field "offset"'),
        (lambda table: table.replace_schema_metadata({}), "it cannot be read (b'mount')"),
        (lambda table: table.set_column(1, "size", pa.array(["x"] * 3)), "it cannot be read (Failed to parse"),
    ],
)
def test_get_wrong_catalog_is_one_line_and_writes_nothing_outside(tmp_path, got, change, expected):
    line, files = got(container(tmp_path / "layout", TREE, change))
    assert expected in line
    assert "build" in line
    assert files <= {b"a", b"b"}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({b"a": Link(b"/"), b"a/etc/x": b""}, "a' exists as a symlink, but get writes a folder there"),
        ({b"a": Link(b"..\0"), b"b": b""}, "a symlink has no target"),
        ({b"a": b"", b"a/b": b""}, "exists as a f"),
    ],
    ids=["below a symlink", "NUL", "below a file"],
)
def test_get_catalog_with_paths_that_exclude_each_other_is_one_line(tmp_path, got, tree, expected):
    change = with_cell("link", 0, tree[b"a"].target) if isinstance(tree[b"a"], Link) else lambda table: table
    line, _ = got(container(tmp_path / "layout", tree, change))
    assert expected in line


def test_get_damaged_parquet_is_one_line(tmp_path, got):
    line, files = got(container(tmp_path / "layout", TREE, catalog=b"PAR1 damaged PAR1"))
    assert "the catalog of" in line
    assert "is damaged: it cannot be read" in line
    assert not files


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (b"\xff" * 2048, "the metadata layer of"),
        (tar_of({b".datacontainer/x": b""}), "has no 'catalog.parquet' in /.datacontainer"),
        (tar_of({b".datacontainer/../evil": b"", b"evil": b""}), "has no 'catalog.parquet' in /.datacontainer"),
        (tar_of({b".datacontainer/catalog.parquet": Link(b"/etc/passwd")}), "has no 'catalog.parquet'"),
    ],
    ids=["damaged", "none", "escape", "symlink"],
)
def test_get_wrong_metadata_layer_is_one_line(tmp_path, got, metadata, expected):
    line, files = got(layout(tmp_path / "layout", b"", metadata))
    assert expected in line
    assert not files


def test_get_layer_that_cannot_be_decompressed_is_one_line(tmp_path, got):
    good = container(tmp_path / "good", TREE)
    blobs = [path.read_bytes() for path in (good / "blobs/sha256").iterdir()]
    (metadata,) = [one for one in blobs if b".datacontainer/" in one[:512]]
    (data,) = [one for one in blobs if one.startswith(b"data/a")]
    damaged = bytearray(gzip.compress(data))
    damaged[len(damaged) // 2] ^= 255
    bad = layout(tmp_path / "bad", bytes(damaged), metadata, "tar+gzip")
    digest = next(path.name for path in (bad / "blobs/sha256").iterdir() if path.read_bytes() == damaged)
    replace_diff_id(bad, digest, sha256_of(good, data))
    line, _ = got(bad)
    assert "cannot be decompressed (zlib inflate failed" in line


def sha256_of(folder: Path, content: bytes) -> str:
    return next(path.name for path in (folder / "blobs/sha256").iterdir() if path.read_bytes() == content)


def replace_diff_id(folder: Path, old: str, new: str) -> None:
    """Changes a diff ID in the config, and the references to the config and to the manifest."""
    index = json.loads((folder / "index.json").read_bytes())
    (top,) = index["manifests"]
    manifest = json.loads(blob(folder, top["digest"]).read_bytes())
    config = blob(folder, manifest["config"]["digest"]).read_text().replace(old, new)
    manifest["config"]["digest"] = put(folder, config)
    top["digest"] = put(folder, json.dumps(manifest))
    (folder / "index.json").write_text(json.dumps(index))


def blob(folder: Path, digest: str) -> Path:
    return folder / "blobs/sha256" / digest.removeprefix("sha256:")


def put(folder: Path, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "blobs/sha256" / digest).write_text(text)
    return f"sha256:{digest}"


@pytest.mark.parametrize("diff_id", ["../../../etc", "0" * 63, ""])
def test_get_diff_id_that_is_no_sha256_is_one_line(tmp_path, got, diff_id):
    made = container(tmp_path / "layout", TREE)
    (metadata,) = [one.name for one in (made / "blobs/sha256").iterdir() if b".datacontainer/" in one.read_bytes()[:99]]
    replace_diff_id(made, metadata, diff_id)
    line, _ = got(made)
    assert "is no sha256" in line
    assert not (tmp_path / "cache/datacontainer/metadata").exists()


def test_get_layout_without_a_blob_is_one_line(tmp_path, got):
    made = container(tmp_path / "layout", TREE)
    (data,) = [one for one in (made / "blobs/sha256").iterdir() if one.read_bytes().startswith(b"data/")]
    data.unlink()
    line, files = got(made)
    assert f"has no 'blobs/sha256/{data.name}': it is no complete image layout" in line
    assert not files


@st.composite
def rows(draw) -> tuple[list[tuple[str, int, int]], dict[str, int]]:
    """Files in layers: layer, offset and size; and the sizes of the layers."""
    found, sizes = [], {}
    for layer in draw(st.lists(st.sampled_from("xyz"), unique=True)):
        end = 0
        for size in draw(st.lists(st.integers(0, 300), max_size=20)):
            # Headers of folders may precede those of the file.
            offset = end + -end % HEADER_BYTES + HEADER_BYTES * draw(st.integers(1, 6))
            end = offset + size
            found.append((layer, offset, size))
        sizes[layer] = end + -end % HEADER_BYTES + 1024
    return found, sizes


@given(rows(), st.data())
def test_plan_reads_each_file_once_and_no_more_than_gaps(made, data):
    listed, sizes = made
    listed.sort()
    whole = data.draw(st.sets(st.sampled_from(sorted(sizes)))) if sizes else set()
    gap, most = data.draw(st.integers(0, 3000)), data.draw(st.integers(50, 2000))
    files = files_of(listed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "GAP_BYTES", gap)
        patch.setattr(plans, "RUN_BYTES", most)
        runs = plans.plan(files, {one: None if one in whole else size for one, size in sizes.items()}, "test")
    read: dict[int, list[tuple[int, int]]] = {row: [] for row in range(len(listed))}
    for run in runs:
        assert (run.stop is None) == (run.layer in whole)
        for row in run.rows:
            layer, offset, size = listed[row]
            assert layer == run.layer
            if run.stop is None:
                read[row].append((0, size))
            elif run.part is None:
                assert run.start <= offset - HEADER_BYTES
                assert offset + size <= run.stop
                read[row].append((0, size))
            else:
                read[row].append((max(run.start, offset) - offset, run.stop - offset))
    for row, parts in read.items():
        ends = [0, *(end for _, end in parts)]
        assert [start for start, _ in parts] == ends[:-1]
        assert ends[-1] == listed[row][2]
    for run in runs:
        if run.stop is not None:
            wanted = sum(HEADER_BYTES + min(listed[row][2], run.stop - run.start) for row in run.rows)
            assert run.stop - run.start <= wanted + gap * max(0, len(run.rows) - 1)
            assert run.part is not None or all(listed[row][2] <= most for row in run.rows)


def files_of(listed: list[tuple[str, int, int]]) -> Files:
    layers, offsets, sizes = (list(one) for one in zip(*listed, strict=True)) if listed else ([], [], [])
    table = pa.table(
        {
            "path": pa.array([b"%d" % number for number in range(len(listed))], pa.large_binary()),
            "size": pa.array(sizes, pa.int64()),
            "sha256": pa.array(["0" * 64] * len(listed), pa.string()),
            "link": pa.nulls(len(listed), pa.large_binary()),
            "layer": pa.array(layers, pa.string()),
            "offset": pa.array(offsets, pa.int64()),
            "begin": pa.array([one - HEADER_BYTES for one in offsets], pa.int64()),
        }
    )
    return Files(table, b"/data")


def test_plan_many_files_together_are_few_runs_without_other_bytes():
    count, step = 100_000, 1024
    offsets = np.arange(count) * step + HEADER_BYTES
    table = pa.table(
        {
            "path": pa.array(np.arange(count).astype("S8"), pa.large_binary()),
            "size": pa.array(np.full(count, 100)),
            "sha256": pa.array(["0" * 64]).take(pa.array(np.zeros(count, int))),
            "link": pa.nulls(count, pa.large_binary()),
            "layer": pa.array(["x"]).take(pa.array(np.zeros(count, int))),
            "offset": pa.array(offsets),
            "begin": pa.array(offsets - HEADER_BYTES),
        }
    )
    files = Files(table, b"/data")
    runs = plans.plan(files, {"x": count * step + 1024}, "test")
    assert len(runs) == -(-count * step // plans.RUN_BYTES)
    assert [run.rows.start for run in runs[1:]] == [run.rows.stop for run in runs[:-1]]
