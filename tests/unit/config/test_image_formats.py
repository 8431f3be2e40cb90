"""The image formats: the registry, the schema and the rules have the same formats."""

from pathlib import Path

import yaml

from datacontainer.config.formats import FORMATS, files_of, product_of
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


def test_product_of_wildcard_stays_in_the_path():
    assert [product_of("{dataset}", name) for name in FORMATS] == [
        "oci/index.json",
        "{dataset}.docker.tar",
        "{dataset}.sif",
    ]
    assert files_of("fruit", "oci")[1:] == ["oci/manifest.json", "oci/oci-layout", "Dockerfile", ".dockerignore"]


def test_formats_each_except_the_layout_has_a_verifier():
    assert [one.load_verifier().__name__ for one in FORMATS.values() if one.verifier] == [
        "verify_archive",
        "verify_sif",
    ]
