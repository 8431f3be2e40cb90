"""Small data containers in image layouts, written without the packer, so that their catalogs can be wrong."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.image.oci import LAYER_TYPE, METADATA, Blob, Layer, blob_path, image_config, layout_index, manifest
from tools.trees import Link

Tree = Mapping[bytes, bytes | Link]
Change = Callable[[pa.Table], pa.Table]
SCHEMA = pa.schema(
    {
        "path": pa.binary(),
        "size": pa.int64(),
        "sha256": pa.string(),
        "link": pa.binary(),
        "layer": pa.string(),
        "offset": pa.int64(),
    }
)


def container(folder: Path, tree: Tree, change: Change = lambda table: table, catalog: bytes | None = None) -> Path:
    """Writes a layout with one layer of data at /data. change: of the catalog. catalog: its bytes, if they differ."""
    data = tar_of({b"data/" + path: content for path, content in tree.items()})
    parquet = written(change(catalog_of(data, "sha256:" + hashlib.sha256(data).hexdigest())))
    metadata = tar_of({b".datacontainer/catalog.parquet": catalog or parquet, b".datacontainer/dataset.json": b"{}"})
    return layout(folder, data, metadata)


def layout(folder: Path, data: bytes, metadata: bytes, media_type: str = LAYER_TYPE) -> Path:
    """Writes a layout with these two layers. media_type: of the first."""
    blobs = [Blob(media_type, data), Blob(LAYER_TYPE, metadata)]
    kinds = "", METADATA
    listed = [
        Layer(one.digest, one.digest, len(one.content), "test", "gzip" if "gzip" in one.media_type else "none", kind)
        for one, kind in zip(blobs, kinds, strict=True)
    ]
    config = image_config("linux/amd64", listed, {})
    top = manifest(config, listed, {})
    (folder / "blobs/sha256").mkdir(parents=True)
    for one in (*blobs, config, top):
        (folder / blob_path(one.digest)).write_bytes(one.content)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "index.json").write_bytes(layout_index(top, "test", "1.0"))
    return folder


def tar_of(tree: Tree) -> bytes:
    """A tar of files and symlinks in this order."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, content in tree.items():
            member = tarfile.TarInfo(os.fsdecode(path))
            if isinstance(content, Link):
                member.type, member.linkname = tarfile.SYMTYPE, os.fsdecode(content.target)
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return target.getvalue()


def catalog_of(layer: bytes, diff_id: str) -> pa.Table:
    """The catalog of a layer's tar."""
    rows = []
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        for member in tar:
            row: dict[str, object] = {"path": b"/" + os.fsencode(member.name), "size": member.size}
            if member.issym():
                rows.append(row | {"link": os.fsencode(member.linkname)})
                continue
            content = layer[member.offset_data : member.offset_data + member.size]
            place = {"layer": diff_id, "offset": member.offset_data}
            rows.append(row | place | {"sha256": hashlib.sha256(content).hexdigest()})
    return pa.Table.from_pylist(rows, SCHEMA).replace_schema_metadata({"mount": "/data"})


def written(table: pa.Table) -> bytes:
    """A Parquet file."""
    target = io.BytesIO()
    pq.write_table(table, target)
    return target.getvalue()


def with_cell(name: str, row: int, value: object) -> Change:
    """A change of one cell."""

    def change(table: pa.Table) -> pa.Table:
        values = table[name].to_pylist()
        values[row] = value
        column = pa.array(values, table.schema.field(name).type)
        return table.set_column(table.schema.get_field_index(name), name, column)

    return change
