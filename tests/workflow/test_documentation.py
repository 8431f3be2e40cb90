"""The documents that describe the code, compared with the code."""

import re
from pathlib import Path

import pytest
import yaml

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.command.main import main
from datacontainer.config.reference import reference

ROOT = Path(__file__).parents[2]


def text(path: str) -> str:
    return (ROOT / path).read_text()


def sources() -> list[str]:
    """The files that a run reads, except the rules and their scripts; the go.mod files first."""
    found = [
        path.relative_to(ROOT).as_posix()
        for top in ("scripts/datacontainer", "templates", "packer", "workflow/schemas")
        for path in (ROOT / top).rglob("*")
        if path.is_file()
        and (path.suffix in {".py", ".go", ".s", ".mod", ".j2", ".yaml"} or "templates/entrypoint/serve" in str(path))
        and not path.name.endswith("_test.go")
        and not {"testdata", "indextest", "__pycache__"} & {*path.parts}
    ]
    return sorted(found, key=lambda name: (not name.endswith("go.mod"), name))


def test_schema_lists_the_digests_of_the_library(pytestconfig):
    schema = "workflow/schemas/config.schema.yaml"
    digests = rf"\g<1>[{', '.join(DIGEST_BYTES)}]\n"
    expected, places = re.subn(r"(\n      digests:\n.*\n.*\n +enum: ).*\n", digests, text(schema))
    if pytestconfig.getoption("--golden"):
        (ROOT / schema).write_text(expected)
    assert (text(schema), places) == (expected, 1)


def test_config_reference_is_generated_from_the_schema(pytestconfig):
    expected = reference(yaml.safe_load(text("workflow/schemas/config.schema.yaml")))
    if pytestconfig.getoption("--golden"):
        (ROOT / "config/README.md").write_text(expected)
    assert text("config/README.md") == expected


def test_sources_list_contains_every_file_that_a_run_reads(pytestconfig):
    listed = "".join(f"{name}\n" for name in sources())
    if pytestconfig.getoption("--golden"):
        (ROOT / "workflow/sources.txt").write_text(listed)
    assert text("workflow/sources.txt") == listed


def test_documents_link_to_existing_files():
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), (document.name, target)


def test_index_of_the_documentation_links_every_page():
    linked = set(re.findall(r"\]\(([^)#]+)", text("docs/README.md")))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not page.startswith("decisions/0")} - linked == {"README.md"}


@pytest.mark.parametrize("command", ["pack", "scan"])
def test_command_line_reference_lists_every_option(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = {*re.findall(r"--[a-z-]+", capsys.readouterr().out)} - {"--help"}
    assert [option for option in options if f"| `{option}" not in text("docs/reference/command-line.md")] == []


def test_entrypoint_reference_lists_every_flag():
    flags = re.findall(r"^  -([a-z-]+)", text("templates/entrypoint/cli/help.go"), re.MULTILINE)
    for command in (ROOT / "templates/entrypoint/cli").glob("*.go"):
        flags += re.findall(r'\bName: "([a-z-]+)", ', command.read_text()) if not command.stem.endswith("_test") else []
    assert len(flags) > 10
    assert [flag for flag in flags if f"`-{flag}" not in text("docs/reference/entrypoint.md")] == []
