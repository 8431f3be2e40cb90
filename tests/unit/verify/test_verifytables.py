"""Tests of verify with damaged tables of zstd layers; the digests and sizes in all descriptors agree with the bytes."""

import hashlib
import json
import os
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.verify.zstdframes import frames_before
from tools.engines import require_tool
from tools.examples import tried
from tools.products import Products, refused

SEEK, CHUNKED = "io.datacontainer.seek-table", "io.github.containers.zstd-chunked."
POSITION, SPLIT, CHECKSUM = (CHUNKED + name for name in ("manifest-position", "tarsplit-position", "manifest-checksum"))


@dataclass
class Layer:
    """The parts of the layer with the files."""

    frames: bytes
    seek: bytearray
    document: Any
    headers: bytes
    annotations: dict[str, str]
    plain: bytes | None = None

    @classmethod
    def of(cls, products: Products) -> "Layer":
        """The layer of a dataset."""
        (path, _) = manifests(products)
        layer = json.loads(path.read_bytes())["layers"][0]
        blob, annotations = products.blob(layer["digest"][7:]).read_bytes(), layer["annotations"]
        offset, length = map(int, annotations[SEEK].split(":"))
        place, size_bytes, *_ = map(int, annotations[POSITION].split(":"))
        split, headers_bytes, _ = map(int, annotations[SPLIT].split(":"))
        with pa.CompressedInputStream(pa.BufferReader(blob[place : place + size_bytes]), "zstd") as stream:
            document = json.loads(stream.read())
        headers = blob[split : split + headers_bytes]
        return cls(blob[:offset], bytearray(blob[offset : offset + length]), document, headers, annotations)

    def encode(self) -> bytes:
        """The blob; sets the annotations of the table of contents."""
        plain = json.dumps(self.document, separators=(",", ":")).encode() if self.plain is None else self.plain
        contents = pa.Codec("zstd").compress(plain, asbytes=True)
        place = len(self.frames) + len(self.seek) + 8
        split = int(self.annotations[SPLIT].split(":")[2])
        position = place, len(contents), len(plain), 1, place + len(contents) + 8, len(self.headers), split
        self.annotations[POSITION] = ":".join(map(str, position[:4]))
        self.annotations[SPLIT] = ":".join(map(str, position[4:]))
        self.annotations[CHECKSUM] = "sha256:" + hashlib.sha256(contents).hexdigest()
        footer = struct.pack("<7Q8s", *position, b"GNUlInUx")
        skipped = [struct.pack("<II", 0x184D2A50, len(one)) + one for one in (contents, self.headers, footer)]
        return b"".join([self.frames, self.seek, *skipped])


def manifests(products: Products) -> list[Path]:
    """The manifests of both platforms."""
    found = products.referring_to(products.digests()[0])
    return sorted(path for path in found if b'"layers":' in path.read_bytes())


def replace(products: Products, blob: bytes, annotations: dict[str, str]) -> None:
    """Gives the layer with the files other bytes and annotations."""
    products.replace_blob(products.digests()[0], blob)
    for path in manifests(products):
        products.change_json(path.name, lambda manifest: manifest["layers"][0].update(annotations=annotations))


def sizes(number: int, compressed: int, decompressed: int) -> Callable[[Layer], None]:
    """A change of the sizes in the seek table."""

    def change(layer: Layer) -> None:
        found = struct.unpack_from("<II", layer.seek, 8 + 8 * number)
        struct.pack_into("<II", layer.seek, 8 + 8 * number, found[0] + compressed, found[1] + decompressed)

    return change


def entry(path: str, /, **values: object) -> Callable[[Layer], None]:
    """A change of an entry of the table of contents."""
    return lambda layer: next(one for one in layer.document["entries"] if one["name"] == path).update(values)


def annotated(name: str, text: str | None) -> Callable[[Layer], object]:
    """A change of an annotation."""
    return lambda layer: layer.annotations.pop(name) if text is None else layer.annotations.update({name: text})


ONE = "srv/data/a/one"


def test_tables_encoded_again_are_accepted(chunked, tmp_path):
    products = chunked.copy(tmp_path / "products")
    layer = Layer.of(products)
    replace(products, layer.encode(), layer.annotations)
    assert products.verify()["files"] == 4


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (sizes(0, 0, 1), "are damaged: frame 0: expected the sizes ("),
        (sizes(2, -1, 0), "are damaged: frame 2: expected the sizes ("),
        (sizes(1, 0, 0xFFFF), "are damaged: frame 1: expected the sizes ("),
        (lambda layer: layer.seek.__setitem__(-9, layer.seek[-9] ^ 1), "are damaged: the seek table of "),
        (lambda layer: layer.seek.__setitem__(0, 0), "there is no frame with "),
        (entry(ONE, digest="sha256:" + "0" * 64), ": entry "),
        (entry(ONE, offset=0), '"offset": 0'),
        (entry(ONE, size=1 << 70), f'"size": {1 << 70}'),
        (entry(ONE, name="../../etc/passwd"), '"name": "../../etc/passwd"'),
        (entry("srv/data/link", linkName="/etc/passwd"), '"linkName": "/etc/passwd"'),
        (entry("srv/data/empty", mode=0o4755), f'"mode": {0o4755}'),
        (lambda layer: layer.document["entries"].pop(), "(the tar), found null (the table)"),
        (lambda layer: layer.document["entries"].append({}), "the number of entries: expected 7 (the tar), found 8"),
        (lambda layer: layer.document.update(version=2), "the table of contents has the version 2, expected 1"),
        (lambda layer: layer.document.update(tarSplitDigest="x"), "digest mismatch for the tar-split: expected x"),
        (lambda layer: setattr(layer, "plain", b"{"), "are damaged: Expecting property name"),
        (lambda layer: setattr(layer, "plain", b"[" * 200_000), "are damaged: "),
        (lambda layer: setattr(layer, "document", {}), "are damaged: 'tarSplitDigest'"),
    ],
)
def test_verify_damaged_table_is_named(chunked, tmp_path, change, text):
    products = chunked.copy(tmp_path / "products")
    layer = Layer.of(products)
    change(layer)
    replace(products, layer.encode(), layer.annotations)
    refused(products, f"the tables of the layer sha256:{products.digests()[0]}", text)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (annotated(SEEK, "x"), f"the annotation {SEEK} is 'x', expected 2 numbers"),
        (annotated(SEEK, "-1:50"), "expected 2 numbers"),
        (annotated(SEEK, "0:99999999999999999"), "the seek table is at 0:99999999999999999, in a blob of "),
        (annotated(SEEK, "0:50"), "there is no frame with 50 bytes and the magic number 0x184d2a5e at 0"),
        (annotated(SEEK, "0:0"), "there is no frame with 0 bytes"),
        (annotated(CHECKSUM, "sha256:" + "0" * 64), "digest mismatch for the table of contents: expected sha256:000"),
        (annotated(CHECKSUM, None), "the seek table ends at "),
        (annotated(POSITION, "1:2:3:1"), "the table of contents is at [1, 2, 3, 1], expected "),
        (annotated(POSITION, "1:2:99999999999999:1"), "the table of contents is at "),
        (annotated(POSITION, None), f"the annotation {POSITION} is '', expected 4 numbers"),
        (annotated(SPLIT, "1:2:3"), "the tar-split is at [1, 2, 3], expected "),
    ],
)
def test_verify_wrong_annotation_is_named(chunked, tmp_path, change, text):
    products = chunked.copy(tmp_path / "products")
    layer = Layer.of(products)
    blob = layer.encode()
    change(layer)
    replace(products, blob, layer.annotations)
    refused(products, f"the tables of the layer sha256:{products.digests()[0]} are damaged: ", text)


def test_verify_changed_footer_is_named(chunked, tmp_path):
    products = chunked.copy(tmp_path / "products")
    layer = Layer.of(products)
    blob = bytearray(layer.encode())
    blob[-20] ^= 1
    replace(products, bytes(blob), layer.annotations)
    refused(products, "the footer of 72 bytes differs from the annotations ")


def test_verify_layer_without_annotations_is_accepted(chunked, tmp_path):
    products = chunked.copy(tmp_path / "products")
    replace(products, Layer.of(products).encode(), {})
    assert products.verify()["files"] == 4


@pytest.mark.parametrize("options", [["--check"], ["--no-check"], ["--no-check", "-19"], ["--fast=5"]])
@pytest.mark.parametrize("size_bytes", [0, 1, 255, 256, 65_791, 65_792, 400_000])
def test_frames_before_frames_of_zstd_have_their_sizes(tmp_path, options, size_bytes):
    expected = []
    with open(tmp_path / "frames", "wb") as target:
        for content in (os.urandom(size_bytes), b"1" * size_bytes):
            (tmp_path / "content").write_bytes(content)
            command = [require_tool("zstd"), "--stdout", "--quiet", *options, tmp_path / "content"]
            frame = subprocess.run(command, check=True, capture_output=True).stdout
            expected.append((len(frame), size_bytes))
            target.write(frame)
        target.write(bytes(18))
    with open(tmp_path / "frames", "rb") as file:
        assert list(frames_before(file.fileno(), sum(size for size, _ in expected))) == expected


@tried(100)
@given(st.binary(max_size=60).map(lambda content: b"\x28\xb5\x2f\xfd" + content))
def test_frames_before_any_bytes_end_or_are_refused(content):
    descriptor = os.memfd_create("frames")
    try:
        os.write(descriptor, content)
        for _ in frames_before(descriptor, len(content)):
            pass
    except ValueError as error:
        assert "\n" not in str(error)
    finally:
        os.close(descriptor)
