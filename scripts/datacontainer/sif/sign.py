"""Sign: signs a SIF with a user's private key; `apptainer verify` checks the signature.

Source: github.com/sylabs/sif, pkg/integrity, metadata.go, dsse.go and clearsign.go.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.packer import run_packer
from datacontainer.sif import header as sif
from datacontainer.sif.pgp import clear_signed, is_pgp_key

METADATA_TYPE = "application/vnd.sylabs.sif-metadata+json"
READ_BYTES = 1 << 20
# Keys have a few kilobytes.
MAX_KEY_BYTES = 1 << 20


def check_key(name: str, key: str) -> None:
    """Checks that the file `key`, the value of datasets.NAME.sign, contains a private key without a passphrase.

    Raises:
        UsageError: if not; the message does not contain the file's content.
    """
    where, path = f"datasets.{name}.sign", Path(key)
    if not path.is_file():
        raise UsageError(f"{where}: the file {key!r} does not exist: name a file with a private key, or remove `sign`")
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_KEY_BYTES)
    except OSError as error:
        raise UsageError(f"{where}: the key {key!r} cannot be read: {error.strerror}") from error
    if is_pgp_key(content):
        return
    if b"ENCRYPTED PRIVATE KEY-----" in content or b"\nProc-Type: 4,ENCRYPTED" in content:
        raise UsageError(
            f"{where}: the key {key!r} is protected by a passphrase, which cannot be entered during a run: "
            "name a copy without a passphrase (`openssl pkey -in KEY -out COPY`) that only you can read"
        )
    if b"PRIVATE KEY-----" not in content:
        found = "a public key" if b"PUBLIC KEY" in content else "no private key"
        raise UsageError(f"{where}: the file {key!r} contains {found}: name a private key in PEM or PGP format")


def add_signature(
    image: Path, file: BinaryIO, objects: Sequence[sif.DataObject], key: Path, packer: Path
) -> sif.DataObject:
    """Signs all objects, appends the signature to the image and returns its data object. file: the image, writable.

    Raises:
        UsageError: if the key cannot be used.
        MissingToolError: if the key is a PGP key and gpg is missing.
    """
    message = json.dumps(metadata(image, objects), separators=(",", ":")).encode()
    with tempfile.NamedTemporaryFile(suffix=".json") as written:
        written.write(message)
        written.flush()
        if is_pgp_key(key.read_bytes()):
            content, fingerprint = clear_signed(key, Path(written.name))
        else:
            content, fingerprint = _envelope(key, Path(written.name), packer), b""
    offset = sif.aligned(max(one.offset + one.size_bytes for one in objects))
    file.seek(offset)
    file.write(content)
    logger.info("signature of %d bytes at offset %d", len(content), offset)
    return sif.signature(offset, len(content), fingerprint)


def metadata(image: Path, objects: Sequence[sif.DataObject]) -> dict[str, object]:
    """The signed message: the digests of the header, and of each object's descriptor and content."""
    contents: dict[tuple[int, int], str] = {}
    described = []
    for number, one in enumerate(objects):
        place = one.offset, one.size_bytes
        if place not in contents:
            # The system partition and the data partition are the same bytes.
            contents[place] = digest_of_part(image, *place)
        descriptor = _digest(sif.signed_descriptor(number, one))
        described.append({"relativeId": number, "descriptorDigest": descriptor, "objectDigest": contents[place]})
    return {"version": 1, "header": {"digest": _digest(sif.signed_header())}, "objects": described}


def _envelope(key: Path, message: Path, packer: Path) -> bytes:
    return run_packer(packer, ["sign", "--key", key, "--type", METADATA_TYPE, message], {}).encode()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def digest_of_part(image: Path, offset: int, size_bytes: int) -> str:
    """sha256:<hex> of a part of a file.

    Raises:
        OSError: if the file ends before the part ends.
    """
    digest = hashlib.sha256()
    with open(image, "rb") as file:
        file.seek(offset)
        while size_bytes:
            piece = file.read(min(size_bytes, READ_BYTES))
            if not piece:
                raise OSError(f"{str(image)!r} was truncated while it was read: {size_bytes} bytes are missing")
            digest.update(piece)
            size_bytes -= len(piece)
    return "sha256:" + digest.hexdigest()
