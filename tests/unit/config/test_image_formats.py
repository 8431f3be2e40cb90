"""The image formats: one registry, which the schema and the rules agree with."""

from pathlib import Path

import yaml

from datacontainer.config.formats import FORMATS, files_of, product_of
from datacontainer.image.attest import DOCUMENTS

ROOT = Path(__file__).parents[3]


def test_formats_and_documents_are_those_of_the_schema():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    keys = schema["$defs"]["dataset"]["properties"]
    assert keys["formats"]["items"]["enum"] == list(FORMATS)
    assert keys["attest"]["items"]["enum"] == list(DOCUMENTS)


def test_formats_are_made_by_a_rule_of_the_same_name():
    rules = "\n".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    for one in FORMATS.values():
        assert f"rule {one.stage}:" in rules or f"checkpoint {one.stage}:" in rules


def test_product_of_takes_a_wildcard():
    assert [product_of("{dataset}", name) for name in FORMATS] == [
        "oci/index.json",
        "{dataset}.docker.tar",
        "{dataset}.sif",
    ]
    assert files_of("fruit", "oci")[1:] == ["oci/manifest.json", "oci/oci-layout", "Dockerfile", ".dockerignore"]


def test_formats_but_the_layout_have_a_verifier():
    assert [one.load_verifier().__name__ for one in FORMATS.values() if one.verifier] == [
        "verify_archive",
        "verify_sif",
    ]
