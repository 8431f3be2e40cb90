"""Signatures with PGP keys: GnuPG signs in a temporary home folder; the same message gives the same bytes."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataContainerError, MissingToolError, UsageError
from datacontainer.runtime.logs import logger

ARMOR = b"-----BEGIN PGP PRIVATE KEY BLOCK-----"
# The first byte of a secret key's packet: old format with a length of 1 or 2 bytes, and new format.
# Source: RFC 4880, section 4.2.
BINARY = (0x94, 0x95, 0xC5)
MAX_FOLDER_BYTES = 70
HINT = "install GnuPG, `apt install gnupg` or `conda install -c conda-forge gnupg`, or name a PEM key instead"
# The user's settings must not change the signature, and a passphrase cannot be entered during a run.
SETTINGS = ("--no-options", "--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")


def is_pgp_key(content: bytes) -> bool:
    """Whether the content is a private PGP key, armored or binary."""
    return ARMOR in content or content[:1] in [bytes([byte]) for byte in BINARY]


def clear_signed(key: Path, message: Path) -> tuple[bytes, bytes]:
    """The message with its cleartext signature, and the key's fingerprint of 20 bytes.

    The signature's time is the key's creation time, so that the same key gives the same signature.

    Raises:
        MissingToolError: if gpg is missing.
        UsageError: if the file contains no key, or a key that needs a passphrase.
    """
    if shutil.which("gpg") is None:
        raise MissingToolError(f"the `gpg` command is not on PATH, but `sign` names a PGP key, {str(key)!r}: {HINT}")
    # GnuPG creates a socket in its home folder; the path of a socket has at most 107 bytes.
    place = tempfile.gettempdir() if len(tempfile.gettempdir()) <= MAX_FOLDER_BYTES else "/tmp"
    with tempfile.TemporaryDirectory(prefix="gpg-", dir=place) as home:
        try:
            _gpg(home, "--import", str(key))
            fingerprint, made = _signer(_gpg(home, "--with-colons", "--list-secret-keys").decode(), key)
            clock = ["--faked-system-time", f"{made}!", "--digest-algo", "SHA256", "--no-emit-version"]
            signed = _gpg(home, *clock, "--local-user", fingerprint, "--output", "-", "--clear-sign", str(message))
        except subprocess.CalledProcessError as error:
            raise UsageError(_explain(key, error)) from error
        finally:
            command = ["gpgconf", "--homedir", home, "--kill", "gpg-agent"]
            subprocess.run(command, check=False, capture_output=True, env=program_environment())
    return signed, bytes.fromhex(fingerprint)


def _gpg(home: str, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", home, *SETTINGS, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env=program_environment())
    return done.stdout


def _signer(listed: str, key: Path) -> tuple[str, int]:
    """The fingerprint of the primary key, and the creation time of the newest of the key and its subkeys."""
    rows = [line.split(":") for line in listed.splitlines()]
    primary = [row for row in rows if row[0] == "sec"]
    if len(primary) != 1:
        raise UsageError(f"the file {str(key)!r} contains {len(primary)} private PGP keys: name a file with one key")
    fingerprint = next(row[9] for row in rows if row[0] == "fpr")
    if len(fingerprint) != 40:
        raise DataContainerError(
            f"the fingerprint of the key {str(key)!r} is too long for a SIF: use a PGP key of version 4"
        )
    return fingerprint, max(int(row[5]) for row in rows if row[0] in ("sec", "ssb"))


def _explain(key: Path, error: subprocess.CalledProcessError) -> str:
    printed = error.stderr.decode(errors="backslashreplace").strip()
    logger.info("gpg: %s", printed)
    if "passphrase" in printed.lower():
        return (
            f"the key {str(key)!r} is protected by a passphrase, which cannot be entered during a run: "
            "name a copy without a passphrase that only you can read"
        )
    return f"gpg cannot sign with the key {str(key)!r}: {printed.splitlines()[-1] if printed else 'no output of gpg'}"
