"""The documents of the standards, checked by the validator of each standard, with hostile texts and fields."""

import hashlib
import json
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.runtime.errors import UsageError
from datacontainer.standards.standards import STANDARDS, check_known, write_standards
from tools.engines import require_library
from tools.validators import croissant, datapackage_problems, rocrate_problems

HOSTILE = "q\"uo'te\n<b> \u2028\u0085 \U0001f600 {x} \\u0041 $y"
PEOPLE = [
    {"name": f"Ada {HOSTILE}", "orcid": "0000-0002-1825-0097", "affiliation": HOSTILE, "email": "a@example.org"},
    {"name": "Ada again", "orcid": "0000-0002-1825-0097"},
    {"name": "Bob"},
]
FULL = {
    "title": HOSTILE,
    "description": HOSTILE * 300,
    "authors": PEOPLE,
    "license": "CC0-1.0",
    "keywords": [HOSTILE, "fruit"],
    "doi": "10.5281/zenodo.1234",
    "funding": [HOSTILE],
    "url": "https://example.org/fruit",
    "source": "https://example.org/source",
    "published": "2020-01-31",
    "publisher": "A Press",
    "language": "en",
    "made_from": [
        {"name": "apple", "version": "1.0", "dataset_digest": f"sha256:{'a' * 64}", "command": "count", "run": "1"},
        {"name": "apple", "version": "1.0", "dataset_digest": f"sha256:{'a' * 64}", "command": "count", "run": "2"},
        {"reference": "localhost:5000/pear", "image": f"sha256:{'b' * 64}"},
    ],
}
CASES = {"full": FULL, "bare": {"published": "2020"}}
FIELDS = {"a b/c\u2028'\"\nz": [True, None], "x.y": [1.5, 2.0], "j": ["[1]", "{}"], "n": [2**60, None]}
PATHS = ["/data/a\n\u2028", "/data/b \U0001f600"]


@pytest.fixture(scope="module", params=CASES)
def folder(request, tmp_path_factory) -> Path:
    """The documents about a dataset whose catalog has hostile names and fields."""
    top = tmp_path_factory.mktemp("standards")
    columns = {"path": PATHS, "size": [1, 2], "sha256": ["a" * 64, "b" * 64], **FIELDS, "offset": [512, None]}
    table = pa.table(columns | {"layer": pa.array(["sha256:x", None]).dictionary_encode()})
    marked = table.schema.field("j").with_metadata({"json": "1"})
    pq.write_table(table.cast(table.schema.set(table.column_names.index("j"), marked)), top / "catalog.parquet")
    described = {"name": "fruit", "version": "1.0", "files": 2, "bytes": 3, "about": CASES[request.param]}
    (top / "dataset.json").write_text(json.dumps(described))
    made = write_standards(STANDARDS, top / "standards", summary=top / "dataset.json", catalog=top / "catalog.parquet")
    assert sorted(made) == sorted(one.file for one in STANDARDS.values())
    return top / "standards"


def loaded(folder: Path, name: str) -> dict:
    return json.loads((folder / STANDARDS[name].file).read_bytes())


@pytest.mark.slow
# One case: the validator takes seconds.
@pytest.mark.parametrize("folder", ["full"], indirect=True)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rocrate_passes_the_required_checks_of_its_validator(folder, monkeypatch):
    assert rocrate_problems(folder, monkeypatch) == []


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning", "ignore:The inplace keyword")
def test_croissant_is_loaded_and_its_records_are_read(folder):
    dataset = croissant(folder)
    issues = dataset.metadata.ctx.issues
    if (cited := loaded(folder, "croissant").get("citeAs")) is not None:
        assert cited == f"Ada {HOSTILE}, Ada again, Bob (2020). {HOSTILE}. https://doi.org/10.5281/zenodo.1234"
        creators = [(one["name"], one.get("url")) for one in loaded(folder, "croissant")["creator"]]
        orcid = "https://orcid.org/0000-0002-1825-0097"
        assert creators == [(f"Ada {HOSTILE}", orcid), ("Ada again", orcid), ("Bob", None)]
    missing = {"citeAs", "license"} if loaded(folder, "croissant").get("license") is None else set()
    assert len(issues.warnings) == len(missing)
    records = [dict(record) for record in dataset.records("files")]
    assert [record["files/path"].decode() for record in records] == PATHS
    assert [record["files/x.y"] for record in records] == FIELDS["x.y"]
    assert [record["files/n"] for record in records] == FIELDS["n"]
    assert [record["files/column-4"] for record in records] == [True, None]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_datapackage_and_its_rows_are_valid(folder):
    assert datapackage_problems(folder) == []
    (resource,) = loaded(folder, "datapackage")["resources"]
    assert resource["hash"] == f"sha256:{hashlib.sha256((folder / resource['path']).read_bytes()).hexdigest()}"
    types = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
    assert list(types) == pq.read_schema(folder / resource["path"]).names
    # pandas reads integers next to nulls as numbers.
    assert (types["size"], types["n"], types["x.y"]) == ("integer", "number", "number")


def test_datacite_matches_the_schema_of_its_library(folder):
    schema = require_library("datacite.schema45")
    found = loaded(folder, "datacite")
    assert [error.message for error in schema.validator.iter_errors(found)] == []
    assert found["publicationYear"] == "2020"
    assert found["publisher"]["name"] in ("A Press", ":unav")


@pytest.mark.parametrize("folder", ["full"], indirect=True)
def test_write_standards_each_document_names_each_ancestor_once(folder):
    entries = {
        "ro-crate": [one for one in loaded(folder, "ro-crate")["@graph"] if one["@id"].startswith("#made-from-")],
        "croissant": loaded(folder, "croissant")["isBasedOn"],
        "datapackage": loaded(folder, "datapackage")["sources"][1:],
        "datacite": loaded(folder, "datacite")["relatedItems"],
    }
    for apple, pear in entries.values():
        assert ("apple 1.0" in str(apple), "a" * 64 in str(apple)) == (True, True)
        assert f"localhost:5000/pear@sha256:{'b' * 64}" in str(pear)
    root = next(one for one in loaded(folder, "ro-crate")["@graph"] if one["@id"] == "./")
    (related,) = loaded(folder, "datacite")["relatedIdentifiers"]
    assert related["relatedIdentifier"] == FULL["source"]
    assert root["isBasedOn"] == [FULL["source"], {"@id": "#made-from-1"}, {"@id": "#made-from-2"}]


def test_write_standards_documents_are_small_ascii_and_reproducible(folder, tmp_path):
    again = tmp_path / "again"
    inputs = {"summary": folder / "dataset.json", "catalog": folder / "catalog.parquet"}
    for path in write_standards(STANDARDS, again, **inputs).values():
        content = path.read_bytes()
        assert content == (folder / path.name).read_bytes()
        assert content.isascii()
        assert len(content) < 100_000
    assert write_standards(["datacite"], again, **inputs) == {"datacite.json": again / "datacite.json"}
    assert sorted(path.name for path in again.iterdir()) == ["catalog.parquet", "datacite.json", "dataset.json"]
    assert write_standards([], again, **inputs) == {}
    assert not again.exists()


def test_write_standards_without_values_are_written_or_name_the_key_to_set(folder, tmp_path):
    described = json.loads((folder / "dataset.json").read_bytes()) | {"about": {}}
    (tmp_path / "dataset.json").write_text(json.dumps(described))
    inputs = {"summary": tmp_path / "dataset.json", "catalog": folder / "catalog.parquet"}
    assert len(write_standards(["croissant", "datapackage"], tmp_path / "standards", **inputs)) == 2
    for name in ("ro-crate", "datacite"):
        with pytest.raises(UsageError, match=r"set datasets\.fruit\.about\.published"):
            write_standards([name], tmp_path / "standards", **inputs)


@pytest.mark.parametrize(
    ("citation", "refused"), [(None, True), ("title: x", True), ("date-released: 2020-01-31", False)]
)
def test_check_known_refuses_a_folder_without_the_date_before_a_run(tmp_path, citation, refused):
    check_known("ro-crate", "fruit", {}, str(tmp_path / "created by a rule later"))
    if citation:
        (tmp_path / "CITATION.cff").write_text(citation)
    with pytest.raises(UsageError, match="set datasets") if refused else nullcontext():
        check_known("ro-crate", "fruit", {}, str(tmp_path))
