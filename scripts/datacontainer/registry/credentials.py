"""Credentials: the logins that `docker login` and `podman login` store, and those of credential helpers.

Source: docs.docker.com/reference/cli/docker/login, containers-auth.json(5).
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.registry.reference import HUB
from datacontainer.runtime.errors import DataContainerError, MissingToolError, UsageError

HUB_KEY = "https://index.docker.io/v1/"
# The name with which credential helpers mark a token in place of a password.
TOKEN_USER = "<token>"
HELPER_SECONDS = 60
NOT_FOUND = "credentials not found"


class Login(NamedTuple):
    """A user and a password, or an identity token in their place."""

    user: str = ""
    password: str = ""
    token: str = ""

    @property
    def basic(self) -> str:
        """The value of the header Authorization."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def login_of(host: str, repository: str) -> Login | None:
    """Returns the login for a repository, of the first file that has one: podman's, then docker's; None without one.

    Raises:
        UsageError: for a file that is no JSON.
        DataContainerError: if a credential helper fails.
        MissingToolError: if it is not installed.
    """
    for file in _files():
        if file.is_file():
            found = _login_in(file, host, repository)
            if found:
                return found
    return None


def _files() -> Iterator[Path]:
    home, environment = Path.home(), os.environ
    if "REGISTRY_AUTH_FILE" in environment:
        yield Path(environment["REGISTRY_AUTH_FILE"])
        return
    if "DOCKER_CONFIG" not in environment:
        yield Path(environment.get("XDG_RUNTIME_DIR") or f"/run/containers/{os.getuid()}", "containers/auth.json")
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "containers/auth.json")
    yield Path(environment.get("DOCKER_CONFIG") or home / ".docker", "config.json")


def _login_in(file: Path, host: str, repository: str) -> Login | None:
    try:
        content = json.loads(file.read_bytes())
        logins, helpers, store = (content.get(key) or {} for key in ("auths", "credHelpers", "credsStore"))
        for key in _keys(host, repository):
            if helper := helpers.get(key) or (store if key in logins or key in (host, HUB_KEY) else ""):
                if found := _ask(str(helper), key):
                    return found
            elif key in logins and (found := _stored(logins[key])):
                return found
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise UsageError(
            f"{str(file)!r} has no logins that can be read ({error}): run `docker login {host}`"
        ) from error
    return None


def _keys(host: str, repository: str) -> Iterator[str]:
    """The names under which a file may store the login of a repository; podman stores logins of namespaces."""
    parts = [host, *repository.split("/")]
    yield from ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
    yield from (f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/")
    if host == HUB:
        yield from (HUB_KEY, "index.docker.io")


def _stored(entry: Mapping[str, Any]) -> Login | None:
    user, _, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
    found = Login(entry.get("username", user), entry.get("password", password), entry.get("identitytoken", ""))
    return found if found.user or found.token else None


def _ask(helper: str, key: str) -> Login | None:
    """The login that a credential helper has for a name; None if it has none."""
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [program, "get"], input=key, capture_output=True, text=True, check=False, timeout=HELPER_SECONDS
        )
    except FileNotFoundError as error:
        raise MissingToolError(
            f"{program}, which your login file names for {key}, is not on PATH: install it, or log in without it"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise DataContainerError(
            f"{program} gives no login for {key} in {HELPER_SECONDS} s: unlock its store"
        ) from error
    if done.returncode:
        if NOT_FOUND in done.stdout:
            return None
        raise DataContainerError(f"{program} fails for {key}: {(done.stdout + done.stderr).strip()[:200]!r}")
    answer = json.loads(done.stdout)
    user, secret = answer["Username"], answer["Secret"]
    return Login(token=secret) if user == TOKEN_USER else Login(user, secret)
