"""Tests of the recipe: the part of the configuration that the provenance records."""

import dataclasses
import json
from pathlib import Path

from datacontainer.config.settings import Dataset, read_settings
from datacontainer.image.attest import OMITTED_KEYS, RECORDED_KEYS, Recipe, recipe
from tools.workflow import ROOT


def settings(folder: Path, **keys: object) -> Dataset:
    config = {"datasets": {"a": {"path": str(folder), **keys}}}
    return read_settings(config, ROOT / "workflow/schemas/config.schema.yaml").datasets["a"]


def test_recipe_every_key_is_recorded_or_omitted():
    assert {field.name for field in dataclasses.fields(Dataset)} == RECORDED_KEYS | OMITTED_KEYS
    assert not RECORDED_KEYS & OMITTED_KEYS


def test_recipe_without_attestations_is_empty(tmp_path):
    assert recipe(settings(tmp_path, version="2"), {"a": "b"}) == Recipe((), "", ())


def test_recipe_functions_are_recorded_without_their_folders(tmp_path):
    function = f"{tmp_path}/deep/metadata.py:lines"
    recorded = recipe(settings(tmp_path, attest=["sbom"], dataset_metadata=[function], exclude=["*.tmp"]), {"b": "2"})
    assert recorded.claims == ("sbom",)
    parameters = json.loads(recorded.parameters)
    assert (parameters["dataset_metadata"], parameters["exclude"]) == (["metadata.py:lines"], ["*.tmp"])
    assert recorded.sources == (("b", "2"),)
    # Documents of earlier versions, which lacked this key, stay the same.
    assert "exclude_defaults" not in parameters
    changed = json.loads(recipe(settings(tmp_path, attest=["sbom"], exclude_defaults=False), {}).parameters)
    assert changed["exclude_defaults"] is False
