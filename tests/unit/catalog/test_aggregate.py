"""Aggregate: one catalog from many shards, and the summary of the dataset."""

import hashlib
import json
import subprocess
import time
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.catalog.aggregate import aggregate
from datacontainer.catalog.fields import FieldTable
from datacontainer.catalog.nonerows import has_none, none_rows_of
from datacontainer.catalog.shards import ShardFiles
from datacontainer.runtime.errors import UsageError

IDENTITY = {"name": "fruit", "version": "1.0", "mount": "/data"}


def shard(folder, number, files, links=None, fields=()):
    """Writes the files of a shard. files, links: contents and targets by path. fields: by row."""
    links = links or {}
    contents = dict(sorted({**files, **links}.items()))
    names = [folder / f"{number}.{suffix}" for suffix in ("list", "digests", "parquet", "json")]
    listed, digests, columns, facts = names
    kinds = {path: (b"l 777" if path in links else b"f 644") for path in contents}
    listed.write_bytes(
        b"".join(
            b"%b %d 1 2 3\0%b\0%b\0" % (kinds[path], len(content), path, links.get(path, b""))
            for path, content in contents.items()
        )
    )
    digests.write_bytes(b"".join(hashlib.sha256(content).digest() for content in contents.values()))
    table = FieldTable()
    for row in fields:
        table.append(row)
    added = table.arrays()
    pq.write_table(pa.table([array for _, array in added], pa.schema([field for field, _ in added])), columns)
    counts = {"files": len(files), "links": len(links), "digest": f"sha256:{number}"}
    facts.write_text(json.dumps(counts | {"record": {"digests": ["sha256"]}}))
    return ShardFiles(listed, digests, columns if fields else None), facts


def run(folder, shards, functions=(), function_seconds=None, recorded=()):
    catalog, summary, content = folder / "catalog.parquet", folder / "dataset.json", folder / "content.digest"
    aggregate(
        identity=IDENTITY,
        functions=functions,
        function_seconds=function_seconds,
        folder="/data",
        recorded=recorded,
        records=[records for records, _ in shards],
        facts=[facts for _, facts in shards],
        catalog=catalog,
        summary=summary,
        content=content,
    )
    return pq.read_table(catalog), json.loads(summary.read_text()), content.read_text()


def test_aggregate_recorded_failures_are_counted_or_stop_the_run(tmp_path, caplog):
    shards = [shard(tmp_path, number, {b"%d" % number: b"1"}) for number in (1, 2)]
    for _, facts in shards:
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"errors": {"/a/mine.py:f": 2, "nifti": 1}}))
    _, summary, _ = run(tmp_path, shards, recorded=["/a/mine.py:f", "nifti"])
    assert summary["errors"] == {"mine.py:f": 4, "nifti": 2}
    assert "'nifti' failed on 2 files: the column `error` of the catalog gives the reasons" in caplog.text
    with pytest.raises(
        UsageError, match="'nifti' failed on 2 files in an earlier run with `on_error: record`; correct"
    ):
        run(tmp_path, shards, recorded=["/a/mine.py:f"])


def test_aggregate_function_with_two_parameters_gets_the_folder(tmp_path):
    (tmp_path / "mine.py").write_text("def f(frame, folder): return {'n': [len(frame), folder]}\n")
    _, summary, _ = run(tmp_path, [shard(tmp_path, 1, {b"a": b"1"})], [f"{tmp_path}/mine.py:f"])
    assert summary["metadata"] == {"n": [1, "/data"]}
    assert "errors" not in summary


def test_aggregate_domain_that_fails_on_the_dataset_is_recorded_or_stops_the_run(tmp_path, caplog):
    shards = [shard(tmp_path, 1, {b"a": b"1"}, fields=[{"dicom_transfer_syntax": "x", "dicom_identifying": "no JSON"}])]
    _, summary, _ = run(tmp_path, shards, ["dicom"], recorded=["dicom"])
    problem = "dicom: JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
    assert summary["metadata"] == {"dicom": {"error": problem}}
    assert f"dicom: no summary: {problem}" in caplog.text
    with pytest.raises(UsageError, match="'dicom' failed on the catalog: JSONDecodeError"):
        run(tmp_path, shards, ["dicom"])


def test_aggregate_two_shards_gives_one_sorted_catalog(tmp_path):
    shards = [
        shard(tmp_path, 1, {b"a": b"1", b"b": b"22"}, fields=[{"n": 1}, {}]),
        shard(tmp_path, 2, {b"c": b""}, fields=[{"n": 0.5, "t": "x"}]),
    ]
    catalog, summary, _ = run(tmp_path, shards)
    assert catalog.column_names == ["path", "size", "mtime", "sha256", "n", "t"]
    assert [str(field.type) for field in catalog.schema] == [
        "string",
        "int64",
        "timestamp[ns, tz=UTC]",
        "string",
        "double",
        "string",
    ]
    assert catalog.drop_columns(["mtime", "sha256"]).to_pylist() == [
        {"path": "a", "size": 1, "n": 1.0, "t": None},
        {"path": "b", "size": 2, "n": None, "t": None},
        {"path": "c", "size": 0, "n": 0.5, "t": "x"},
    ]
    assert (summary["files"], summary["empty"], summary["bytes"], summary["links"]) == (3, 1, 3, 0)


def test_aggregate_none_in_one_shard_marks_the_column_and_changes_the_content(tmp_path):
    def built(fields):
        folder = tmp_path / repr(fields).replace(" ", "")
        folder.mkdir()
        shards = [shard(folder, 1, {b"a": b"1"}, fields=[{"n": 1}]), shard(folder, 2, {b"b": b""}, fields=[fields])]
        run(folder, shards)
        return has_none(pq.read_schema(folder / "catalog.parquet").field("n")), (folder / "content.digest").read_text()

    none, absent = built({"n": None}), built({})
    assert (none[0], absent[0]) == (True, False)
    assert none[1] != absent[1]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([{"n": 1}, {"n": None}, {}, {}, {"n": None}], [0, 1, 0, 0, 1]),
        ([{}, {"n": None}, {"n": None}, {"n": 3}, {"n": None}], [0, 1, 1, 0, 1]),
        ([{"n": None}, {"n": None}, {}, {"n": "x"}, {}], [1, 1, 0, 0, 0]),
        ([{"n": None}, {"n": [1]}, {"n": None}, {"n": "x"}, {"n": None}], None),
        ([{"n": None}, {}, {}, {}, {}], [1, 0, 0, 0, 0]),
        ([{}, {"n": 1}, {}, {}, {}], None),
    ],
)
@pytest.mark.parametrize("divided", [[], [2], [1, 3, 3], [1, 2, 3, 4]])
def test_aggregate_none_and_absent_values_are_distinguished_in_any_division(tmp_path, fields, expected, divided):
    bounds, shards = [0, *divided, len(fields)], []
    for start, end in pairwise(bounds):
        files = {b"%d" % row: b"" for row in range(start, end)}
        shards.append(shard(tmp_path, f"{start}-{end}", files, fields=fields[start:end]))
    catalog, _, _ = run(tmp_path, shards)
    metadata = pq.read_metadata(tmp_path / "catalog.parquet").metadata
    is_none = none_rows_of(metadata, "n", len(fields))
    assert (None if is_none is None else is_none.tolist()) == expected
    assert has_none(catalog.schema.field("n")) == (None in (row.get("n", 0) for row in fields))
    assert list(metadata) == [b"ARROW:schema", *([b"none_rows:n"] if expected else [])]
    assert pq.read_schema(tmp_path / "catalog.parquet").names == ["path", "size", "mtime", "sha256", "n"]


def test_aggregate_dataset_digest_equals_that_of_sha256sum(tmp_path):
    dataset = tmp_path / "dataset"
    files = {b"b/x": b"2", b"a": b"1", "ä y".encode(): b""}
    for path, content in files.items():
        target = dataset / path.decode()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    command = r"find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum"
    expected = subprocess.run(["bash", "-c", command], cwd=dataset, capture_output=True, text=True, check=True).stdout
    ordered = sorted(files.items())
    shards = [shard(tmp_path, 1, dict(ordered[:1])), shard(tmp_path, 2, dict(ordered[1:]))]
    assert run(tmp_path, shards)[1]["digest"] == "sha256:" + expected.split()[0]


def test_aggregate_links_are_counted_and_change_the_digest(tmp_path):
    catalog, summary, _ = run(
        tmp_path, [shard(tmp_path, 1, {b"a": b"1"}, {b"l": b"a"}), shard(tmp_path, 2, {b"z": b""})]
    )
    assert catalog["link"].to_pylist() == [None, "a", None]
    lines = [(b"", b"1", b"a"), (b"link:", b"a", b"l"), (b"", b"", b"z")]
    text = b"".join(b"%b%b  %b\0" % (kind, hashlib.sha256(c).hexdigest().encode(), path) for kind, c, path in lines)
    assert summary["digest"] == "sha256:" + hashlib.sha256(text).hexdigest()
    assert (summary["files"], summary["links"], summary["bytes"]) == (2, 1, 1)


def test_aggregate_name_that_is_not_utf8_makes_paths_binary(tmp_path):
    catalog, _, _ = run(tmp_path, [shard(tmp_path, 1, {b"a": b"1"}), shard(tmp_path, 2, {b"\xff": b"2"})])
    assert catalog["path"].to_pylist() == [b"a", b"\xff"]


def test_aggregate_empty_dataset_has_a_catalog_without_rows(tmp_path):
    catalog, summary, _ = run(tmp_path, [shard(tmp_path, 1, {})])
    assert catalog.column_names == ["path", "size", "mtime", "sha256"]
    assert catalog.num_rows == 0
    assert summary["digest"] == "sha256:" + hashlib.sha256().hexdigest()
    assert summary["duplicates"] == {"files": 0, "bytes": 0}


def test_aggregate_types_and_duplicates_are_counted(tmp_path):
    files = {b"a.nii.gz": b"123", b"b.NII.gz": b"123", b"c.txt": b"9", b"d.tar/e": b"", b".hidden": b"", b"f.txt": b"9"}
    _, summary, _ = run(
        tmp_path, [shard(tmp_path, 1, dict(list(files.items())[:2])), shard(tmp_path, 2, dict(list(files.items())[2:]))]
    )
    assert summary["types"] == {
        ".nii.gz": {"files": 2, "bytes": 6},
        ".txt": {"files": 2, "bytes": 2},
        "": {"files": 2, "bytes": 0},
    }
    assert summary["duplicates"] == {"files": 2, "bytes": 4}


def test_aggregate_content_digest_depends_on_all_but_times(tmp_path):
    (tmp_path / "more.py").write_text("def note(catalog): return {'note': 'x'}\n")
    base = {b"a": b"1"}
    content = [
        run(tmp_path, [shard(tmp_path, 1, base, fields=[{"n": 1}])])[2],
        run(tmp_path, [shard(tmp_path, 1, base, fields=[{"n": 2}])])[2],
        run(tmp_path, [shard(tmp_path, 1, {b"a": b"2"}, fields=[{"n": 1}])])[2],
        run(tmp_path, [shard(tmp_path, 1, base, fields=[{"n": 1}])], [f"{tmp_path}/more.py:note"])[2],
    ]
    one = shard(tmp_path, 1, base, fields=[{"n": 1}])
    layer = json.loads(one[1].read_text())
    one[1].write_text(json.dumps(layer | {"digest": "sha256:other"}))
    content.append(run(tmp_path, [one])[2])
    content.append(run(tmp_path, [shard(tmp_path, 1, base, fields=[{"n": 1.0}])])[2])
    content.append(run(tmp_path, [shard(tmp_path, 1, base, fields=[{"m": 1}])])[2])
    assert len(set(content)) == 7
    shard(tmp_path, 1, base, fields=[{"n": 1}])
    records, facts = shard(tmp_path, 3, base, fields=[{"n": 1}])
    facts.write_text((tmp_path / "1.json").read_text())
    assert run(tmp_path, [(records, facts)])[2] == content[0]


def test_aggregate_dataset_function_gets_the_catalog_as_data_frame(tmp_path):
    (tmp_path / "functions.py").write_text(
        "def total(catalog): return {'total': catalog['size'].sum(), 'n': len(catalog)}\n"
    )
    _, summary, _ = run(tmp_path, [shard(tmp_path, 1, {b"a": b"1", b"b": b"22"})], [f"{tmp_path}/functions.py:total"])
    assert summary["metadata"] == {"total": 3, "n": 2}


def test_aggregate_two_dataset_functions_get_the_same_data_frame(tmp_path):
    (tmp_path / "functions.py").write_text(
        "def one(catalog):\n    catalog.drop(catalog.index, inplace=True)\n    return {'one': len(catalog)}\n"
        "def two(catalog):\n    return {'two': len(catalog)}\n"
    )
    functions = [f"{tmp_path}/functions.py:{name}" for name in ("one", "two")]
    assert run(tmp_path, [shard(tmp_path, 1, {b"a": b"1"})], functions)[1]["metadata"] == {"one": 0, "two": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("return catalog['absent']", "KeyError('absent'), in line 3 of 'bad.py'"),
        ("return {'mean': float('nan')}", "it returned nan as 'mean': JSON has no NaN and no infinity: use None or a"),
        ("return {'sizes': catalog['size']}", "as 'sizes': use str, int, float, bool, None, or lists and dicts of th"),
        ("time.sleep(600)", "it did not return within 1 s: raise `function_seconds` if it needs more time"),
        ("os._exit(7)", "it ended its process (exit status 7); it must return or raise an exception"),
    ],
)
def test_aggregate_failing_dataset_function_is_named(tmp_path, code, problem):
    (tmp_path / "bad.py").write_text(f"import os, time\ndef fails(catalog):\n    {code}\n")
    seconds = 1 if "sleep" in code else None
    with pytest.raises(UsageError) as caught:
        run(tmp_path, [shard(tmp_path, 1, {b"a": b"1"})], [f"{tmp_path}/bad.py:fails"], seconds)
    assert "bad.py:fails' failed on the catalog: " in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.slow
def test_aggregate_thousands_of_fields_take_seconds(tmp_path):
    """A time that grew with the square of the number would be minutes."""
    began = time.process_time()
    fields = [{f"k{key}": key for key in range(first, first + 5000)} for first in (0, 5000)]
    shards = [shard(tmp_path, number, {b"%d" % number: b""}, fields=[fields[number]]) for number in (0, 1)]
    catalog, _, _ = run(tmp_path, shards)
    assert catalog.num_columns == 4 + 10_000
    assert time.process_time() - began < 60
    shards.append(shard(tmp_path, 2, {b"2": b""}, fields=[{"more": 1}]))
    with pytest.raises(UsageError, match="returned 10,001 different keys, and a dataset has at most 10,000 fields"):
        run(tmp_path, shards)
