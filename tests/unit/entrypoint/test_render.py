"""Render: the facts, and users' templates with any text."""

import json
import re
import struct
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer import __version__
from datacontainer.entrypoint import render as stage
from datacontainer.entrypoint.gobuild import find_go
from datacontainer.entrypoint.render import go_string, render, template_files
from datacontainer.runtime.errors import UsageError

SUMMARY = {"name": 'fr"uit', "version": "1.0", "mount": "/data", "digest": "sha256:00", "files": 2, "bytes": 17}


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """Renders a template; returns the user's files by name."""
    monkeypatch.setattr(stage, "write_index", lambda catalog, index, mount: index.write_text(f"{catalog.name} {mount}"))
    (tmp_path / "dataset.json").write_text(json.dumps(SUMMARY))

    def run(template=None):
        folder, catalog, summary = tmp_path / "rendered", tmp_path / "catalog.parquet", tmp_path / "dataset.json"
        render(template=template, catalog=catalog, summary=summary, mount="/data", folder=folder)
        assert (folder / "index.bin").read_text() == "catalog.parquet /data"
        users = folder / "template"
        return {str(path.relative_to(users)): path.read_text() for path in users.rglob("*") if path.is_file()}

    return run


def test_render_no_template_writes_facts_and_index_only(rendered, tmp_path):
    assert rendered() == {}
    size, checksum = struct.unpack_from("<II", facts := (tmp_path / "rendered/facts.bin").read_bytes())
    texts = ['fr"uit', "1.0", __version__, json.dumps(SUMMARY)]
    assert facts[8:].decode().rstrip("\0").split("\0") == texts
    assert (size % 8, size, checksum) == (0, len(facts), zlib.crc32(facts[8:]))


def test_render_users_file_becomes_the_main_program(rendered, tmp_path):
    (tmp_path / "mine.go.j2").write_text("// {{ version }} {{ name | go_string }}\n")
    assert rendered(str(tmp_path / "mine.go.j2")) == {"main.go": '// 1.0 "fr\\x22uit"\n'}


def test_render_users_folder_is_rendered_by_its_names(rendered, tmp_path):
    mine = tmp_path / "mine"
    (mine / "cli").mkdir(parents=True)
    (mine / "cli/cli.go").write_text("package cli // {{ kept }}\n")
    (mine / "hello.go.j2").write_text("// {{ mount }}\n")
    assert rendered(str(mine)) == {"cli/cli.go": "package cli // {{ kept }}\n", "hello.go": "// /data\n"}


def test_render_unknown_variable_is_named_with_the_template(rendered, tmp_path):
    (tmp_path / "bad.j2").write_text("{{ nmae }}")
    with pytest.raises(UsageError, match=r"rendering the template '.*bad.j2': 'nmae' is undefined"):
        rendered(str(tmp_path / "bad.j2"))


def test_render_missing_template_is_named(rendered, tmp_path):
    with pytest.raises(UsageError, match=r"template: '.*/none' is not a file, nor a folder with files"):
        rendered(str(tmp_path / "none"))


def test_template_files_without_template_is_empty():
    assert template_files(None) == []


@given(st.text(), st.binary(max_size=5))
def test_go_string_of_any_text_has_its_bytes_and_no_quote_inside(text, odd):
    given_text = text.replace("\ud800", "") + odd.decode("utf-8", "surrogateescape")
    try:
        expected = given_text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    literal = go_string(given_text)
    assert re.fullmatch(r'"(?:[ !#-\[\]-~]|\\x[0-9a-f]{2})*"', literal)
    assert re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), literal[1:-1]).encode("latin-1") == expected


def test_go_string_evaluated_by_go_is_the_text(tmp_path):
    text = 'a"b\\`{{ x }}$(y)\n\t\udcff漢'
    program = f'package main\nimport "os"\nfunc main() {{ os.Stdout.WriteString({go_string(text)}) }}\n'
    (tmp_path / "main.go").write_text(program)
    done = subprocess.run([find_go(), "run", "main.go"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == text.encode("utf-8", "surrogateescape")
