"""A message signed with a PGP key by GnuPG, in a home of its own, the same bytes every time."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError, MissingToolError, UsageError
from datacontainer.runtime.logs import logger

ARMOR = b"-----BEGIN PGP PRIVATE KEY BLOCK-----"
# The first byte of a secret key's packet: old form with a length of 1 or 2 bytes, and new form.
# Source: RFC 4880, section 4.2.
BINARY = (0x94, 0x95, 0xC5)
LONGEST_PLACE = 70
HINT = "install GnuPG, `apt install gnupg` or `conda install -c conda-forge gnupg`, or name a PEM key, which needs none"
# The user's own settings must not change the signature, and nobody is there to be asked.
SETTINGS = ("--no-options", "--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")


def is_pgp_key(content: bytes) -> bool:
    """Whether the content of a file is that of a private PGP key, armored or binary."""
    return ARMOR in content or content[:1] in [bytes([byte]) for byte in BINARY]


def clear_signed(key: Path, message: Path) -> tuple[bytes, bytes]:
    """The message with its signature as text, and the key's fingerprint of 20 bytes.

    The signature's time is that of the key itself: with the same key, it is the same signature.

    Raises:
        MissingToolError: without gpg.
        UsageError: when the file has no key, or one that needs a passphrase.
    """
    if shutil.which("gpg") is None:
        raise MissingToolError(f"the `gpg` command is not on PATH, and `sign` names a PGP key, {str(key)!r}: {HINT}")
    # GnuPG has a socket in its home, whose path may have 107 bytes.
    place = tempfile.gettempdir() if len(tempfile.gettempdir()) <= LONGEST_PLACE else "/tmp"
    with tempfile.TemporaryDirectory(prefix="gpg-", dir=place) as home:
        try:
            _gpg(home, "--import", str(key))
            fingerprint, made = _signer(_gpg(home, "--with-colons", "--list-secret-keys").decode(), key)
            clock = ["--faked-system-time", f"{made}!", "--digest-algo", "SHA256", "--no-emit-version"]
            signed = _gpg(home, *clock, "--local-user", fingerprint, "--output", "-", "--clear-sign", str(message))
        except subprocess.CalledProcessError as error:
            raise UsageError(_explain(key, error)) from error
        finally:
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False, capture_output=True)
    return signed, bytes.fromhex(fingerprint)


def _gpg(home: str, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", home, *SETTINGS, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout


def _signer(listed: str, key: Path) -> tuple[str, int]:
    """The fingerprint of the primary key, and the time at which it and its subkeys are there."""
    rows = [line.split(":") for line in listed.splitlines()]
    primary = [row for row in rows if row[0] == "sec"]
    if len(primary) != 1:
        raise UsageError(f"the key {str(key)!r} holds {len(primary)} private PGP keys: name a file with one")
    fingerprint = next(row[9] for row in rows if row[0] == "fpr")
    if len(fingerprint) != 40:
        raise DataContainerError(
            f"the key {str(key)!r} is of a version that a SIF has no place for: use one of version 4"
        )
    return fingerprint, max(int(row[5]) for row in rows if row[0] in ("sec", "ssb"))


def _explain(key: Path, error: subprocess.CalledProcessError) -> str:
    told = error.stderr.decode(errors="backslashreplace").strip()
    logger.info("gpg: %s", told)
    if "passphrase" in told.lower():
        return (
            f"the key {str(key)!r} is protected by a passphrase, for which a run cannot ask: "
            "name a copy without one that you alone may read"
        )
    return f"the key {str(key)!r} cannot sign: {told.splitlines()[-1] if told else 'gpg says nothing'}"
