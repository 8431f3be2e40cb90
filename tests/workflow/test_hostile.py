"""Hostile names and configuration: every file is packed, no text runs as a command, and no file is skipped silently."""

import os
import re
import stat
import subprocess

import duckdb
import pytest

from tools.engines import require_root, require_tool
from tools.pipeline import sha256sums
from tools.trees import ODD_NAMES, fill
from tools.workflow import ROOT

EVIL = "$(touch pwned)`touch pwned`; touch pwned #"
# Snakemake replaces {dataset} and <results> in the paths of rules.
FOLDER = f"data {EVIL} {{dataset}} <results> {{x}}"
# They color a terminal, in two ways, and reverse the following text.
ESCAPES = "\x1b[31m\x9b31m\u202e"
MANY = 100_000


def test_build_with_shell_commands_in_all_texts_runs_no_command(project):
    fill(
        project.folder / FOLDER,
        {os.fsencode(EVIL): b"1", b"{{ name }}{% x": b"2", b"sub/" + EVIL.encode(): b"", f"x.{ESCAPES}".encode(): b"3"},
    )
    (project.folder / f"user {EVIL}.py").write_text(
        'def fine(path):\n    return {"$(touch pwned)": "`touch pwned`", "=1+1": "=1+1"}\n'
        f"def about(catalog):\n    return {{'about': {ESCAPES!r}}}\n"
    )
    project.configure(
        data={
            "path": FOLDER,
            "exclude": [EVIL + "*.tmp"],
            "metadata": [f"user {EVIL}.py:fine"],
            "dataset_metadata": [f"user {EVIL}.py:about"],
            "labels": {"description": "\u202e", "title": EVIL + "{{ name }}\n${HOME}", "org.example.x": EVIL},
        }
    )
    text = project.build()
    assert not list(project.folder.rglob("pwned"))
    assert "pwned" not in os.listdir(ROOT)
    shown = subprocess.run(
        [project.product("data", "bin/linux-amd64/entrypoint"), "-null"], capture_output=True, check=True
    )
    assert shown.stdout.split(b"\0")[:-1] == [
        b"/data/" + name
        for name in sorted([EVIL.encode(), b"{{ name }}{% x", b"sub/" + EVIL.encode(), f"x.{ESCAPES}".encode()])
    ]
    page = project.product("data", "report.html").read_text()
    for printed in (text, page, *(path.read_text() for path in project.folder.rglob("logs/**/*.log"))):
        assert not set(ESCAPES) & set(printed) - set("[31m")
    assert page.count("\\x1b[31m\\x9b31m\\u202e") >= 2
    assert ".\\x1b[31m" in text
    assert "\t'=1+1\t4\t" in project.product("data", "report.tsv").read_text()
    assert "apptainer run" in text


def test_sources_pass_no_text_to_a_shell_and_load_yaml_safely():
    uses = re.compile(
        r"shell\s*=\s*True|os\.system|os\.popen|\bshell\s*:.*\n.*|\bshell\(|yaml\.load\((?!.*CSafeLoader)|\beval\(|\bexec\(|pickle"
    )
    # Rules pass only commands to the shell that common.smk has quoted.
    quoted = re.compile(r'shell:\n +"exec \{params\.run\} --log \{log:q\}"')
    assert "return shlex.join(" in (ROOT / "rules/common.smk").read_text()
    files = [*ROOT.glob("rules/*.smk"), *ROOT.glob("workflow/*file"), *ROOT.glob("scripts/**/*.py"), ROOT / "Snakefile"]
    assert len(files) > 50
    found = {str(path): [one for one in uses.findall(path.read_text()) if not quoted.fullmatch(one)] for path in files}
    assert {path: uses for path, uses in found.items() if uses} == {}


def test_sources_of_go_start_no_program_except_run():
    files = [*ROOT.glob("packer/**/*.go"), *ROOT.glob("templates/entrypoint/**/*.go")]
    started = {path.parent for path in files if "os/exec" in path.read_text() and not path.name.endswith("_test.go")}
    assert (len(files) > 80, started) == (True, {ROOT / "templates/entrypoint/run"})


@pytest.mark.parametrize("device", [stat.S_IFCHR, stat.S_IFBLK])
def test_build_device_is_refused_with_the_key_that_excludes_it(project, device):
    require_root("making a device")
    fill(project.folder / "data", {b"a": b""})
    os.mknod(project.folder / "data/dev", device | 0o600, os.makedev(1, 7))
    project.configure(data={"path": "data"})
    kind = "character" if device == stat.S_IFCHR else "block"
    run = project.snakemake()
    assert f"\n  {kind} device (1): delete the entries, or use `exclude`\n    'dev'\n" in run.text
    project.configure(data={"path": "data", "exclude": ["dev"], "formats": ["oci"]})
    project.build()


def test_build_hundred_thousand_files_and_unusual_names_equal_sha256sum_and_unsquashfs(project, tmp_path):
    unsquashfs = require_tool("unsquashfs")
    data = project.folder / "data"
    fill(data, {b"big/%06d" % number: b"%d" % number for number in range(MANY)})
    fill(data, {b"odd/" + name: name for name in ODD_NAMES})
    project.configure(data={"path": "data", "formats": ["sif"]})
    project.build()
    expected = sha256sums(data)
    assert len(expected) == MANY + len(ODD_NAMES)
    rows = duckdb.sql(f"select path, sha256 from '{project.product('data', 'catalog.parquet')}'").fetchall()
    found = [(path if isinstance(path, bytes) else path.encode(), digest) for path, digest in rows]
    assert found == sorted(expected.items())
    image = project.product("data", "data.sif").read_bytes()
    (tmp_path / "partition").write_bytes(image[image.index(b"hsqs") :])
    subprocess.run(
        [unsquashfs, "-q", "-n", "-d", tmp_path / "root", tmp_path / "partition"], check=True, capture_output=True
    )
    assert sha256sums(tmp_path / "root/data") == expected
