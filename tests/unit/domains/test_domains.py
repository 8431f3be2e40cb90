"""Domains: the fields of real files, the errors for damaged ones, and no access to other files."""

import gzip
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from datacontainer.domains import bounds
from datacontainer.domains.registry import DOMAINS, check_installed, find, load_domain, recorded, with_domains
from datacontainer.functions.load import check_file, source_digest
from datacontainer.functions.values import plain_fields
from datacontainer.runtime.errors import MissingToolError, UsageError
from tools.domainfiles import FASTQ, MAKERS, bids, make
from tools.engines import lacking, require_library

# Another package's file beside Biopython.
pytestmark = pytest.mark.filterwarnings("ignore:You may be importing Biopython")
EXPECTED: dict[str, dict[str, Any]] = {
    "nifti": {
        "version": 1, "shape": [4, 5, 6, 7], "zooms": [2.0, 2.0, 3.5, 2.1], "dtype": "int16", "units": "mm sec",
        "orientation": "LAS",
    },
    "dicom": {
        "modality": "CT", "study_date": "20040119", "series_number": 1, "rows": 128, "sop_class": "CT Image Storage",
        "slice_thickness": 5.0, "transfer_syntax": "Explicit VR Little Endian",
    },
    "hdf5": {
        "groups": 1, "dataset_count": 1, "datasets": {"group/data": {"shape": [3, 4], "dtype": "float32"}},
        "attributes": {"title": "A title", "bad": "nan", "huge": list(range(100)), "bytes": "\\xff\\xfe"},
    },
    "netcdf": {
        "format": "NETCDF4", "dimensions": {"time": 1, "lat": 3}, "standard_names": ["air_temperature"],
        "variables": {"tas": {"dimensions": "time,lat", "dtype": "float32", "units": "K"}},
        "conventions": "CF-1.8", "title": "Warm days", "attributes": {"Conventions": "CF-1.8", "title": "Warm days"},
    },
    "zarr": {"store": "cells.ome.zarr", "format": 3, "type": "group"},
    "ome-zarr": {
        "version": "0.5", "name": "cells", "axes": "yx", "units": {"y": "micrometer", "x": "micrometer"}, "levels": 1,
        "scale": [0.5, 0.5], "channels": ["DAPI"],
    },
    "fasta": {"records": 2, "letters": 8, "shortest": 3, "longest": 5, "alphabet": "dna", "first": "one first"},
    "fastq": {"records": 2, "letters": 7, "shortest": 3, "longest": 4, "quality": round(4 * 40 / 7, 2)},
    "bam": {
        "references": 1, "version": "1.6", "order": "coordinate", "reference_letters": 1000, "assembly": "GRCh38",
        "samples": ["NA1"], "platforms": ["ILLUMINA"], "programs": ["bwa"],
    },
    "vcf": {
        "samples": 2, "contigs": 1, "version": "VCFv4.3", "sample_names": ["NA1", "NA2"], "info": ["DP"],
        "format": ["GT"], "filter": ["PASS"],
    },
    "tiff": {
        "width": 20, "height": 16, "pages": 3, "dtype": "uint8", "samples": 1, "compression": "none",
        "shape": [3, 16, 20], "axes": "ZYX", "kind": "ome",
    },
    "image": {
        "format": "JPEG", "width": 20, "height": 10, "mode": "RGB", "camera": "Maker One",
        "taken": "2020:01:02 03:04:05", "position": True,
    },
    "table": {
        "rows": 2, "columns": ["participant_id", "age", "weight", "group", "day"],
        "types": ["string", "int64", "double", "string", "timestamp"],
    },
}  # fmt: skip
# In the order of the columns.
COLUMNS = ("subject", "session", "task", "run", "description", "mod", "suffix", "extension", "datatype", "modality")
NAMES = [
    ("sub-01/ses-2/func/sub-01_ses-2_task-rest_run-03_bold.nii.gz", "01 2 rest 03 - - bold .nii.gz func mri"),
    ("task-rest_bold.json", "- - rest - - - bold .json - -"),
    ("derivatives/prep/sub-01/anat/sub-01_desc-x_timeseries.tsv", "01 - - - x - timeseries .tsv anat mri"),
    ("sub-01/meg/sub-01_task-a_meg.ds/sub-01_x.meg4", "01 - a - - - meg .ds meg meg"),
    ("sub-01/anat/sub-01_mod-T1w_defacemask.nii", "01 - - - - T1w defacemask .nii anat mri"),
    ("sub-01/sub-01_sessions.tsv", "01 - - - - - sessions .tsv - -"),
    ("sub-01/anat/sub-02_T1w.nii", ""),
    ("sub-01/anat/sub-01_foo-1_T1w.nii", ""),
    ("sub-01/anat/sub-01_run-x_T1w.nii", ""),
    ("a-b/sub-01_notes.doc", ""),
    ("README", ""),
]


@pytest.fixture(autouse=True)
def _libraries(request):
    parameters = getattr(getattr(request.node, "callspec", None), "params", {})
    try:
        check_installed(DOMAINS[parameters.get("domain", "bids")])
    except MissingToolError as error:
        lacking(str(error))


def fields_of(domain: str, path: Path, folder: Path) -> dict[str, Any]:
    """The fields without the domain's name, after the checks for all functions."""
    fields = load_domain(DOMAINS[domain], dataset=False)(str(path), str(folder))
    return {
        name.removeprefix(f"{domain.replace('-', '_')}_"): value
        for name, value in plain_fields(fields, (), in_json=False).items()
    }


def of_dataset(domain: str, rows: Any, folder: Path = Path()) -> dict[str, Any]:
    """The fields of the dataset, and the rows of a catalog."""
    function = load_domain(DOMAINS[domain], dataset=True)
    return plain_fields(function(pd.DataFrame(rows), str(folder)), (), in_json=True)[domain]


@pytest.mark.parametrize("domain", EXPECTED)
def test_metadata_file_of_the_domain_has_these_fields(domain, tmp_path):
    fields, expected = fields_of(domain, make(domain, tmp_path), tmp_path), EXPECTED[domain]
    assert {name: fields[name] for name in expected} == expected
    assert len(fields) == len(expected) or domain in ("dicom", "zarr")


@pytest.mark.parametrize(("path", "expected"), NAMES)
def test_metadata_bids_name_gives_the_entities_of_the_schema(path, expected):
    pairs = zip(COLUMNS, expected.split(), strict=bool(expected))
    assert fields_of("bids", Path("/data", path), Path("/data")) == {name: one for name, one in pairs if one != "-"}


@pytest.mark.parametrize("domain", DOMAINS)
def test_metadata_other_file_is_not_opened(domain, tmp_path):
    assert fields_of(domain, tmp_path / "some-where/a_file.txt", tmp_path) == {}


@pytest.mark.parametrize("domain", sorted(set(EXPECTED) - {"table", "fasta"}))
@pytest.mark.parametrize("content", ["empty", "cut", "other"])
def test_metadata_damaged_file_raises_an_error(domain, content, tmp_path):
    path = make(domain, tmp_path)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "other": b"\x89other\0\xff" * 99}[content])
    if (domain, content) in {("dicom", "cut"), ("fastq", "empty")}:
        # The header is complete, or no record is needed.
        assert fields_of(domain, path, tmp_path)
        return
    with pytest.raises((ValueError, OSError, EOFError, Exception)) as caught:
        fields_of(domain, path, tmp_path)
    assert not isinstance(caught.value, (UsageError, MemoryError, NameError, AttributeError))


def test_metadata_zarr_chunk_and_array_name_their_store(tmp_path):
    import zarr

    make("zarr", tmp_path / "a")
    store = tmp_path / "a/cells.ome.zarr"
    (chunk,) = store.glob("0/c/0/0")
    assert fields_of("zarr", chunk, tmp_path) == {"store": "a/cells.ome.zarr"}
    new = fields_of("zarr", store / "0/zarr.json", tmp_path)
    keys = ("store", "node", "format", "type", "shape", "chunks", "dtype", "dimensions")
    assert [new[key] for key in keys] == ["a/cells.ome.zarr", "0", 3, "array", [8, 9], [4, 4], "uint16", ["y", "x"]]
    zarr.open_array(tmp_path / "old.zarr", mode="w", zarr_format=2, shape=(5,), dtype="f8", chunks=(2,))
    old = fields_of("zarr", tmp_path / "old.zarr/.zarray", tmp_path)
    assert (old["format"], old["shape"], old["dtype"]) == (2, [5], "float64")
    rows = [{"size": 3}, *({"size": 4, "zarr_store": one["store"], "zarr_type": "array"} for one in (new, old))]
    counts = {"files": 1, "bytes": 4, "arrays": 1}
    expected = {"stores": 2, "first": {"a/cells.ome.zarr": counts, "old.zarr": counts}}
    assert of_dataset("zarr", rows) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"x,y\n1,2\n3\n4,5,6\n", {"rows": 1, "ragged_rows": 2}),
        (b"", {"rows": 0}),
        (b"1.5,2\n3,4\n", {"rows": 2, "types": ["double", "int64"]}),
        (b"x,x\n1,true\n2,false\n", {"columns": ["x", "x"], "types": ["int64", "bool"]}),
        (b"x\n\xff\xfe\n", {"columns": ["x"], "types": ["string"]}),
        (b"\xef\xbb\xbfx\nn/a\n", {"columns": ["x"], "types": ["null"]}),
    ],
)
def test_metadata_table_odd_text_is_described(content, expected, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    assert fields_of("table", tmp_path / "a.csv", tmp_path).items() >= expected.items()


def test_metadata_table_parquet_has_the_types_of_its_schema(tmp_path):
    pd.DataFrame({"a": [1], "b": [0.5]}).to_parquet(tmp_path / "a.parquet")
    expected = {"rows": 1, "columns": ["a", "b"], "types": ["int64", "double"]}
    assert fields_of("table", tmp_path / "a.parquet", tmp_path) == expected


@pytest.mark.parametrize(
    ("domain", "unit", "most"), [("fasta", ">a\nACGT\n", 125), ("fastq", FASTQ, 66), ("table", "1,2\n", 250)]
)
def test_metadata_gzip_bomb_is_read_up_to_the_limit(domain, unit, most, tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_TEXT_BYTES", 1000)
    path = tmp_path / f"a.{'csv' if domain == 'table' else domain}.gz"
    path.write_bytes(gzip.compress(unit.encode() * 100_000))
    fields = fields_of(domain, path, tmp_path)
    assert fields["partial"] is True
    assert most - 2 <= fields.get("records", fields.get("rows")) <= most


def test_metadata_dicom_without_suffix_is_found_and_identifying_tags_are_counted(tmp_path):
    path = make("dicom", tmp_path).rename(tmp_path / "1.2.840.77")
    (tmp_path / "notes").write_text("x" * 200)
    assert fields_of("dicom", tmp_path / "notes", tmp_path) == {}
    fields = fields_of("dicom", path, tmp_path)
    tags = fields["identifying"]
    assert {"PatientName", "PatientID"} <= set(tags)
    assert "CompressedSamples" not in json.dumps(fields)
    row = {f"dicom_{name}": json.dumps(one) if isinstance(one, list) else one for name, one in fields.items()}
    found = of_dataset("dicom", [row, {}])
    assert (found["files"], found["studies"], found["modalities"]) == (1, 1, {"CT": 1})
    assert found["identifying"] == {"files": 1, "tags": dict.fromkeys(sorted(tags), 1)}
    assert "filled in 1 of 1 DICOM files" in found["warnings"][0]
    assert of_dataset("dicom", [{"size": 1}])["files"] == 0


@pytest.mark.parametrize(
    ("version", "shape", "orientation"), [(1, (4, 5, 6), "LAS"), (2, (4, 5, 6), "LAS"), (1, (4, 5), "")]
)
def test_nifti_of_each_version_has_an_orientation_from_three_axes_on(version, shape, orientation, tmp_path):
    nibabel, numpy = require_library("nibabel"), require_library("numpy")
    image = getattr(nibabel, f"Nifti{version}Image")(numpy.zeros(shape, numpy.int16), numpy.diag([-2.0, 2.0, 3.5, 1.0]))
    nibabel.save(image, tmp_path / "brain.nii")
    found = fields_of("nifti", tmp_path / "brain.nii", tmp_path)
    assert (found["version"], found.get("orientation", "")) == (version, orientation)
    assert orientation in ("", "".join(nibabel.aff2axcodes(image.affine)))


@pytest.mark.slow
def test_dataset_bids_has_participants_and_the_verdict_of_the_validator(tmp_path):
    data = tmp_path / "data"
    bids(data)
    rows = [{"subject": "01", "task": "rest"}, {"subject": "02", "task": "rest"}, {}]
    found = of_dataset("bids", rows, data)
    ages = {"known": 2, "min": 20.0, "max": 30.0, "mean": 25.0}
    columns = ["participant_id", "age", "sex"]
    assert found["participants"] == {"count": 2, "columns": columns, "age": ages, "sex": {"F": 1, "M": 1}}
    assert found["values"] == {"subject": {"01": 1, "02": 1}, "task": {"rest": 2}}
    assert (found["description"]["Name"], found["validator"]["errors"], found["warnings"]) == ("Rest", {}, [])
    (data / "sub-01/func/sub-01_bold.nii.gz").touch()
    broken = of_dataset("bids", rows, data)
    assert broken["validator"]["errors"]["EMPTY_FILE"] == 1
    assert "EMPTY_FILE 1" in broken["warnings"][0]
    assert "no file has a name of BIDS" in of_dataset("bids", [{"size": 1}], tmp_path)["warnings"][0]


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import time; time.sleep(60)", "it did not finish within 1 s"),
        ("print('no JSON')", "it ended without a verdict"),
    ],
)
def test_dataset_bids_validator_that_cannot_run_is_named(program, problem, tmp_path, monkeypatch):
    from datacontainer.domains import bidsvalidator

    monkeypatch.setattr(bidsvalidator, "COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(bidsvalidator, "MOST_SECONDS", 1)
    found, warnings = bidsvalidator.verdict(str(tmp_path))
    assert found["error"] == problem
    assert warnings == [f"the BIDS validator gave no verdict: {problem}; run bids-validator-deno on the dataset"]


def test_plain_hostile_values_are_bounded_and_legal():
    nested: dict[str, Any] = {}
    nested["self"] = nested
    hostile = {
        "many": dict.fromkeys(map(str, range(100_000)), 1), "nan": math.nan, "inf": [math.inf], "bytes": b"\xff\0",
        "text": "x" * 10**6, "surrogate": "\udcff", "int": 10**5000, 7: object, "nested": nested, "none": None,
    }  # fmt: skip
    found = plain_fields({"value": bounds.plain(hostile)}, (), in_json=True)["value"]
    assert len(found["many"]) == bounds.MOST_ITEMS
    assert len(json.dumps(found)) < 10_000
    assert (found["nan"], found["inf"], found["bytes"], found["surrogate"]) == ("nan", ["inf"], "\\xff", "\\udcff")


def test_find_wrong_name_and_missing_package_are_one_line(monkeypatch):
    with pytest.raises(UsageError, match=r"there is no domain 'nifty', and .*: did you mean 'nifti'"):
        find("nifty")
    monkeypatch.setitem(DOMAINS, "nifti", DOMAINS["nifti"]._replace(packages=(("no_such_module", "no-such"),)))
    with pytest.raises(MissingToolError, match="'nifti' needs no-such: run `python -m pip install no-such`"):
        check_file("nifti")


def test_source_digest_of_a_domain_is_its_version(monkeypatch):
    before = source_digest("nifti")
    monkeypatch.setitem(DOMAINS, "nifti", DOMAINS["nifti"]._replace(version=2))
    assert (before, source_digest("nifti")) == ("version 1", "version 2")


def test_recorded_functions_depend_on_the_setting():
    functions = ["bids", "mine.py:f"]
    assert [recorded(functions, one) for one in (None, "stop", "record")] == [("bids",), (), ("bids", "mine.py:f")]


def test_with_domains_adds_each_domain_once():
    assert with_domains(["mine.py:f"], ["bids", "nifti", "a.py:g"]) == ("mine.py:f", "bids")
    assert with_domains(["bids"], ["bids"]) == ("bids",)


def test_domains_documented_with_the_fields_that_they_return():
    root = Path(__file__).parents[3]
    text, extras = ((root / name).read_text() for name in ("docs/reference/domains.md", "pyproject.toml"))
    for name, domain in DOMAINS.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert all(suffix in row for suffix in domain.suffixes.split() if not suffix.endswith("gz")), name
        assert all(package in row and package in extras for _, package in domain.packages), name
        assert all(f"`{name.replace('-', '_')}_{field}`" in row for field in EXPECTED.get(name, ())), name
    assert all(f"`{column}`" in text for column in COLUMNS)


def test_metadata_name_that_is_not_utf8_is_read(tmp_path):
    for domain in MAKERS.keys() - {"zarr", "ome-zarr"}:
        path = make(domain, tmp_path)
        odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n" + os.fsencode(path.name)))
        path.rename(odd)
        assert fields_of(domain, odd, tmp_path), domain
