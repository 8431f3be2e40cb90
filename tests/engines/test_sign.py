"""Sign: signatures equal to those of Apptainer, and errors of one line for unusable keys."""

import base64
import json
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

import pytest

from datacontainer.runtime.errors import MissingToolError, UsageError
from datacontainer.sif.sign import check_key
from tools.engines import Tool, require_tool
from tools.keys import PEM, PGP, make_pgp, verify
from tools.products import UNIQUE, Products, flip, sha256sum

# The byte ranges in a SIF of its modification time, and of the times of the sixth object.
DESCRIPTOR = 4096 + 5 * 585
TIMES = ((72, 80), (DESCRIPTOR + 41, DESCRIPTOR + 57))


def signed(built: Products, folder: Path, key: Path) -> Path:
    """Writes the SIF of the products, signed with a key."""
    built.convert(image=folder / "signed.sif", key=key)
    return folder / "signed.sif"


def signed_by_apptainer(built: Products, folder: Path, key: Path) -> bytes:
    """The bytes of the SIF of the products, signed by Apptainer, with zeros instead of times."""
    image = folder / "apptainer.sif"
    shutil.copyfile(built.sif, image)
    Tool((require_tool("apptainer"),))("sign", "--key", key, image)
    content = bytearray(image.read_bytes())
    for start, end in TIMES:
        content[start:end] = bytes(end - start)
    return bytes(content)


def envelope(image: Path) -> dict[str, object]:
    """The JSON of the signature."""
    return dict(json.loads(Tool((require_tool("apptainer"),))("sif", "dump", "6", image)))


@pytest.mark.parametrize("name", ["ed25519", "rsa"])
def test_convert_signed_is_executable_and_equals_the_output_of_apptainer_sign(built, keys, tmp_path, name):
    ours = signed(built, tmp_path, keys / f"{name}.key")
    assert stat.S_IMODE(ours.stat().st_mode) == 0o755
    assert ours.read_bytes() == signed_by_apptainer(built, tmp_path, keys / f"{name}.key")


def test_convert_signed_with_ecdsa_differs_from_apptainer_only_in_the_random_signature(built, keys, tmp_path):
    ours = envelope(signed(built, tmp_path, keys / "ecdsa.key"))
    signed_by_apptainer(built, tmp_path, keys / "ecdsa.key")
    theirs = envelope(tmp_path / "apptainer.sif")
    for one in (ours, theirs):
        assert one["signatures"][0].pop("sig")
    assert ours == theirs


@pytest.mark.parametrize("name", [*PEM, *PGP])
def test_convert_signed_is_verified_by_apptainer_and_reproducible(built, keys, verifier, tmp_path, name):
    image = signed(built, tmp_path, keys / f"{name}.key")
    first = image.read_bytes()
    assert "Verified signature(s)" in verify(verifier, keys, name, image)
    assert "Signature (SHA-256)" in verifier.text("sif", "list", image)
    # A PGP signature can contain the time in seconds, so the second signature is created one second later.
    time.sleep(1.1 if name in PGP else 0)
    assert signed(built, tmp_path, keys / f"{name}.key").read_bytes() == first


def test_convert_signed_by_a_subkey_is_verified(built, gpg, verifier, tmp_path):
    make_pgp(gpg, tmp_path, "subkey", "ed25519", signer="rsa2048")
    verify(verifier, tmp_path, "subkey", signed(built, tmp_path, tmp_path / "subkey.key"))


def test_convert_signed_by_a_binary_pgp_key_in_a_deep_scratch_folder_is_verified(
    built, gpg, verifier, tmp_path, monkeypatch
):
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    make_pgp(gpg, tmp_path, "some", "rsa2048")
    gpg("--dearmor", "--output", tmp_path / "binary.key", tmp_path / "some.key")
    verify(verifier, tmp_path, "some", signed(built, tmp_path, tmp_path / "binary.key"))
    assert os.listdir(deep) == []


PARTS = {
    "data": UNIQUE,
    "descriptor": b"data.squashfs\0",
    "labels": b'{"data":{"attributes"',
    "config": b'"architecture":"amd64"',
    "definition": b"odd.docker",
}


@pytest.mark.parametrize("part", PARTS)
def test_verify_flipped_bit_is_refused_by_apptainer(built, keys, verifier, tmp_path, part):
    name = "pgp-ed25519" if part in ("data", "descriptor") else "ed25519"
    image = signed(built, tmp_path, keys / f"{name}.key")
    content = image.read_bytes()
    place = content.index(PARTS[part]) + 3
    image.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    assert "integrity compromised" in verify(verifier, keys, name, image, status=255)


def test_verify_changed_signature_is_refused_by_apptainer(built, keys, verifier, tmp_path):
    image = signed(built, tmp_path, keys / "ed25519.key")
    flip(image, b'"sig":"', 20)
    verify(verifier, keys, "ed25519", image, status=255)


@pytest.mark.parametrize("name", ["rsa", "pgp-rsa"])
def test_verify_another_key_or_none_is_refused_by_apptainer(built, keys, verifier, tmp_path, name):
    image = signed(built, tmp_path, keys / "ed25519.key")
    verify(verifier, keys, name, image, status=255)
    assert "signature not found" in verify(verifier, keys, name, built.sif, status=255)


def test_verify_products_signed_sif_matches_the_catalog(built, keys, tmp_path):
    copy = built.copy(tmp_path / "products")
    copy.sif.unlink()
    signed(built, tmp_path, keys / "pgp-rsa.key").rename(copy.sif)
    assert copy.verify()["sif"]["sha256"] == sha256sum(copy.sif)


def test_convert_signed_does_not_contain_the_key(built, keys, tmp_path):
    for name in ("ed25519", "pgp-ed25519"):
        image = signed(built, tmp_path, keys / f"{name}.key")
        for line in (keys / f"{name}.key").read_bytes().splitlines()[1:-1]:
            secret = base64.b64decode(line + b"==") if len(line) > 20 else b""
            assert len(line) <= 20 or (line not in image.read_bytes() and secret not in image.read_bytes())


def test_check_key_every_usable_key_is_accepted(keys):
    for name in [*PEM, *PGP]:
        check_key("fruit", str(keys / f"{name}.key"))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "does not exist: name a file with a private key"),
        ("ed25519.pub", "contains a public key: name a private key"),
        ("pgp-rsa.pub", "contains a public key: name a private key"),
        (b"hello", "contains no private key: name a private key"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "a passphrase, which cannot be entered during a run"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "is protected by a passphrase"),
    ],
)
def test_check_key_unusable_file_is_named_with_the_configuration_key(keys, tmp_path, content, named):
    file = tmp_path / "some.key"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else (keys / content).read_bytes())
    with pytest.raises(UsageError) as caught:
        check_key("fruit", str(file))
    assert str(caught.value).startswith("datasets.fruit.sign: ")
    assert named in str(caught.value)
    assert repr(str(file)) in str(caught.value)


def test_convert_pgp_key_with_a_passphrase_is_refused(built, gpg, tmp_path):
    make_pgp(gpg, tmp_path, "locked", "ed25519", passphrase="secret words")
    with pytest.raises(UsageError, match=r"locked\.key' is protected by a passphrase, which cannot be entered"):
        signed(built, tmp_path, tmp_path / "locked.key")
    assert not (tmp_path / "signed.sif").exists()
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (
            b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\naGVsbG8=\n-----END PGP PRIVATE KEY BLOCK-----\n",
            "gpg cannot sign with the key .*: gpg: ",
        ),
        (b"-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n", "is damaged or of an unknown kind"),
    ],
)
def test_convert_damaged_key_is_named(built, tmp_path, content, named):
    (tmp_path / "some.key").write_bytes(content)
    with pytest.raises(UsageError, match=named) as caught:
        signed(built, tmp_path, tmp_path / "some.key")
    assert "some.key" in str(caught.value)
    assert "aGVsbG8" not in str(caught.value)


def test_convert_file_with_two_pgp_keys_is_refused_with_their_number(built, keys, tmp_path):
    both = tmp_path / "both.key"
    both.write_bytes(b"".join((keys / f"{name}.key").read_bytes() for name in PGP))
    with pytest.raises(UsageError, match=r"both\.key' contains 2 private PGP keys: name a file with one key"):
        signed(built, tmp_path, both)


def test_convert_pgp_key_without_gpg_names_the_key_and_the_package(built, keys, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"`gpg`.*`sign`.*apt install gnupg") as caught:
        signed(built, tmp_path, keys / "pgp-rsa.key")
    assert caught.value.exit_status == 3
