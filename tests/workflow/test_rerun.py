"""The changes that run a stage again, and commands that change no file."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from datacontainer.rerun.formats import FORMATS
from datacontainer.stages import STAGES
from tools.embedding import build_with, copy_of_the_repository
from tools.engines import require_root
from tools.trees import fill
from tools.workflow import NOTHING, ROOT, Project, command, jobs, replace, started

READERS = [
    ("--dry-run",),
    ("--lint",),
    ("--summary",),
    ("--dag",),
    ("--list-changes", "code"),
    ("--unlock",),
    ("--list-rules",),
    ("--report", "../report.html"),
]
TRIGGERS = ["mtime", "params", "input", "code", "software-env"]
Tree = dict[str, tuple[int, int, int]]


def tree(folder: Path) -> Tree:
    """The size, mtime and inode of each file below a folder."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[str(path.relative_to(folder))] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Project:
    """A built dataset of several shards."""
    project = Project(tmp_path_factory.mktemp("rerun"))
    fill(project.folder / "data", {b"%05d" % i: b"content %d" % (i % 7) for i in range(200)})
    project.configure(many={"path": "data", "shard_files": 50})
    project.build()
    return project


@pytest.fixture(scope="module")
def damaged(built, tmp_path_factory) -> Project:
    """A copy with a changed file and a missing layer."""
    copy = Project(tmp_path_factory.mktemp("damaged") / "copy")
    shutil.copytree(built.folder, copy.folder, symlinks=True)
    (copy.folder / "data/00003").write_bytes(b"changed")
    min(copy.product("many", "stages/hash").glob("*.layer")).unlink()
    return copy


@pytest.mark.parametrize("arguments", READERS, ids=lambda arguments: arguments[0])
def test_commands_that_report_change_no_file(damaged, arguments):
    before = tree(damaged.folder / "results")
    run = damaged.snakemake(*arguments)
    assert run.status == 0, run.text
    assert tree(damaged.folder / "results") == before


def test_dry_run_lists_the_stages_to_run_and_the_reason(damaged):
    text = damaged.build("--dry-run")
    assert "dataset 'many' changed since the last scan; scanning it again" in text
    assert {"scan", "aggregate", "assemble", "convert"} <= jobs(text).keys()


def test_dry_run_names_a_missing_file_and_the_stages_to_run(built):
    layer = min(built.product("many", "stages/hash").glob("*.layer"))
    layer.rename(layer.with_suffix(".away"))
    text = built.build("--dry-run")
    layer.with_suffix(".away").rename(layer)
    assert f"'{layer.relative_to(built.folder)}' is missing; its stage runs again" in text
    assert {"hash": 1, "aggregate": 1}.items() <= jobs(text).items()
    assert NOTHING in built.build()


def test_dry_run_of_a_user_without_write_permission_changes_nothing(damaged, tmp_path):
    """The user needs a writable working directory, because Snakemake writes its own files there."""
    require_root("becoming another user")
    results, before = damaged.folder / "results", tree(damaged.folder / "results")
    for folder in [damaged.folder, *damaged.folder.parents][:-1]:
        folder.chmod(folder.stat().st_mode | 0o555)
    configuration = {"outdir": str(results), "datasets": {"many": {"path": str(damaged.folder / "data")}}}
    (tmp_path / "own").mkdir()
    (tmp_path / "own/many.yaml").write_text(yaml.safe_dump(configuration))
    subprocess.run(["chown", "-R", "65534:65534", tmp_path / "own"], check=True)
    for folder in [tmp_path, *tmp_path.parents][:-1]:
        folder.chmod(folder.stat().st_mode | 0o555)
    own = {"HOME": str(tmp_path / "own"), "XDG_CACHE_HOME": str(tmp_path / "own/cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = subprocess.run(
        [*other, *command("--dry-run", "--configfile", "many.yaml", "--cores", "2")],
        cwd=tmp_path / "own",
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" not in done.stdout + done.stderr
    # This message is from Snakemake, because there are jobs to run.
    assert "Write-protected output files" in done.stdout
    assert tree(results) == before


def test_changed_code_runs_nothing_and_new_format_version_runs_its_stage(built, tmp_path):
    other = copy_of_the_repository(tmp_path / "clone")
    for file in [*other.rglob("*.py"), *other.rglob("*.smk")]:
        file.write_text(file.read_text() + "\n# A comment.\n")
    text = build_with(other, built)
    assert NOTHING in text, text
    number = FORMATS["assemble"]
    replace(other / "scripts/datacontainer/rerun/formats.py", f'"assemble": {number}', f'"assemble": {number + 1}')
    text = build_with(other, built)
    assert started(text) == {"assemble", "convert", "report"}
    assert NOTHING in build_with(other, built)
    built.build()


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_changed_data_or_configuration_is_detected_with_every_trigger(built, trigger):
    only = ("catalog", "--rerun-triggers", trigger)
    file = built.folder / "data/00005"
    # The clock went back.
    for seal in (built.folder / "results").rglob("*.seal"):
        os.utime(seal, (time.time() + 9999, time.time() + 9999))
    file.write_bytes(b"under " + trigger.encode())
    assert started(built.build(*only)) == {"scan", "hash", "aggregate"}
    assert NOTHING in built.build(*only)
    built.configure(many={"path": "data", "shard_files": 50, "version": trigger})
    assert started(built.build(*only)) == {"aggregate"}
    assert NOTHING in built.build(*only)


def test_every_stage_has_a_format_version_and_a_rule():
    assert set(FORMATS) == set(STAGES) - {"compile_packer"}
    called = set()
    for file in (ROOT / "rules").glob("*.smk"):
        called |= set(re.findall(r'command\("(\w+)"', file.read_text()))
    assert called == set(STAGES)
