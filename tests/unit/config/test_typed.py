"""Messages quote a wrong value as the user typed it."""

import pytest
import yaml

from datacontainer.config.settings import read_settings
from datacontainer.config.typed import Typed
from datacontainer.runtime.errors import UsageError
from tools.settings import SCHEMA


def message(config, typed):
    with pytest.raises(UsageError) as caught:
        read_settings(config, SCHEMA, typed)
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("version: 1.10", 'version: 1.10 is not text, as YAML reads the number 1.1: {}version: "1.10"'),
        ("version: 0123456", 'version: 0123456 is not text, as YAML reads the number 42798: {}version: "0123456"'),
        ("version: 1:30", 'version: 1:30 is not text, as YAML reads the number 90: {}version: "1:30"'),
        ("path: no", 'path: no is not text, as YAML reads the truth value false: {}path: "no"'),
        ("path: 2024-01-01", 'path: 2024-01-01 is not text, as YAML reads the date 2024-01-01: {}path: "2024-01-01"'),
        ("path: ~", 'path: ~ is not text, as YAML reads no value: {}path: "~"'),
        ("path:", "path has no value"),
        ("path: !!binary aGk=", 'path: aGk= is not text, as YAML reads binary data: {}path: "aGk="'),
        ("exclude: [a, 1.10]", 'exclude.1: 1.10 is not text, as YAML reads the number 1.1: {}- "1.10"'),
        ("labels: {1.10: x}", 'labels: the key 1.10 is not text, as YAML reads the number 1.1: {}"1.10":'),
        ("template: 1.10", 'template: 1.10 is not text or null, as YAML reads the number 1.1: {}template: "1.10"'),
        ("shard_files: '7'", "shard_files: '7' is not an integer: write it without quotes"),
        ("symlinks: no", "symlinks: 'no' is not valid (valid: keep, follow, refuse)"),
    ],
)  # fmt: skip
def test_read_settings_value_that_is_not_text_is_quoted_as_typed(tmp_path, keys, expected):
    files = [tmp_path / "first", tmp_path / "second", tmp_path / "missing"]
    files[0].write_text("datasets: {a: {version: 7}}")
    files[1].write_text(f"datasets:\n  a:\n    path: x\n    {keys}\n".replace("path: x\n    path", "path"))
    expected = expected.format("write it in quotes, as you typed it: ")
    assert message(yaml.safe_load(files[1].read_text()), Typed(files)) == f"configuration: datasets.a.{expected}"


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        ("dataset=2023_01", 202301, "dataset: Snakemake reads --config dataset=2023_01 as the number 202301: {} {}"),
        ("outdir=true", True, "outdir: Snakemake reads --config outdir=true as the truth value true: {} {}"),
        ("dataset=", None, "dataset has no value: write --config dataset=FOLDER"),
        ("version=1.10", 1.1, "'version' is a key of a dataset: {} dataset='{{path: x, version: \"1.10\"}}'"),
        ("symlinks=keep", "keep", "'symlinks' is a key of a dataset: {} dataset='{{path: x, symlinks: keep}}'"),
        ("dataset={path: x, shard_files: 4096}", {"path": "x", "shard_files": "4096"}, "dataset.shard_files: '4096' is "
         "not an integer: Snakemake passes numbers in --config '{{…}}' as text: set the key in a configuration file"),
    ],
)  # fmt: skip
def test_read_settings_value_of_the_command_line_is_quoted_as_typed(word, value, expected):
    key, _, text = word.partition("=")
    expected = expected.format("write --config", f"{key}=./{text}")
    assert message({"dataset": "x"} | {key: value}, Typed(words=[word])) == f"configuration: {expected}"
