"""A build's recipe: the part of the configuration that attestations tell."""

import dataclasses
import json
from pathlib import Path

from datacontainer.config.settings import Dataset, read_settings
from datacontainer.image.attest import OMITTED_KEYS, RECORDED_KEYS, Recipe, recipe
from tools.workflow import ROOT


def settings(folder: Path, **keys: object) -> Dataset:
    config = {"datasets": {"a": {"path": str(folder), **keys}}}
    return read_settings(config, ROOT / "workflow/schemas/config.schema.yaml").datasets["a"]


def test_recipe_every_key_is_told_or_left_out_on_purpose():
    assert {field.name for field in dataclasses.fields(Dataset)} == RECORDED_KEYS | OMITTED_KEYS
    assert not RECORDED_KEYS & OMITTED_KEYS


def test_recipe_without_attestations_is_the_same_for_all(tmp_path):
    assert recipe(settings(tmp_path, version="2"), {"a": "b"}) == Recipe((), "", ())


def test_recipe_is_told_by_name_without_the_folders(tmp_path):
    function = f"{tmp_path}/deep/metadata.py:lines"
    told = recipe(settings(tmp_path, attest=["sbom"], dataset_metadata=[function], exclude=["*.tmp"]), {"b": "2"})
    assert told.claims == ("sbom",)
    parameters = json.loads(told.parameters)
    assert (parameters["dataset_metadata"], parameters["exclude"]) == (["metadata.py:lines"], ["*.tmp"])
    assert told.sources == (("b", "2"),)
