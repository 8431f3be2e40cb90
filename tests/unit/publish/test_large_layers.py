"""Layers that some registries refuse."""

from pathlib import Path

import pytest

from datacontainer.image.oci import MANIFEST_TYPE, Blob
from datacontainer.publish.layout import Image
from datacontainer.publish.push import warn_of_large_layers
from datacontainer.registry.upload import BlobFile


@pytest.mark.parametrize(("size_bytes", "warned"), [(10_000_000_000, False), (10_000_000_001, True)])
def test_warn_of_large_layers_names_the_key_that_cuts_them(capsys, size_bytes, warned):
    document = Blob.of(MANIFEST_TYPE, {"layers": [{"digest": "sha256:1"}]})
    warn_of_large_layers(Image({}, (document,), (BlobFile(Path("1"), "sha256:1", size_bytes),)))
    printed = capsys.readouterr().err
    assert ("a layer has 10.0 GB" in printed and "set shard_bytes" in printed) == warned
