"""The documents that describe the code, compared with the code."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.command.main import main
from datacontainer.config.reference import reference

ROOT = Path(__file__).parents[2]
MODULES = ("", "packer", "templates/entrypoint")
TEST = re.compile(r"^(?:def |func )([Tt]est_?\w+)", re.MULTILINE)


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


def rows_with_a_command() -> Iterator[tuple[str, str]]:
    """The cells 1 and `command` of each row in the tables of docs/reliability.md that have such a column."""
    column = None
    for line in (ROOT / "docs/reliability.md").read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            column = None
        elif "command" in cells:
            column = cells.index("command")
        elif column is not None and set(cells[column]) != {"-"}:
            yield cells[0], cells[column] + ("by hand" if "by hand" in " ".join(cells) else "")


def test_each_row_of_the_reliability_table_names_tests_that_exist():
    rows, previous = list(rows_with_a_command()), ""
    assert len(rows) > 60
    for row, command in rows:
        named = previous if command.startswith("the same") else command
        previous = named
        words = re.findall(r"`([^`]*)`", named)
        assert words or "by hand" in named, row
        for word in words:
            assert word in MODULES or names_a_test(word), f"{row}: {word!r} runs no test"


def names_a_test(command: str) -> bool:
    """Whether each word that a command of pytest or Go selects is in the name of a test; a target of make exists."""
    words = shlex.split(command.replace(r"\|", "|"))
    if words[0] == "make":
        return f"{words[1].split()[0]}:" in text("Makefile")
    is_go = words[0] == "go"
    flag = "-run" if is_go else "-k"
    wanted = words[words.index(flag) + 1] if flag in words else "test"
    paths = [ROOT / module / word for module in MODULES for word in words if word.startswith(("./", "tests/"))]
    files = [file for path in paths for file in (path.rglob("*test*") if path.is_dir() else [path]) if file.is_file()]
    names = [name for file in files for name in [file.name, *TEST.findall(file.read_text(errors="replace"))]]
    return all(any(one.lower() in name.lower() for name in names) for one in re.split(r" or |\|", wanted))
