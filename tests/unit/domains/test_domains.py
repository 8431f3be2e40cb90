"""Domains: the fields of real files, the errors for damaged ones, and no access to other files."""

import gzip
import inspect
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from datacontainer.domains import bounds
from datacontainer.domains.bounds import plain
from datacontainer.domains.registry import DOMAINS, check_installed, find, load_domain, recorded, with_domains
from datacontainer.functions.load import check_file, source_digest
from datacontainer.functions.values import plain_fields
from datacontainer.runtime.errors import MissingToolError, UsageError
from tools.domainfiles import FASTQ, MAKERS, bids, make
from tools.engines import lacking

EXPECTED = {
    "nifti": {
        "nifti_version": 1,
        "nifti_shape": [4, 5, 6, 7],
        "nifti_zooms": [2.0, 2.0, 3.5, 2.1],
        "nifti_dtype": "int16",
        "nifti_units": "mm sec",
        "nifti_orientation": "LAS",
    },
    "dicom": {
        "dicom_modality": "CT",
        "dicom_study_date": "20040119",
        "dicom_series_number": 1,
        "dicom_rows": 128,
        "dicom_transfer_syntax": "Explicit VR Little Endian",
    },
    "hdf5": {
        "hdf5_groups": 1,
        "hdf5_dataset_count": 1,
        "hdf5_datasets": {"group/data": {"shape": [3, 4], "dtype": "float32"}},
        "hdf5_attributes": {"title": "A title", "bad": "nan", "huge": list(range(100)), "bytes": "\\xff\\xfe"},
    },
    "netcdf": {
        "netcdf_format": "NETCDF4",
        "netcdf_dimensions": {"time": 1, "lat": 3},
        "netcdf_variables": {"tas": {"dimensions": "time,lat", "dtype": "float32", "units": "K"}},
        "netcdf_standard_names": ["air_temperature"],
        "netcdf_conventions": "CF-1.8",
        "netcdf_title": "Warm days",
    },
    "zarr": {"zarr_store": "cells.ome.zarr", "zarr_format": 3, "zarr_type": "group"},
    "ome-zarr": {
        "ome_zarr_version": "0.5",
        "ome_zarr_name": "cells",
        "ome_zarr_axes": "yx",
        "ome_zarr_units": {"y": "micrometer", "x": "micrometer"},
        "ome_zarr_levels": 1,
        "ome_zarr_scale": [0.5, 0.5],
        "ome_zarr_channels": ["DAPI"],
    },
    "fasta": {
        "fasta_records": 2,
        "fasta_letters": 8,
        "fasta_shortest": 3,
        "fasta_longest": 5,
        "fasta_alphabet": "dna",
        "fasta_first": "one",
    },
    "fastq": {
        "fastq_records": 2,
        "fastq_letters": 7,
        "fastq_shortest": 3,
        "fastq_longest": 4,
        "fastq_quality": round(4 * 40 / 7, 2),
    },
    "bam": {
        "bam_references": 1,
        "bam_version": "1.6",
        "bam_order": "coordinate",
        "bam_reference_letters": 1000,
        "bam_assembly": "GRCh38",
        "bam_samples": ["NA1"],
        "bam_platforms": ["ILLUMINA"],
        "bam_programs": ["bwa"],
    },
    "vcf": {
        "vcf_samples": 2,
        "vcf_contigs": 1,
        "vcf_version": "VCFv4.3",
        "vcf_sample_names": ["NA1", "NA2"],
        "vcf_info": ["DP"],
        "vcf_format": ["GT"],
        "vcf_filter": ["PASS"],
    },
    "tiff": {
        "tiff_width": 20,
        "tiff_height": 16,
        "tiff_pages": 3,
        "tiff_dtype": "uint8",
        "tiff_samples": 1,
        "tiff_compression": "none",
        "tiff_shape": [3, 16, 20],
        "tiff_axes": "ZYX",
        "tiff_kind": "ome",
    },
    "image": {
        "image_format": "JPEG",
        "image_width": 20,
        "image_height": 10,
        "image_mode": "RGB",
        "image_camera": "Maker One",
        "image_taken": "2020:01:02 03:04:05",
        "image_position": True,
    },
    "table": {
        "table_rows": 2,
        "table_columns": ["participant_id", "age", "weight", "group", "day"],
        "table_types": ["string", "int64", "double", "string", "timestamp"],
    },
}
# Another package's file beside Biopython.
pytestmark = pytest.mark.filterwarnings("ignore:You may be importing Biopython")
NAMES = {
    "sub-01/ses-2/func/sub-01_ses-2_task-rest_run-03_bold.nii.gz": {
        "subject": "01", "session": "2", "task": "rest", "run": "03", "suffix": "bold", "extension": ".nii.gz",
        "datatype": "func", "modality": "mri",
    },
    "task-rest_bold.json": {"task": "rest", "suffix": "bold", "extension": ".json"},
    "derivatives/prep/sub-01/anat/sub-01_desc-x_timeseries.tsv": {
        "subject": "01", "description": "x", "suffix": "timeseries", "extension": ".tsv", "datatype": "anat",
        "modality": "mri",
    },
    "sub-01/meg/sub-01_task-a_meg.ds/sub-01_x.meg4": {
        "subject": "01", "task": "a", "suffix": "meg", "extension": ".ds", "datatype": "meg", "modality": "meg",
    },
    "sub-01/anat/sub-01_mod-T1w_defacemask.nii": {
        "subject": "01", "mod": "T1w", "suffix": "defacemask", "extension": ".nii", "datatype": "anat",
        "modality": "mri",
    },
    "sub-01/sub-01_sessions.tsv": {"subject": "01", "suffix": "sessions", "extension": ".tsv"},
    "sub-01/anat/sub-02_T1w.nii": {},
    "sub-01/anat/sub-01_foo-1_T1w.nii": {},
    "sub-01/anat/sub-01_run-x_T1w.nii": {},
    "a-b/sub-01_notes.doc": {},
    "dataset_description.json": {},
    "README": {},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _libraries(request):
    domain = request.node.callspec.params.get("domain", "bids") if hasattr(request.node, "callspec") else "table"
    try:
        check_installed(DOMAINS[domain])
    except MissingToolError as error:
        lacking(str(error))


def fields_of(domain: str, path: Path, folder: Path) -> dict[str, Any]:
    """The fields, after the checks for all functions."""
    function = load_domain(DOMAINS[domain], dataset=False)
    more = [str(folder)] if len(inspect.signature(function).parameters) == 2 else []
    return plain_fields(function(str(path), *more), (), in_json=False)


@pytest.mark.parametrize("domain", EXPECTED)
def test_metadata_file_of_the_domain_has_these_fields(domain, tmp_path):
    fields = fields_of(domain, make(domain, tmp_path), tmp_path)
    if domain in ("dicom", "zarr"):
        fields = {name: fields[name] for name in EXPECTED[domain]}
    assert fields == EXPECTED[domain]


@pytest.mark.parametrize(("path", "expected"), NAMES.items())
def test_metadata_bids_name_gives_the_entities_of_the_schema(path, expected):
    assert fields_of("bids", Path("/data", path), Path("/data")) == expected


@pytest.mark.parametrize("domain", DOMAINS)
def test_metadata_other_file_is_not_opened(domain, tmp_path):
    absent = tmp_path / "some-where/a_file.txt"
    assert fields_of(domain, absent, tmp_path) == {}


@pytest.mark.parametrize("domain", sorted(set(EXPECTED) - {"table", "fasta"}))
@pytest.mark.parametrize("content", ["empty", "cut", "other"])
def test_metadata_damaged_file_raises_an_error(domain, content, tmp_path):
    """Except that the first half of these formats is valid, or has the header."""
    path = make(domain, tmp_path)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "other": b"\x89other\0\xff" * 99}[content])
    complete_header = {("dicom", "cut"), ("fastq", "empty")}
    if (domain, content) in complete_header:
        fields_of(domain, path, tmp_path)
        return
    with pytest.raises(Exception) as caught:
        fields_of(domain, path, tmp_path)
    assert not isinstance(caught.value, (UsageError, MemoryError, NameError, AttributeError))


def test_metadata_zarr_chunk_and_array_name_their_store(tmp_path):
    make("zarr", tmp_path / "a")
    store = tmp_path / "a/cells.ome.zarr"
    (chunk,) = store.glob("0/c/0/0")
    assert fields_of("zarr", chunk, tmp_path) == {"zarr_store": "a/cells.ome.zarr"}
    array = fields_of("zarr", store / "0/zarr.json", tmp_path)
    assert array | {"zarr_codecs": []} == {
        "zarr_store": "a/cells.ome.zarr", "zarr_node": "0", "zarr_format": 3, "zarr_type": "array",
        "zarr_shape": [8, 9], "zarr_chunks": [4, 4], "zarr_dtype": "uint16", "zarr_dimensions": ["y", "x"],
        "zarr_codecs": [],
    }  # fmt: skip
    import zarr

    zarr.open_array(tmp_path / "old.zarr", mode="w", zarr_format=2, shape=(5,), dtype="f8", chunks=(2,))
    old = fields_of("zarr", tmp_path / "old.zarr/.zarray", tmp_path)
    assert (old["zarr_format"], old["zarr_shape"], old["zarr_dtype"]) == (2, [5], "float64")
    frame = pd.DataFrame([{"size": 3, "zarr_type": None, "zarr_store": None}, {"size": 4} | array, {"size": 5} | old])
    assert load_domain(DOMAINS["zarr"], dataset=True)(frame, "")["zarr"] == {
        "stores": 2,
        "first": {
            "a/cells.ome.zarr": {"files": 1, "bytes": 4, "arrays": 1},
            "old.zarr": {"files": 1, "bytes": 5, "arrays": 1},
        },
    }


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "x,y\n1,2\n3\n4,5,6\n", {"table_rows": 1, "table_ragged_rows": 2}),
        ("a.csv", 'x,"a\nb"\n1,2\n', {}),
        ("a.csv", "", {"table_rows": 0}),
        ("a.tsv", "1.5\t2\n3\t4\n", {"table_rows": 2, "table_types": ["double", "int64"]}),
        ("a.csv", "x,x\n1,true\n2,false\n", {"table_columns": ["x", "x"], "table_types": ["int64", "bool"]}),
        ("a.csv", b"x\n\xff\xfe\n", {"table_columns": ["x"], "table_types": ["string"]}),
        ("a.csv", "\ufeffx\nn/a\n", {"table_columns": ["x"], "table_types": ["null"]}),
    ],
)
def test_metadata_table_odd_text_is_described(name, content, expected, tmp_path):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert fields_of("table", path, tmp_path).items() >= expected.items()


def test_metadata_table_parquet_has_the_types_of_its_schema(tmp_path):
    pd.DataFrame({"a": [1], "b": ["x"]}).to_parquet(tmp_path / "a.parquet")
    fields = fields_of("table", tmp_path / "a.parquet", tmp_path)
    assert fields["table_rows"] == 1
    assert (fields["table_columns"], fields["table_types"][0]) == (["a", "b"], "int64")


@pytest.mark.parametrize(
    ("domain", "name", "unit"),
    [("fasta", "a.fa.gz", ">a\nACGT\n"), ("fastq", "a.fq.gz", FASTQ), ("table", "a.csv.gz", "1,2\n")],
)
def test_metadata_gzip_bomb_is_read_up_to_the_limit(domain, name, unit, tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_TEXT_BYTES", 1000)
    with gzip.open(tmp_path / name, "wt") as file:
        file.write(unit * 100_000)
    fields = fields_of(domain, tmp_path / name, tmp_path)
    assert fields[f"{domain}_partial"] is True
    rows = fields.get("table_rows", fields.get(f"{domain}_records", 0))
    assert 0 < rows <= 1000 // len(unit) * max(1, unit.count("@")) + 1


def test_metadata_dicom_without_suffix_is_found_and_identifying_tags_are_counted(tmp_path):
    path = make("dicom", tmp_path).rename(tmp_path / "1.2.840.77")
    (tmp_path / "notes").write_text("x" * 200)
    fields = fields_of("dicom", path, tmp_path)
    assert fields["dicom_identifying"] == ["PatientName", "PatientID", "InstitutionName"] or fields["dicom_identifying"]
    assert "CompressedSamples" not in json.dumps(fields)
    assert fields_of("dicom", tmp_path / "notes", tmp_path) == {}
    stored = {name: json.dumps(value) if isinstance(value, list) else value for name, value in fields.items()}
    found = load_domain(DOMAINS["dicom"], dataset=True)(pd.DataFrame([stored, {}]), "")["dicom"]
    assert (found["files"], found["studies"], found["modalities"]) == (1, 1, {"CT": 1})
    assert found["identifying"] == {"files": 1, "tags": dict.fromkeys(sorted(fields["dicom_identifying"]), 1)}
    assert "1 of 1 DICOM files" in found["warnings"][0]


def test_dataset_bids_has_participants_and_the_verdict_of_the_validator(tmp_path):
    bids(tmp_path / "data")
    frame = pd.DataFrame({"subject": ["01", "02", None], "task": ["rest", "rest", None]})
    found = load_domain(DOMAINS["bids"], dataset=True)(frame, str(tmp_path / "data"))["bids"]
    assert found["description"]["Name"] == "Rest"
    ages = {"known": 2, "min": 20.0, "max": 30.0, "mean": 25.0}
    columns = ["participant_id", "age", "sex"]
    assert found["participants"] == {"count": 2, "columns": columns, "age": ages, "sex": {"F": 1, "M": 1}}
    assert found["values"] == {"subject": {"01": 1, "02": 1}, "task": {"rest": 2}}
    assert found["validator"]["errors"] == {}
    assert found["warnings"] == []
    (tmp_path / "data/sub-01/func/sub-01_bold.nii.gz").touch()
    broken = load_domain(DOMAINS["bids"], dataset=True)(frame, str(tmp_path / "data"))["bids"]
    assert broken["validator"]["errors"]["EMPTY_FILE"] == 1
    assert "EMPTY_FILE 1" in broken["warnings"][0]


@pytest.mark.parametrize("problem", ["time", "output"])
def test_dataset_bids_validator_that_cannot_run_is_named(problem, tmp_path, monkeypatch):
    from datacontainer.domains import bidsvalidator

    program = "import time; time.sleep(60)" if problem == "time" else "print('no JSON')"
    monkeypatch.setattr(bidsvalidator, "COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(bidsvalidator, "MOST_SECONDS", 1)
    found, warnings = bidsvalidator.verdict(str(tmp_path))
    expected = "it did not finish within 1 s" if problem == "time" else "it ended without a verdict (JSONDecodeError)"
    assert found["error"] == expected
    assert warnings == [f"the BIDS validator gave no verdict: {expected}; run bids-validator-deno on the dataset"]


def test_plain_hostile_values_are_bounded_and_legal():
    nested: dict[str, Any] = {}
    nested["self"] = nested
    hostile = {
        "many": dict.fromkeys(map(str, range(100_000)), 1), "nan": math.nan, "inf": [math.inf], "bytes": b"\xff\0",
        "text": "x" * 10**6, "surrogate": "\udcff", "int": 10**5000, 7: object, "nested": nested, "none": None,
    }  # fmt: skip
    found = plain_fields({"value": plain(hostile)}, (), in_json=True)["value"]
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


@pytest.mark.parametrize(("on_error", "expected"), [(None, ("bids",)), ("stop", ()), ("record", ("bids", "mine.py:f"))])
def test_recorded_functions_depend_on_the_setting(on_error, expected):
    assert recorded(["bids", "mine.py:f"], on_error) == expected


def test_with_domains_adds_each_domain_once():
    assert with_domains(["mine.py:f"], ["bids", "nifti", "a.py:g"]) == ("mine.py:f", "bids")
    assert with_domains(["bids"], ["bids"]) == ("bids",)


def test_domains_documented_with_the_fields_that_they_return(tmp_path):
    root = Path(__file__).parents[3]
    text = (root / "docs/reference/domains.md").read_text()
    extras = (root / "pyproject.toml").read_text()
    for name, domain in DOMAINS.items():
        assert f"| `{name}` | {domain.files} |" in text
        for _, package in domain.packages:
            assert package in extras
        if name in MAKERS:
            for field in fields_of(name, make(name, tmp_path / name), tmp_path / name):
                assert f"`{field}`" in text, field
    for fields in NAMES.values():
        assert all(f"`{field}`" in text for field in fields)


def test_metadata_name_that_is_not_utf8_is_read(tmp_path):
    for domain in set(EXPECTED) - {"zarr", "ome-zarr"}:
        path = make(domain, tmp_path)
        odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n" + os.fsencode(path.name)))
        path.rename(odd)
        assert fields_of(domain, odd, tmp_path), domain
