"""About: the values in the files of a dataset, in the order of trust; damaged and hostile files give warnings."""

import hashlib
import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.about.about import read_about
from datacontainer.about.contents import MAX_BYTES
from datacontainer.about.files import readme
from datacontainer.about.values import KEYS, MAX_CHARACTERS, WrongValueError
from datacontainer.runtime.errors import DataError

BIDS = {"Name": "Gambling", "Authors": ["Tom S.M.", "Fox C.R."], "License": "PDDL", "DatasetDOI": "doi:10.18112/ds5"}
CFF = """\ufeffcff-version: 1.2.0
title: "Gambling \\u2028 again"
abstract: About risk.
authors:
  - {given-names: Ada, name-particle: van, family-names: Dyk, orcid: "https://orcid.org/0000-0002-1825-0097"}
  - {name: The Lab, email: lab@example.org, affiliation: A University}
date-released: 2020-01-31
license: [CC-BY-4.0, MIT]
repository-code: https://example.org/code
"""
CODEMETA = {
    "name": "Other",
    "author": {
        "@type": "Person",
        "givenName": "Eve",
        "familyName": "Roe",
        "@id": "https://orcid.org/0000-0002-1825-0097",
    },
    "funding": "Grant 1",
    "publisher": {"name": "A Press"},
    "keywords": "a, b,a",
    "identifier": ["x", {"value": "https://doi.org/10.1234/AB(c)"}],
    "datePublished": "2021-05",
    "inLanguage": "en",
}
EVE = {"name": "Eve Roe", "orcid": "0000-0002-1825-0097"}
PEOPLE = [
    {"name": "Ada van Dyk", "orcid": "0000-0002-1825-0097"},
    {"name": "The Lab", "affiliation": "A University", "email": "lab@example.org"},
]


@pytest.fixture
def about(tmp_path, caplog):
    """A function that writes files and their catalog, and returns what is known and the warnings."""
    caplog.set_level(logging.WARNING, logger="datacontainer")

    def run(files, given=None, changed=()):
        folder, catalog = tmp_path / "data", tmp_path / "catalog.parquet"
        folder.mkdir()
        links = {name: content for name, content in files.items() if name.startswith("->")}
        contents = {
            name: one if isinstance(one, bytes) else _text(one) for name, one in files.items() if name not in links
        }
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        # Files that exist, but that no record describes, were excluded from the dataset.
        (folder / "codemeta.json").touch()
        rows = [(name, len(one), hashlib.sha256(one).hexdigest(), None) for name, one in contents.items()]
        rows += [(name[2:], 3, hashlib.sha256(target).hexdigest(), target.decode()) for name, target in links.items()]
        columns = list(zip(*sorted([*rows, ("zz/README", 1, "", None)]), strict=True))
        table = pa.table(dict(zip(("path", "size", "sha256", "link"), columns, strict=True)))
        pq.write_table(table, catalog, row_group_size=2)
        for name in changed:
            (folder / name).write_bytes(b"changed")
        return read_about(given or {}, str(folder), catalog), [one.getMessage() for one in caplog.records]

    return run


def _text(value):
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def test_read_about_of_all_files_prefers_the_configuration_then_bids_then_citation_then_codemeta(about):
    files = {"dataset_description.json": BIDS, "CITATION.cff": CFF, "codemeta.json": CODEMETA, "README": "Text."}
    found, warnings = about(files, {"license": "CC0-1.0", "authors": []})
    assert found == {
        "title": "Gambling",
        "description": "About risk.",
        "authors": [{"name": "Tom S.M."}, {"name": "Fox C.R."}],
        "license": "CC0-1.0",
        "keywords": ["a", "b"],
        "doi": "10.18112/ds5",
        "funding": ["Grant 1"],
        "source": "https://example.org/code",
        "published": "2020-01-31",
        "publisher": "A Press",
        "language": "en",
    }
    assert (list(found), warnings) == ([key for key in KEYS if key in found], [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"CITATION.cff": CFF, "README.md": "# Title\n"}, {"authors": PEOPLE, "license": "CC-BY-4.0 OR MIT"}),
        ({"CITATION.cff": CFF}, {"title": "Gambling \u2028 again", "published": "2020-01-31"}),
        ({"codemeta.json": CODEMETA}, {"doi": "10.1234/AB(c)", "published": "2021-05", "authors": [EVE]}),
        ({"dataset_description.json": {"License": "CC0"}}, {"license": "CC0-1.0"}),
    ],
)
def test_read_about_of_one_file_has_its_values_in_one_form(about, files, expected):
    assert expected.items() <= about(files)[0].items()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("dataset_description.json", b"{", "it cannot be read: Expecting property name"),
        ("dataset_description.json", b"[" * 100_000, "it cannot be read: "),
        ("dataset_description.json", b'{"Name": "\xff"}', "it is not UTF-8 text"),
        ("dataset_description.json", b"[1]", "it cannot be read: the file is not a JSON object"),
        ("dataset_description.json", {"Name": 5}, "its title is not used to describe the dataset: '5' is not text"),
        (
            "dataset_description.json",
            {"DatasetDOI": "n/a"},
            "its doi is not used to describe the dataset: 'n/a' is not",
        ),
        ("CITATION.cff", "date-released: 2020-13-40", "line 1, column 16: '2020-13-40' is not a valid timestamp"),
        ("CITATION.cff", "date-released: 9999999", "'9999999' is not a date such as 2020-01-31"),
        ("CITATION.cff", "a: &a [*a, *a]", "it cannot be read: CITATION.cff, line 1: a.0 contains itself"),
        ("CITATION.cff", "authors: [{name: [x]}]", "its authors is not used to describe the dataset: "),
        ("README", b" " * (MAX_BYTES + 1), f"it is larger than {MAX_BYTES} bytes"),
        ("->README", b"a", "it is a symlink"),
    ],
)
def test_read_about_of_a_broken_file_is_empty_with_a_warning(about, name, content, expected):
    found, (warning,) = about({name: content})
    assert found == {}
    assert expected in warning
    assert repr(name.removeprefix("->")) in warning


def test_read_about_of_a_file_that_changed_is_an_error(about):
    with pytest.raises(DataError, match="changed after it was read for the catalog"):
        about({"README": "One."}, changed=["README"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("# Title\n\n[![badge](a)](b)\n<p>\n\nOne\ntwo.\n\nThree.", "One two."),
        ("Title\n=====\nOne.\r\n\r\nTwo.", "One."),
        ("======\nTitle\n======\n\n.. image:: x\n   :alt: y\n\nOne.", "One."),
        ("```\ncode\n```\n\n", None),
        ("", None),
    ],
)
def test_readme_description_is_the_first_paragraph_without_markup(content, expected):
    assert readme(content).get("description") == expected


def test_text_has_no_control_characters_and_a_limit():
    text = KEYS["description"]
    assert text(" a\x00\x1b\ud800\u2028\nb ") == "a\u2028\nb"
    assert text("x" * 2**20) == "x" * (MAX_CHARACTERS - 1) + "…"


@pytest.mark.parametrize("day", ["2020", "2020-02", "2020-02-29", "2020-02-29T10:00:00Z", 2020])
def test_day_valid_date_is_returned_without_time(day):
    assert KEYS["published"](day) == str(day)[:10]


@pytest.mark.parametrize("day", ["2021-02-29", "2020-W01-1", "20200101", "2020-", True, ["2020"]])
def test_day_other_text_is_refused(day):
    with pytest.raises(WrongValueError):
        KEYS["published"](day)
