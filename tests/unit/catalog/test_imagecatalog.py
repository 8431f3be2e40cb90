"""Tests of the catalog in an image: places of contents, compared with those of tarfile and GNU tar; what changes it."""

import os
import re
import subprocess
import tarfile

import numpy as np
import pyarrow.parquet as pq
import pytest

from datacontainer.config.results import Results
from datacontainer.runtime.errors import UsageError
from datacontainer.scan.sharding import Limits
from tools.engines import require_tool
from tools.trees import fill


def rows_of(path):
    """The rows of a catalog by the bytes of their paths."""
    table = pq.read_table(path)
    names = [name if isinstance(name, bytes) else name.encode() for name in table["path"].to_pylist()]
    return dict(zip(names, table.drop_columns(["path"]).to_pylist(), strict=True))


def gnu_offsets(layer):
    """The offsets of the contents of a layer's members, in their order, from GNU tar."""
    command = [require_tool("tar"), "--list", "--block-number", "--quoting-style=escape", "--file", layer]
    printed = subprocess.run(command, check=True, capture_output=True, env=os.environ | {"LC_ALL": "C"}).stdout
    return [512 * (int(block) + 1) for block in re.findall(rb"(?m)^block (\d+): (?!\*\*)", printed)]


def test_image_catalog_has_the_rows_of_the_catalog_and_true_places(built):
    results = Results(built.folder)
    inside, catalog = rows_of(results.image_catalog), rows_of(built.catalog)
    found = {}
    for shard in built.shard_layers():
        with tarfile.open(shard.path, errors="surrogateescape") as tar:
            members = tar.getmembers()
        assert [member.offset_data for member in members] == gnu_offsets(shard.path)
        places = ((b"/" + os.fsencode(member.name), member.offset_data) for member in members if member.isfile())
        found |= {path: (shard.facts["diff_id"], offset) for path, offset in places}
    assert {path: (row["layer"], row["offset"]) for path, row in inside.items() if row["link"] is None} == found
    assert {(row["layer"], row["offset"]) for row in inside.values() if row["link"] is not None} == {(None, None)}
    plain = {path: {key: row[key] for key in row if key not in ("layer", "offset")} for path, row in inside.items()}
    assert plain == {b"/srv/data/" + path: {k: row[k] for k in row if k != "mtime"} for path, row in catalog.items()}
    with pq.ParquetFile(results.image_catalog) as file:
        groups = [file.read_row_group(group)["layer"].unique().drop_null() for group in range(file.num_row_groups)]
    assert [group.to_pylist() for group in groups] == [[shard.facts["diff_id"]] for shard in built.shard_layers()]


@pytest.mark.parametrize("mount", ["/", "/data", "/srv/b.c/d"])
def test_packer_offsets_large_files_and_mounts_are_those_of_tarfile(packer, tmp_path, mount):
    sizes = {"a": (8 << 30) - 1, "b/c": 8 << 30, "b/d": 5, "e" * 80: 1 << 40, "f": 0, "g": 512, "h": 1}
    (tmp_path / "list").write_bytes(
        b"".join(b"f 644 %d 1 2 3\0%b\0\0" % (size, name.encode()) for name, size in sizes.items())
        + b"d 755 0 0 0 0\0void\0\0l 777 1 1 1 1\0x\0y\0"
    )
    command = [packer, "offsets", "--mount", mount, "--output", tmp_path / "offsets", tmp_path / "list"]
    subprocess.run(command, check=True)
    expected, position, seen = [], 0, set()
    for name, size in sizes.items():
        parts = f"{mount}/{name}".lstrip("/").split("/")
        folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))} - seen
        seen |= folders
        position += 512 * len(folders)
        member = tarfile.TarInfo("/".join(parts))
        member.size = size
        position += len(member.tobuf(tarfile.PAX_FORMAT))
        expected.append(position)
        position += -(-size // 512) * 512
    assert np.fromfile(tmp_path / "offsets", "<i8").tolist() == [*expected, -1]


def test_image_catalog_of_touched_files_and_compressed_layers_has_the_same_bytes(staged):
    fill(staged.dataset, {b"a/b": b"1", b"c": b"22"})
    staged.run()
    first = Results(staged.folder).image_catalog.read_bytes()
    os.utime(staged.dataset / "a/b", (1, 1))
    staged.compression = "gzip"
    staged.again()
    assert Results(staged.folder).image_catalog.read_bytes() == first


def test_image_catalog_of_an_edited_file_differs_in_one_row_group(staged):
    fill(staged.dataset, {b"%02d" % number: b"%d" % number for number in range(40)})
    staged.minimum = Limits(4, 1 << 28)
    read = []
    for content in (b"7", b"another"):
        (staged.dataset / "07").write_bytes(content)
        staged.run()
        with pq.ParquetFile(Results(staged.folder).image_catalog) as file:
            read.append([file.read_row_group(group) for group in range(file.num_row_groups)])
    assert len(read[0]) == len(read[1]) > 3
    assert [one.equals(other) for one, other in zip(*read, strict=True)].count(False) == 1


@pytest.mark.parametrize("name", ["layer", "offset", "mtime"])
def test_aggregate_field_with_the_name_of_a_column_is_refused(staged, tmp_path, name):
    (tmp_path / "user.py").write_text(f"def f(path): return {{'{name}': 1}}\n")
    fill(staged.dataset, {b"a": b"1"})
    staged.functions = (f"{tmp_path}/user.py:f",)
    with pytest.raises(UsageError, match=f"returned the key '{name}', which is the name of another field: rename it"):
        staged.run()
