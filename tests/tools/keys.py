"""Private keys of every kind, created by openssl and gpg, and Apptainer with its own keyring."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.engines import Tool, require_tool

PEM = {
    "ed25519": ["genpkey", "-algorithm", "ed25519"],
    "ecdsa": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ecdsa-sec1": ["ecparam", "-genkey", "-name", "secp384r1"],
    "ecdsa-521": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "rsa-pkcs1": ["genrsa", "-traditional"],
    "rsa": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}
PGP = {"pgp-ed25519": "ed25519", "pgp-rsa": "rsa2048"}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, gpg: Tool) -> Path:
    """A folder with a private key NAME.key and a public key NAME.pub for each name."""
    folder, openssl = tmp_path_factory.mktemp("keys"), Tool((require_tool("openssl"),))
    for name, command in PEM.items():
        openssl(command[0], "-out", folder / f"{name}.key", *command[1:])
        openssl("pkey", "-in", folder / f"{name}.key", "-pubout", "-out", folder / f"{name}.pub")
    for name, kind in PGP.items():
        make_pgp(gpg, folder, name, kind)
    return folder


def make_pgp(gpg: Tool, folder: Path, name: str, kind: str, *, passphrase: str = "", signer: str | None = None) -> None:
    """Creates a key of a kind. signer: the kind of a subkey for signing; the key itself then only certifies."""
    user = f"{name}@example.org"
    unlock = ["--pinentry-mode", "loopback", "--passphrase", passphrase]
    gpg(*unlock, "--quick-gen-key", user, kind, "cert" if signer else "sign", "never")
    if signer:
        listed = gpg.text("--with-colons", "--list-keys", user)
        fingerprint = next(line for line in listed.splitlines() if line.startswith("fpr")).split(":")[9]
        gpg(*unlock, "--quick-add-key", fingerprint, signer, "sign", "never")
    (folder / f"{name}.key").write_bytes(gpg(*unlock, "--armor", "--export-secret-keys", user))
    (folder / f"{name}.pub").write_bytes(gpg("--armor", "--export", user))


@pytest.fixture(scope="session")
def gpg(short_folder: Path) -> Iterator[Tool]:
    """GnuPG with its own keyring."""
    home = short_folder / "gpg"
    home.mkdir(mode=0o700)
    yield Tool((require_tool("gpg"), "--homedir", home, "--batch", "--quiet"))
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)


@pytest.fixture
def verifier(tmp_path: Path) -> Tool:
    """Apptainer with an empty home, and therefore without public keys."""
    return Tool(("env", f"HOME={tmp_path}", "LANG=C.UTF-8", require_tool("apptainer")))


def verify(verifier: Tool, keys: Path, name: str, image: Path, status: int = 0) -> str:
    """The output of `apptainer verify` for an image, with the public key of a name."""
    public = keys / f"{name}.pub"
    if public.read_text().startswith("-----BEGIN PGP"):
        # The import fails if the key was imported before.
        verifier.run("key", "import", public, status=None)
        options: list[str | Path] = ["--local"]
    else:
        options = ["--key", public]
    done = verifier.run("verify", *options, image, status=status)
    return (done.stdout + done.stderr).decode()
