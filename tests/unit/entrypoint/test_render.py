"""Render: Go source that is safe for any text, and users' templates."""

import json
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.entrypoint import render as stage
from datacontainer.entrypoint.gobuild import find_go
from datacontainer.entrypoint.render import go_string, render, template_files
from datacontainer.runtime.errors import UsageError

SUMMARY = {"name": 'fr"uit', "version": "1.0", "mount": "/data", "digest": "sha256:00", "files": 2, "bytes": 17}


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """Renders a small module; gives the folder."""
    monkeypatch.setattr(stage, "write_index", lambda catalog, index, mount: index.write_text(f"{catalog.name} {mount}"))
    module = tmp_path / "module"
    (module / "cli").mkdir(parents=True)
    (module / "go.mod").write_text("module m\n")
    (module / "cli/cli.go").write_text("package cli // {{ kept }}\n")
    (module / "main.go.j2").write_text("const name = {{ name | go_string }} // {{ files }}\n")
    (tmp_path / "dataset.json").write_text(json.dumps(SUMMARY))

    def run(template=None):
        files = [module / name for name in ("go.mod", "cli/cli.go", "main.go.j2")]
        folder = tmp_path / "rendered"
        render(
            module=files,
            template=template,
            catalog=tmp_path / "catalog.parquet",
            summary=tmp_path / "dataset.json",
            mount="/data",
            folder=folder,
        )
        return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}

    return run


def test_render_module_is_copied_and_only_templates_are_filled(rendered):
    assert rendered() == {
        "go.mod": "module m\n",
        "cli/cli.go": "package cli // {{ kept }}\n",
        "main.go": 'const name = "fr\\x22uit" // 2\n',
        "dataset.json": json.dumps(SUMMARY),
        "index.bin": "catalog.parquet /data",
    }


def test_render_users_file_replaces_the_template(rendered, tmp_path):
    (tmp_path / "mine.go.j2").write_text("// {{ version }}\n")
    assert rendered(str(tmp_path / "mine.go.j2"))["main.go"] == "// 1.0\n"


def test_render_users_folder_is_laid_over_the_module(rendered, tmp_path):
    mine = tmp_path / "mine"
    (mine / "cli").mkdir(parents=True)
    (mine / "cli/cli.go").write_text("package cli // mine\n")
    (mine / "hello.go.j2").write_text("// {{ mount }}\n")
    files = rendered(str(mine))
    assert files["cli/cli.go"] == "package cli // mine\n"
    assert files["hello.go"] == "// /data\n"
    assert files["main.go"].startswith("const name")


def test_render_unknown_variable_is_named_with_the_template(rendered, tmp_path):
    (tmp_path / "bad.j2").write_text("{{ nmae }}")
    with pytest.raises(UsageError, match=r"the template '.*bad.j2' cannot be rendered: 'nmae' is undefined"):
        rendered(str(tmp_path / "bad.j2"))


def test_render_missing_template_is_named(rendered, tmp_path):
    with pytest.raises(UsageError, match=r"template: there is no file or folder with files at '.*/none'"):
        rendered(str(tmp_path / "none"))


def test_template_files_none_is_empty():
    assert template_files(None) == []


@given(st.text(), st.binary(max_size=5))
def test_go_string_holds_the_texts_bytes_and_nothing_else_ends_it(text, odd):
    given_text = text.replace("\ud800", "") + odd.decode("utf-8", "surrogateescape")
    try:
        expected = given_text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    literal = go_string(given_text)
    assert re.fullmatch(r'"(?:[ !#-\[\]-~]|\\x[0-9a-f]{2})*"', literal)
    assert re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), literal[1:-1]).encode("latin-1") == expected


def test_go_string_is_what_go_reads(tmp_path):
    text = 'a"b\\`{{ x }}$(y)\n\t\udcff漢'
    program = f'package main\nimport "os"\nfunc main() {{ os.Stdout.WriteString({go_string(text)}) }}\n'
    (tmp_path / "main.go").write_text(program)
    done = subprocess.run([find_go(), "run", "main.go"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == text.encode("utf-8", "surrogateescape")
