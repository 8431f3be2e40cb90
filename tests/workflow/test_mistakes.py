"""Mistakes in a configuration or a command line: one line before the first job."""

import pytest

from datacontainer.runtime.errors import UsageError
from tools.trees import fill


@pytest.fixture
def line(project):
    """Runs the workflow, which must end before its first job; returns its last line."""
    fill(project.folder / "data", {b"a": b"1"})

    def run(*arguments):
        done = project.snakemake(*arguments)
        assert done.status == UsageError.exit_status, done.text
        assert "Traceback" not in done.text
        assert "\nJob " not in done.text
        return done.text.splitlines()[-1]

    return run


def test_syntax_error_in_the_configuration_is_shown_with_its_line(project, line):
    project.configure()
    (project.folder / "config/config.yaml").write_text("datasets:\n  fruit:\n    path: data\n   version: '1'\n")
    assert line() == (
        "error: config/config.yaml, line 4, column 4: the line is not indented as the lines above: "
        "check the indentation and the quotes"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "datasets:\n  fruit:\n    path: data\n    mount: /a\n    mount: /b\n",
            "{}: datasets.fruit.mount is written twice, in lines 4 and 5: remove one of them",
        ),
        ("datasets: {", "{}, line 1, column 12: expected the node content, but found '<stream end>': check the "),
        (
            "datasets: {fruit: {path: data, version: 1.10}}",
            "configuration: datasets.fruit.version: 1.10 is not text, as YAML reads the number 1.1: "
            'write it in quotes, as you typed it: version: "1.10"',
        ),
    ],
)
def test_mistake_in_a_file_of_the_command_line_is_shown_as_typed(project, line, text, expected):
    file = project.folder / "config.yaml"
    file.write_text(text)
    assert line("--configfile", str(file)).startswith(f"error: {expected.format(file)}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["dataset=2023_01"], "Snakemake reads --config dataset=2023_01 as the number 202301: write --config "),
        (["dataset={path: data, path: data2}"], "--config dataset: dataset.path is written twice, in line 1: remove"),
        (['dataset={path: data, metadata: ["mine.py:nofity"]}'], "does not define 'nofity': did you mean 'nifti'"),
        (["dataset=data", "catalog"], "--config 'catalog' is not NAME=VALUE: write the target 'catalog' before"),
        (["dataset=data", "outdir=mine.py/results"], "outdir: 'mine.py' cannot be written (Not a directory): set "),
    ],
)  # fmt: skip
def test_mistake_on_the_command_line_is_shown_with_its_correction(project, line, words, expected):
    (project.folder / "mine.py").write_text("def nifti(path):\n    return {}\n")
    assert expected in line("--config", *words)
