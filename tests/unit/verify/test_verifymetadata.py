"""Tests of verify: differences of the files in /.datacontainer from the files next to the image are named."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tools.images import Entry
from tools.products import MOUNT, UNIQUE_PATH, Change, Entries, put, refused
from tools.squashfs import FILE, FOLDER

CATALOG, SUMMARY = b".datacontainer/catalog.parquet", b".datacontainer/dataset.json"
# The number of the metadata's layer, after three shards.
METADATA = 3


def cell(column: str, value: object) -> Change:
    """A change of a value of the image's catalog, in the row of UNIQUE_PATH, or of the file's metadata."""

    def change(entries: Entries) -> None:
        written = io.BytesIO()
        with (
            pq.ParquetFile(io.BytesIO(entries[CATALOG].content)) as file,
            pq.ParquetWriter(written, file.schema_arrow) as writer,
        ):
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group).to_pylist()
                for row in rows:
                    row[column] = value if row["path"] == b"/" + UNIQUE_PATH else row.get(column)
                writer.write_table(pa.Table.from_pylist(rows, file.schema_arrow))
            kept = {key: text for key, text in file.metadata.metadata.items() if key != b"ARROW:schema"}
            writer.add_key_value_metadata(
                kept if column in file.schema_arrow.names else kept | {column.encode(): value}
            )
        entries[CATALOG] = Entry(entries[CATALOG].mode, written.getvalue())

    return change


CHANGES: list[tuple[Change, str]] = [
    (
        cell("path", b"/x"),
        "the column 'path' of '/srv/data/sub/unique': expected b'/srv/data/sub/unique' (the cat",
    ),
    (cell("size", 5), "the column 'size' of '/srv/data/sub/unique': expected 31 (the catalog), found 5 (catalog.par"),
    (cell("sha256", "0" * 64), "the column 'sha256' of '/srv/data/sub/unique': expected '"),
    (cell("link", "x"), "the column 'link' of '/srv/data/sub/unique': expected None (the catalog), found 'x'"),
    (cell("offset", 0), "the place of 'sub/unique': expected byte 0 of layer 3 (catalog.parquet in the image), found "),
    (cell("offset", None), "the column 'offset' of '/srv/data/sub/unique': expected True (the catalog), found False"),
    (cell("layer", None), "the column 'layer' of '/srv/data/sub/unique': expected True (the catalog), found False"),
    (cell("layer", "sha256:0"), "the diff ID of layer 4 with files: expected nothing (the layers), found sha256:0"),
    (cell("digest", "sha256:0"), "columns, metadata and row groups: expected "),
    (put(CATALOG, FILE | 0o644, b"PAR1"), "catalog.parquet in the image cannot be read: "),
    (lambda entries: entries.pop(CATALOG), "catalog.parquet in the image cannot be read: "),
    (put(CATALOG, FILE | 0o755, b"PAR1"), "the mode of '/.datacontainer/catalog.parquet': expected 0644"),
    (put(SUMMARY, FILE | 0o644, b"{}"), "sha256 of '/.datacontainer/dataset.json': expected "),
    (lambda entries: entries.pop(SUMMARY), "sha256 of '/.datacontainer/dataset.json': expected "),
    (put(b".datacontainer", FOLDER | 0o700), "the mode of '/.datacontainer/': expected 0755"),
    (put(b"etc", FOLDER | 0o755), "'/etc/' is in the layers; only /srv/data and files in '/.datacontainer' are all"),
    (put(b".datacontainer/a/b", FILE | 0o644), "'/.datacontainer/a/b' is in the layers; only "),
    (put(MOUNT + b"more", FILE | 0o644), "'/srv/data/more' is in the layers; only "),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_verify_changed_metadata_names_the_difference(products, change: Change, named: str):
    products.change_layer(METADATA, change)
    products.archive.unlink()
    products.sif.unlink()
    refused(products, named)


def test_verify_metadata_without_its_annotation_is_named(products):
    digest = products.digests()[METADATA]
    manifest = next(path for path in products.referring_to(digest) if b'"layers":[' in path.read_bytes())
    products.change_json(manifest.name, lambda value: value["layers"][METADATA].pop("annotations"))
    refused(products, "the annotations io.datacontainer.layer of linux/")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [("a.json", "{", ""), ("b.json", "{}", ""), ("a.json", None, "nothing (a file in ")],
)
def test_verify_document_that_differs_from_the_results_is_named(products, name, content, expected):
    standards: Path = products.folder / "standards"
    standards.mkdir()
    products.change_layer(METADATA, put(b".datacontainer/a.json", FILE | 0o644, b"{}"))
    products.convert()
    products.archive.unlink()
    (standards / "a.json").write_text("{}")
    products.verify()
    (products.folder / "stages/verify/report.json").unlink()
    (standards / name).unlink(missing_ok=True)
    if content:
        (standards / name).write_text(content)
    refused(products, f"sha256 of '/.datacontainer/{name}': expected {expected}")
