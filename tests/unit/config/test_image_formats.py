"""The registry of image formats, against the schema and the rules."""

from pathlib import Path

import yaml

from datacontainer.config.formats import FORMATS, files_of, product_of
from datacontainer.image.attest import DOCUMENTS

ROOT = Path(__file__).parents[3]


def test_formats_and_documents_equal_those_of_the_schema():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    keys = schema["$defs"]["dataset"]["properties"]
    assert keys["formats"]["items"]["enum"] == list(FORMATS)
    assert keys["attest"]["items"]["enum"] == list(DOCUMENTS)


def test_formats_every_stage_has_a_rule_with_its_name():
    rules = "\n".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    for one in FORMATS.values():
        assert f"rule {one.stage}:" in rules or f"checkpoint {one.stage}:" in rules


def test_product_of_wildcard_is_kept_in_the_name():
    assert [product_of("{dataset}", name) for name in FORMATS] == [
        "oci/index.json",
        "{dataset}.docker.tar",
        "{dataset}.sif",
    ]
    assert files_of("fruit", "oci")[1:] == ["oci/manifest.json", "oci/oci-layout", "Dockerfile", ".dockerignore"]


def test_formats_all_except_the_layout_have_a_verifier():
    assert [one.load_verifier().__name__ for one in FORMATS.values() if one.verifier] == [
        "verify_archive",
        "verify_sif",
    ]
