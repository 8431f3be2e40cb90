"""Lineage: the records of runs in a dataset; damaged and hostile records give warnings."""

import hashlib
import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.about.contents import MAX_BYTES
from datacontainer.about.lineage import MOST_RUNS, read_lineage
from datacontainer.about.values import KEYS, WrongValueError
from datacontainer.config.dataset import MADE_FROM, Identity
from datacontainer.image.labels import labels_of
from datacontainer.runtime.errors import DataError

DIGEST, IMAGE = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
DATA = {"name": "fruit", "version": "1.0", "digest": DIGEST}
RUN = {"command": "count", "run": "0123456789abcdef", "data": DATA, "inputs": {}}
ENTRY = {"name": "fruit", "version": "1.0", "dataset_digest": DIGEST, "command": "count", "run": "0123456789abcdef"}


@pytest.fixture
def lineage(tmp_path, caplog):
    """A function that writes files and their catalog, and returns the lineage and the warnings."""
    caplog.set_level(logging.WARNING, logger="datacontainer")

    def run(files, given=(), links=()):
        contents = {name: one if isinstance(one, bytes) else json.dumps(one).encode() for name, one in files.items()}
        for name, content in contents.items():
            path = tmp_path / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        rows = [(name.encode(), len(one), hashlib.sha256(one).hexdigest()) for name, one in sorted(contents.items())]
        columns = dict(zip(("path", "size", "sha256"), map(list, zip(*rows, strict=True)), strict=True))
        columns["link"] = ["x" if name in links else None for name in sorted(contents)]
        pq.write_table(pa.table(columns), tmp_path / "catalog.parquet", row_group_size=2)
        found = read_lineage(given, str(tmp_path / "data"), tmp_path / "catalog.parquet")
        return found, [one.getMessage().removeprefix("warning: ") for one in caplog.records]

    return run


def test_read_lineage_of_runs_at_the_top_and_below_is_sorted_without_duplicates(lineage):
    other = {**RUN, "run": "1123456789abcdef", "data": {**DATA, "image": IMAGE}}
    files = {
        "a.txt": b"",
        "run.json": RUN,
        "fruit/1.0/count/1123456789abcdef/run.json": other,
        "copy/run.json": RUN,
        "a/b/c/d/e/run.json": {**RUN, "run": "too deep"},
        "not-run.json": {**RUN, "run": "another name"},
    }
    found, warnings = lineage(files, KEYS["made_from"]([f"localhost:5000/lab/pear:2.0@{IMAGE}"]))
    assert found == [
        {"reference": "localhost:5000/lab/pear", "image": IMAGE},
        ENTRY,
        {**ENTRY, "run": "1123456789abcdef", "image": IMAGE},
    ]
    assert warnings == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff{", b"{", b"[" * 100_000, [1], {}, {"data": DATA}, {"command": "a", "run": "b", "data": [DIGEST]}],
)
def test_read_lineage_run_json_of_another_program_is_ignored(lineage, content):
    found, warnings = lineage({"run.json": content, "x": b""})
    assert (found, [one for one in warnings if "UTF-8" not in one]) == ([], [])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"data": {**DATA, "digest": "sha256:../../etc"}}, "'sha256:../../etc' is not a digest"),
        ({"data": {**DATA, "digest": None}}, "'None' is not text"),
        ({"data": {**DATA, "name": "\x1b]0;a\x07"}}, "']0;a' is not the name of a dataset"),
        ({"data": {**DATA, "version": {"a": 1}}}, "is not text"),
        ({"data": {**DATA, "image": "latest"}}, "'latest' is not a digest"),
        ({"command": "../x"}, "'../x' is not the name of a command"),
        ({"run": ""}, "'' is not the name of a run"),
    ],
)
def test_read_lineage_wrong_value_is_left_out_with_a_warning(lineage, changed, expected):
    found, (warning,) = lineage({"run.json": {**RUN, **changed}, "b/run.json": RUN})
    assert found == [ENTRY]
    assert expected in warning
    assert warning.startswith("'run.json' is not used for the lineage of the dataset: ")


def test_read_lineage_large_record_and_symlink_are_left_out_with_a_warning(lineage):
    found, warnings = lineage({"run.json": b" " * (MAX_BYTES + 1), "b/run.json": RUN}, links=["b/run.json"])
    assert found == []
    assert [one.rpartition(": ")[2] for one in warnings] == ["it is a symlink", f"it is larger than {MAX_BYTES} bytes"]


def test_read_lineage_many_records_are_bounded_with_a_warning(lineage):
    files = {f"{number:03}/run.json": {**RUN, "run": f"{number}"} for number in range(MOST_RUNS + 1)}
    found, (warning,) = lineage(files)
    assert len(found) == MOST_RUNS
    assert f"more than {MOST_RUNS} files 'run.json'" in warning


def test_read_lineage_record_that_changed_is_an_error(lineage, tmp_path):
    lineage({"run.json": RUN})
    (tmp_path / "data/run.json").write_text("{}")
    with pytest.raises(DataError, match="changed after it was read for the catalog"):
        read_lineage((), str(tmp_path / "data"), tmp_path / "catalog.parquet")


def test_labels_of_a_result_name_each_ancestor_once():
    described = {"digest": DIGEST, "files": 1, "bytes": 2}
    made_from = [ENTRY, {**ENTRY, "run": "b"}, {"reference": "localhost/pear", "image": IMAGE}]
    labels = labels_of(Identity("a", "1", "/data"), {**described, "about": {"made_from": made_from}})
    ancestors = json.loads(labels[MADE_FROM])
    assert ancestors == [{"name": "fruit", "version": "1.0", "dataset_digest": DIGEST}, made_from[2]]
    assert MADE_FROM not in labels_of(Identity("a", "1", "/data"), {**described, "about": {}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("localhost/pear:1.0", "has no digest: write localhost/pear@sha256:"), ("pear", "is no image of a registry")],
)
def test_made_from_of_the_configuration_needs_a_reference_with_a_digest(text, expected):
    with pytest.raises(WrongValueError, match=expected):
        KEYS["made_from"]([text])
