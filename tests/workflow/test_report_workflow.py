"""The runs that write a report, the runs that leave it unchanged, and its history."""

import hashlib
import json
import os
import shutil
import subprocess

import pyarrow.parquet as pq
import pytest

from tools.workflow import NOTHING, Project, started

PRODUCTS = ("report.html", "report.tsv", "history.tsv")


@pytest.fixture
def built(fruit, tmp_path) -> Project:
    """A copy of the built example, with the same dataset."""
    return fruit.copy(tmp_path / "copy")


@pytest.fixture
def changing(fruit, tmp_path) -> Project:
    """A copy of the built example whose dataset a test may change."""
    return fruit.copy(tmp_path / "copy", with_data=True)


def contents(project: Project) -> dict[str, bytes]:
    return {file: project.product("fruit", file).read_bytes() for file in PRODUCTS}


def test_touched_file_leaves_the_images_and_the_report_unchanged(changing):
    images = [changing.product("fruit", file) for file in ("fruit.sif", "fruit.docker.tar")]
    before, times = contents(changing), [image.stat().st_mtime_ns for image in images]
    image_id = changing.image_id("fruit")
    os.utime(changing.folder / "data/tomato.txt", (1, 1))
    ran = started(changing.build())
    assert {"scan", "hash", "aggregate"} <= ran
    assert not {"report", "convert"} & ran
    assert contents(changing) == before
    assert [image.stat().st_mtime_ns for image in images] == times
    assert changing.image_id("fruit") == image_id
    assert NOTHING in changing.build()


def test_changed_label_is_in_the_images_and_the_report_without_a_new_state(built):
    before = contents(built)
    built.configure(fruit={"path": "data", "labels": {"title": "Two fruits"}})
    ran = started(built.build())
    assert {"assemble", "convert", "report"} <= ran
    assert not {"scan", "hash", "aggregate", "render", "compile"} & ran
    assert "<p>Two fruits</p>" in built.product("fruit", "report.html").read_text()
    assert contents(built)["history.tsv"] == before["history.tsv"]
    assert NOTHING in built.build()


def test_push_key_adds_commands_to_the_report_alone_without_a_request(built):
    before = contents(built)
    assert b"datacontainer history" not in before["report.html"]
    # No registry is at this port.
    built.configure(fruit={"path": "data", "push": "localhost:1/lab/fruit:1.0"})
    assert started(built.build()) == {"report"}
    text = built.product("fruit", "report.html").read_text()
    assert "<code>datacontainer history localhost:1/lab/fruit:1.0</code>" in text
    assert "<code>datacontainer diff localhost:1/lab/fruit:1.0 oci</code>" in text
    assert contents(built)["history.tsv"] == before["history.tsv"]
    assert NOTHING in built.build()


def test_changed_dataset_changes_the_images_and_is_a_new_state(changing):
    before = changing.image_id("fruit")
    (changing.folder / "data/pepper.txt").write_text("pepper\n")
    assert {"convert", "report"} <= started(changing.build())
    catalog = pq.read_table(changing.product("fruit", "catalog.parquet")).to_pylist()
    assert catalog[1]["sha256"] == hashlib.sha256(b"pepper\n").hexdigest()
    assert changing.image_id("fruit") != before
    lines = changing.product("fruit", "history.tsv").read_text().splitlines()
    digest = json.loads(changing.product("fruit", "dataset.json").read_text())["digest"]
    assert lines[1].startswith("1.0\t2\t17\tsha256:")
    assert lines[2:] == [f"1.0\t3\t24\t{digest}"]
    assert "+1" in changing.product("fruit", "report.html").read_text()
    assert NOTHING in changing.build()


def test_deleted_report_is_rebuilt_identically_and_alone(built):
    before = contents(built)
    for file in ("report.html", "history.tsv"):
        built.product("fruit", file).unlink()
    assert {"report"} == started(built.build())
    assert contents(built) == before
    assert NOTHING in built.build()


def test_damaged_history_fails_only_the_report_and_is_kept(changing):
    history = changing.product("fruit", "history.tsv")
    history.write_text("mine\n")
    (changing.folder / "data/pepper.txt").write_text("pepper\n")
    run = changing.snakemake()
    assert run.status != 0
    assert "error: report fruit: 'results/fruit/history.tsv' is not a history that a report wrote" in run.text
    assert {"convert", "report"} <= started(run.text)
    assert history.read_text() == "mine\n"
    history.unlink()
    assert {"report"} == started(changing.build())
    assert NOTHING in changing.build()


def test_report_elsewhere_is_the_same(fruit, tmp_path):
    other = Project(tmp_path / "deeper/down")
    shutil.copytree(fruit.folder / "data", other.folder / "data")
    other.configure(fruit={"path": "data"})
    other.build(environment={"TZ": "Pacific/Chatham", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7"}, cores=1)
    assert contents(other) == contents(fruit)


def test_empty_dataset_report_and_entrypoint_name_no_files(project):
    (project.folder / "data").mkdir()
    project.configure(void={"path": "data"})
    project.build()
    assert "The dataset has no files." in project.product("void", "report.html").read_text()
    entrypoint = project.product("void", "bin/linux-amd64/entrypoint")
    done = subprocess.run([entrypoint], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no files" in done.stderr
