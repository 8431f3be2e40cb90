"""Tests of verify: intact images pass; a damaged layer or catalog raises an error that names the file."""

import hashlib
import json
import os
import random
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.runtime import progress
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.verify import apptainer
from datacontainer.verify.comparison import Differences
from tools.products import DAMAGE, MOUNT, UNIQUE, UNIQUE_PATH, Change, Products, flip, put, refused, sha256sum
from tools.squashfs import FILE, FOLDER
from tools.trees import ODD_NAMES


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_verify_intact_images_writes_counts_to_the_report(products):
    report = products.verify()
    files, links = 2 * len(ODD_NAMES) + 13, 2
    summary = json.loads((products.folder / "dataset.json").read_text())
    counts = {"files": files, "links": links, "folders": 65, "bytes": summary["bytes"]}
    images = report["layout"].pop("images")
    assert set(images) == {"linux/amd64", "linux/arm64"}
    assert images["linux/amd64"]["id"] == "sha256:" + products.config()
    assert images["linux/amd64"]["manifest"][7:] in os.listdir(products.layout / "blobs/sha256")
    blobs = len(os.listdir(products.layout / "blobs/sha256"))
    size = products.archive.stat().st_size
    assert report == {
        "files": files + links,
        "bytes": summary["bytes"],
        "digest": summary["digest"],
        "layout": counts | {"blobs": blobs},
        "docker": {"sha256": sha256sum(products.archive), "files": blobs + 3, "bytes": size},
        "sif": counts | {"platform": "linux/amd64", "sha256": sha256sum(products.sif)},
    }


def test_verify_without_archive_and_sif_compares_the_layers(products):
    products.archive.unlink()
    products.sif.unlink()
    assert set(products.verify()) == {"files", "bytes", "digest", "layout"}


def test_verify_leaves_no_file_open_and_no_thread(products):
    # The first use of pyarrow starts its threads.
    products.verify()
    open_files, threads = os.listdir("/proc/self/fd"), os.listdir("/proc/self/task")
    os.truncate(products.archive, 100_000)
    os.truncate(products.sif, 100_000)
    with pytest.raises(DataError):
        products.verify()
    assert (os.listdir("/proc/self/fd"), os.listdir("/proc/self/task")) == (open_files, threads)


def test_verify_long_reading_logs_progress(products, monkeypatch, caplog):
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 0)
    with caplog.at_level("INFO", logger=logger.name):
        products.verify()
    for title in ("the layers", "the entrypoint of linux/arm64", "the archive", "the SIF"):
        assert re.search(rf"{title}: [\d.]+ \w+ of [\d.]+ \w+, ", caplog.text)


def test_verify_byte_changed_in_a_layer_names_the_file_and_the_blob(products):
    blob = products.blob(products.digests()[2])
    flip(blob, UNIQUE)
    changed = digest(bytes([UNIQUE[0] ^ 1]) + UNIQUE[1:])
    refused(
        products,
        f"'sub/unique': expected sha256 {digest(UNIQUE)} (the catalog), found sha256 {changed} (the layers)",
        f"the blob sha256:{blob.name}: expected sha256:{blob.name} (the manifest), found sha256:{sha256sum(blob)} (its",
        f"delete '{products.folder}'",
    )


def test_verify_byte_and_all_digests_changed_names_only_the_file(products):
    changed = digest(UNIQUE.upper())
    products.change_layer(2, put(UNIQUE_PATH, FILE | 0o644, UNIQUE.upper()))
    products.archive.unlink()
    products.convert()
    error = refused(products, "; the diff ID of layer 3 with files: expected sha256:")
    for where in ("the layers", "the SIF"):
        assert (
            f"'sub/unique': expected sha256 {digest(UNIQUE)} (the catalog), found sha256 {changed} ({where})" in error
        )
    assert "blob" not in error


@pytest.mark.parametrize(("change", "named"), DAMAGE)
def test_verify_changed_layer_names_the_file(products, change: Change, named: str):
    products.change_layer(2, change)
    products.archive.unlink()
    refused(products, named.format("layers"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            put(MOUNT + b"void", FOLDER | 0o700),
            "the mode of '/srv/data/void/': expected 0755 (the data container format), found 0700 (the layers)",
        ),
        (
            put(MOUNT + b"void/.wh.unique", FILE | 0o644),
            "'void/.wh.unique' is in the layers but not in the catalog",
        ),
        (
            put(b"srv/other", FILE | 0o644),
            "'/srv/other' is in the layers; only /srv/data is allowed there",
        ),
        (put(MOUNT + b"large", FILE | 0o644), "the layers are not sorted: 'large' follows '"),
    ],
)
def test_verify_layer_that_convert_refuses_names_the_path(products, change, named):
    products.change_layer(2, change)
    refused(products, named)


def test_verify_same_file_twice_in_a_layer_names_it(products):
    old = products.digests()[2]
    layer = products.blob(old).read_bytes()
    # Repeats the member of `unique`: a header and one block.
    start = layer.index(UNIQUE) - 512
    products.replace_blob(old, layer[: start + 1024] + layer[start:])
    refused(products, " is not sorted: 'srv/data/sub/unique' follows 'srv/data/sub/unique'")


def test_verify_layers_in_another_order_names_the_first_file(products, caplog):
    first, second, third = products.shard_layers()
    products.assemble([first, third, second], ["linux/amd64"])
    refused(products, " is missing from the layers", " more, all in the log")
    assert re.search("the layers are not sorted: '.*' follows '.*'", caplog.text)


def rewrite_catalog(products: Products, change: Callable[[list[dict]], None]) -> None:
    table = pq.read_table(products.catalog)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), products.catalog)


def test_verify_digests_of_two_rows_swapped_names_both_files(products):
    def swap(rows: list[dict]) -> None:
        one, other = (next(row for row in rows if row["path"] == path) for path in (b"sub/unique", b"sub/one"))
        one["sha256"], other["sha256"] = other["sha256"], one["sha256"]

    rewrite_catalog(products, swap)
    refused(products, f"'sub/one': expected sha256 {digest(UNIQUE)} (the catalog)", "'sub/unique': ", "; and ")


def test_verify_rows_swapped_names_the_unsorted_row(products):
    def swap(rows: list[dict]) -> None:
        rows[3], rows[4] = rows[4], rows[3]

    rewrite_catalog(products, swap)
    refused(products, "the catalog is not sorted: ")


@pytest.mark.parametrize("name", ["path", "size", "sha256"])
def test_verify_catalog_without_a_value_or_column_names_it(products, name):
    rewrite_catalog(products, lambda rows: rows[3].update({name: None}))
    refused(products, f"the catalog '{products.catalog}' has a row without path, size or sha256")
    pq.write_table(pq.read_table(products.catalog).drop_columns([name]), products.catalog)
    refused(products, f"the catalog '{products.catalog}' has no column {name}")


@pytest.mark.parametrize("name", ["size", "sha256"])
def test_verify_catalog_with_a_column_of_another_type_names_it(products, name):
    table = pq.read_table(products.catalog)
    column = table.column_names.index(name)
    pq.write_table(table.set_column(column, name, table[name].cast(pa.string()).cast(pa.binary())), products.catalog)
    refused(products, f"the catalog '{products.catalog}' has a size or sha256 of another type")


def test_verify_damaged_catalog_is_named(products):
    products.catalog.write_bytes(products.catalog.read_bytes()[:-9])
    refused(products, f"the catalog '{products.catalog}' cannot be read: ")


@pytest.mark.parametrize("key", ["digest", "files", "links", "bytes"])
def test_verify_dataset_json_of_another_dataset_names_what_differs(products, key):
    path = products.folder / "dataset.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps(summary | {key: 1}))
    named = [f"the {key} of the dataset: expected {summary[key]} (the catalog), found 1 (dataset.json)"]
    if key != "links":
        named.append(f"dataset.{key}: expected 1 (dataset.json), found {summary[key]} (the config)")
    refused(products, *named)


def test_verify_dataset_json_with_other_ancestors_than_the_label_names_both(products):
    path = products.folder / "dataset.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps(summary | {"about": {"made_from": [{"dataset_digest": "sha256:aa", "image": "b"}]}}))
    expected = "expected ['b', 'sha256:aa'] (dataset.json), found [] (the config)"
    refused(products, f"the label io.datacontainer.made-from: {expected}")


def test_verify_without_dataset_json_compares_the_rest(products):
    report = products.verify()
    (products.folder / "dataset.json").unlink()
    assert products.verify() == report


def test_verify_two_images_damaged_names_both_to_delete(products):
    flip(products.archive, UNIQUE)
    flip(products.sif, UNIQUE)
    refused(products, f"; delete '{products.archive}' and '{products.sif}' and run snakemake again")


def test_verify_many_differences_three_are_named_and_twenty_are_in_the_log(products, caplog):
    rewrite_catalog(products, lambda rows: rows.clear())
    error = refused(products, "; and 17 more, all in the log; stopped after 20 differences; delete ")
    assert error.count("is in the layers but not in the catalog") == 3
    assert caplog.text.count("is in the layers but not in the catalog") == 20


@pytest.mark.slow
@pytest.mark.parametrize("product", ["archive", "sif", "layer", "config", "catalog"])
def test_verify_random_damage_is_a_data_error_or_nothing(products, product):
    paths = {"layer": products.blob(products.digests()[0]), "config": products.blob(products.config())}
    path = paths.get(product) or getattr(products, product)
    intact, generator, refusals = path.read_bytes(), random.Random(product), 0
    for _ in range(25):
        damaged = bytearray(intact)
        for _ in range(generator.choice([1, 1, 100])):
            damaged[generator.randrange(len(damaged))] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged[: generator.choice([len(damaged), generator.randrange(len(damaged))])])
        try:
            products.verify()
        except DataError:
            refusals += 1
    # A SIF and a Parquet file contain unused bytes.
    assert refusals == 25 or (product in {"sif", "catalog"} and refusals > 12)
    path.write_bytes(intact)
    products.verify()


@pytest.mark.parametrize(
    ("script", "result"),
    [
        (None, "not installed"),
        ('[ "$3" = --userns ]', "the SIF runs, and has its files at the mount"),
        ("echo 'no user namespaces' >&2; exit 255", "cannot run here (255)"),
        ("echo 'usage: other'; exit 2", "cannot run here (2)"),
    ],
)
def test_run_sif_apptainer_that_cannot_run_it_is_no_difference(script, result, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    notices = []
    monkeypatch.setattr(apptainer, "notice", notices.append)
    if script is not None:
        (tmp_path / "apptainer").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "apptainer").chmod(0o755)
    differences = Differences()
    assert apptainer.run_sif(tmp_path / "fruit.sif", "/data", differences) == result
    assert differences.lines == []
    assert ["Apptainer cannot run here" in one for one in notices] == [True] * ("cannot" in result)
