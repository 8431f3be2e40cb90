"""The image formats: the registry, the schema and the rules have the same formats."""

from pathlib import Path

import yaml

from datacontainer.config.formats import FORMATS
from datacontainer.image.attest import DOCUMENTS

ROOT = Path(__file__).parents[3]


def test_formats_and_documents_match_the_schema():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    keys = schema["$defs"]["dataset"]["properties"]
    assert keys["formats"]["items"]["enum"] == list(FORMATS)
    assert keys["attest"]["items"]["enum"] == list(DOCUMENTS)


def test_formats_each_has_a_rule_with_the_name_of_its_stage():
    rules = "\n".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    for one in FORMATS.values():
        assert f"rule {one.stage}:" in rules or f"checkpoint {one.stage}:" in rules
