"""Two folders with the same name: a dataset does not silently replace the results of another dataset."""

import os
import re

import pytest

from datacontainer.runtime.errors import UsageError
from datacontainer.scan.origin import check_origin, note_origin
from tools.trees import fill
from tools.workflow import NOTHING, fails


@pytest.fixture
def results(tmp_path, monkeypatch):
    """The results folder of the dataset `s`, in a project with two folders that are both called s."""
    project = tmp_path / "project"
    for folder in ("a/s", "b/s"):
        (project / folder).mkdir(parents=True)
    monkeypatch.chdir(project)
    return project / "out/s"


def test_check_origin_another_folder_is_refused_with_both_paths_and_the_remedy(results):
    check_origin("s", "a/s", results)
    note_origin("a/s", results)
    here = os.getcwd()
    expected = (
        f"dataset 's': {str(results)!r} was made from '{here}/a/s', not from '{here}/b/s' of the same name: "
        f"rename one of the two under `datasets`, set another outdir, or delete {str(results)!r}"
    )
    with pytest.raises(UsageError, match=re.escape(expected)):
        check_origin("s", "b/s", results)


@pytest.mark.parametrize("noted", ["a/s", "{here}/a/s"])
def test_check_origin_other_path_of_the_same_folder_is_accepted(results, noted):
    (results.parents[1] / "link").symlink_to("a/s")
    note_origin(noted.format(here=os.getcwd()), results)
    for root in ("a/s", "./a/../a/s/", "link", os.path.abspath("a/s")):
        check_origin("s", root, results)


def test_check_origin_moved_project_is_accepted(results, tmp_path, monkeypatch):
    note_origin("a/s", results)
    (tmp_path / "project").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    check_origin("s", "a/s", tmp_path / "moved/out/s")


def test_note_origin_name_that_is_not_utf8_is_kept(results):
    root = os.fsdecode(b"a/\xff\n/s")
    os.makedirs(root)
    note_origin(root, results)
    check_origin("s", root, results)
    with pytest.raises(UsageError):
        check_origin("s", "a/s", results)


def test_second_dataset_with_the_same_name_fails_before_it_replaces_the_first(project):
    for folder in ("a/My Data", "b/my-data"):
        fill(project.folder / folder, {b"f": folder.encode()})
    project.build("catalog", "--config", "dataset=a/My Data")
    catalog = project.product("my-data", "catalog.parquet")
    before = catalog.read_bytes()
    text = fails(project, "catalog", "--config", "dataset=b/my-data")
    assert text.splitlines()[-1].startswith("error: dataset 'my-data': 'results/my-data' was made from ")
    assert catalog.read_bytes() == before
    assert NOTHING in project.build("catalog", "--config", "dataset=a/My Data")
    # A dataset with a configured name may have another folder.
    project.configure(**{"my-data": {"path": "b/my-data"}})
    project.build("catalog")
    assert catalog.read_bytes() != before
