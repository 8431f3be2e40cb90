"""Tests of the JSON in image layouts against the OCI schemas, and of the schemas against invalid JSON."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from datacontainer.image.built import Attestation
from datacontainer.image.oci import Blob
from datacontainer.image.referrers import write_attestations
from tools.oci_schemas import BY_MEDIA_TYPE, CONFIG, INDEX, LAYOUT, MANIFEST

EMPTY = "application/vnd.oci.empty.v1+json"
DIGEST = "sha256:" + 64 * "0"


def errors(value: object, schema: dict[str, Any]) -> list[str]:
    """The violations of a schema."""
    return [f"{one.json_path}: {one.message}" for one in Draft202012Validator(schema).iter_errors(value)]


def described(value: Any) -> Iterator[dict[str, Any]]:
    """All descriptors in a JSON value."""
    if isinstance(value, dict):
        if {"mediaType", "digest", "size"} <= value.keys():
            yield value
        for part in value.values():
            yield from described(part)
    elif isinstance(value, list):
        for part in value:
            yield from described(part)


def checked(layout: Path) -> list[str]:
    """Checks all JSON of a layout and returns its media types."""
    assert errors(json.loads((layout / "oci-layout").read_bytes()), LAYOUT) == []
    index, seen = json.loads((layout / "index.json").read_bytes()), []
    assert errors(index, INDEX) == []
    waiting = list(described(index))
    while waiting:
        one = waiting.pop()
        path = layout / "blobs" / one["digest"].replace(":", "/")
        # The subject of an attestation is in another layout.
        if one["mediaType"] not in BY_MEDIA_TYPE or not path.exists():
            continue
        content = json.loads(path.read_bytes())
        assert errors(content, BY_MEDIA_TYPE[one["mediaType"]]) == [], one
        seen.append(one["mediaType"].split(".")[-2])
        waiting += described(content)
    return sorted(seen)


@pytest.mark.parametrize("platforms", [["linux/amd64"], ["linux/amd64", "linux/arm64"]])
def test_assemble_layout_each_json_conforms_to_the_schemas(built, tmp_path, platforms):
    products = built.copy(tmp_path / "products")
    products.assemble(products.shard_layers(), platforms)
    nested = ["index"] if len(platforms) > 1 else []
    assert checked(products.layout) == sorted([*nested, *["config", "manifest"] * len(platforms)])


def test_write_attestations_each_json_conforms_to_the_schemas(attested):
    assert checked(attested) == ["index", "index", "manifest", "manifest"]


@pytest.fixture
def attested(tmp_path: Path) -> Path:
    """A layout with two referrers, which have different subjects."""
    subjects = [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST[:-1] + end, "size": 9}
        for end in "12"
    ]
    made = [
        Attestation(f"{number}.json", Blob.of("application/vnd.in-toto+json", {"n": number}), subject, {"a.b": "c"})
        for number, subject in enumerate(subjects)
    ]
    write_attestations(made, tmp_path / "attestations")
    return tmp_path / "attestations/oci"


GOOD = {
    "manifest": {
        "schemaVersion": 2,
        "config": {"mediaType": EMPTY, "digest": DIGEST, "size": 2},
        "layers": [{"mediaType": "a/b", "digest": DIGEST, "size": 2}],
        "artifactType": "a/b",
    },
    "config": {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [DIGEST]}},
}


@pytest.mark.parametrize(
    ("schema", "of", "place", "value"),
    [
        (MANIFEST, "manifest", ("artifactType",), None),
        (MANIFEST, "manifest", ("layers",), []),
        (MANIFEST, "manifest", ("layers", 0, "size"), -1),
        (MANIFEST, "manifest", ("layers", 0, "digest"), "sha256:abc"),
        (MANIFEST, "manifest", ("layers", 0, "mediaType"), "plain"),
        (MANIFEST, "manifest", ("schemaVersion",), 1),
        (MANIFEST, "manifest", ("annotations",), {"a": 1}),
        (MANIFEST, "manifest", ("subject",), {"digest": DIGEST}),
        (CONFIG, "config", ("rootfs", "diff_ids", 0), "abc"),
        (CONFIG, "config", ("architecture",), None),
        (CONFIG, "config", ("created",), "yesterday"),
        (CONFIG, "config", ("config",), {"Entrypoint": "/entrypoint"}),
    ],
)
def test_schemas_invalid_value_is_refused(schema, of, place, value):
    good = copy.deepcopy(GOOD[of])
    assert errors(good, schema) == []
    holder = good
    for part in place[:-1]:
        holder = holder[part]
    if value is None:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    assert errors(good, schema)
