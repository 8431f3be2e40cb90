"""Authorization of requests: HTTP basic authentication, and the tokens of a registry's token server.

Source: distribution.github.io/distribution/spec/auth/token and /oauth; RFC 7235.
"""

import json
import re
from collections.abc import Callable
from threading import Lock
from urllib.parse import urlencode

from datacontainer.registry.credentials import Login, login_of
from datacontainer.registry.errors import RegistryError

PARAMETER = re.compile(r'(\w+)="([^"]*)"')
FORM = "application/x-www-form-urlencoded"
CLIENT = "datacontainer"

# Sends a request: method, URL, headers, body; returns status and content.
Send = Callable[[str, str, dict[str, str], bytes | None], tuple[int, bytes]]


class Authorization:
    """The headers Authorization for a repository, one for each scope; threads share them."""

    def __init__(self, host: str, repository: str, send: Send) -> None:
        """send: sends a request to a token server."""
        self._host, self._repository, self._send = host, repository, send
        self._headers: dict[str, str] = {}
        self._lock = Lock()

    def header(self, scope: str) -> str:
        """The header for a scope, such as "repository:lab/fruit:pull"; "" before a registry asked for one."""
        return self._headers.get(scope, "")

    def renew(self, scope: str, challenge: str, refused: str) -> bool:
        """Gets a header after a registry refused one; returns whether there is another to try.

        challenge: the registry's header WWW-Authenticate. Of threads with the same refused header, only one asks.

        Raises:
            RegistryError: if the token server refuses the login.
        """
        with self._lock:
            if self.header(scope) == refused:
                login = login_of(self._host, self._repository)
                self._headers[scope] = self._authorize(scope, challenge, login)
            return self.header(scope) not in ("", refused)

    def _authorize(self, scope: str, challenge: str, login: Login | None) -> str:
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return login.basic if login and not login.token else ""
        if kind.lower() != "bearer":
            return ""
        given = {name.lower(): value for name, value in PARAMETER.findall(rest)}
        words = [("service", given.get("service", "")), *(("scope", one) for one in scope.split())]
        return f"Bearer {self._token(given.get('realm', ''), words, login)}"

    def _token(self, realm: str, words: list[tuple[str, str]], login: Login | None) -> str:
        words = [(name, value) for name, value in words if value]
        if login and login.token:
            scopes = " ".join(value for name, value in words if name == "scope")
            form = {**dict(words), "scope": scopes, "grant_type": "refresh_token", "refresh_token": login.token}
            body = urlencode(form | {"client_id": CLIENT}).encode()
            status, content = self._send("POST", realm, {"Content-Type": FORM}, body)
        else:
            headers = {"Authorization": login.basic} if login else {}
            joint = "&" if "?" in realm else "?"
            status, content = self._send("GET", f"{realm}{joint}{urlencode(words)}", headers, None)
        try:
            answer = json.loads(content) if status == 200 else {}
            token = str(answer.get("token") or answer["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            login_text = f"the login of user {login.user!r}" if login and login.user else "the request"
            raise RegistryError(
                f"{self._host}: its token server {realm!r} refused {login_text} with status {status}: "
                f"run `docker login {self._host}`",
                status,
            ) from error
        return token
