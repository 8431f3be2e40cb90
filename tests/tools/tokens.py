"""Token server for docker-registry, with logins that may do different things, and certificates."""

import base64
import json
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.engines import Tool, require_tool


def login(user: str, password: str) -> dict[str, str]:
    """The entry of a login in the files of docker and podman."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def make_certificate(key: Path, certificate: Path) -> None:
    """Writes a private key, and a certificate for 127.0.0.1 that it signed itself."""
    kind = ["-newkey", "rsa:2048", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=x", "-keyout", key, "-out", certificate, *kind]
    Tool((require_tool("openssl"),))(*made)


@contextmanager
def serving_tokens(folder: Path, users: Mapping[str, Collection[str]]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The settings with which docker-registry uses the server, and the paths of its requests.

    folder: for key and certificate. users: the actions that each NAME:PASSWORD may do, such as pull and push.
    """
    key, certificate, requests = folder / "token.key", folder / "token.pem", list[str]()
    make_certificate(key, certificate)
    allowed = {f"Basic {login(*user.split(':'))['auth']}": actions for user, actions in users.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            actions = allowed.get(self.headers.get("Authorization", ""))
            query = parse_qs(urlsplit(self.path).query)
            content = b"{}" if actions is None else _token(key, certificate, query, actions, len(requests))
            self.send_response(401 if actions is None else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        realm = f"http://127.0.0.1:{server.server_address[1]}/token"
        token = {"realm": realm, "service": "r", "issuer": "tests", "rootcertbundle": str(certificate)}
        try:
            yield {"token": token}, requests
        finally:
            server.shutdown()


def _token(
    key: Path, certificate: Path, query: Mapping[str, list[str]], actions: Collection[str], number: int
) -> bytes:
    """An answer of the server: a signed token for the actions of the query that are allowed."""
    openssl = Tool((require_tool("openssl"),))
    der = base64.b64encode(openssl("x509", "-in", certificate, "-outform", "DER")).decode()
    access = []
    for scope in query.get("scope", []):
        kind, name, asked = scope.split(":")
        access.append({"type": kind, "name": name, "actions": [one for one in asked.split(",") if one in actions]})
    now = int(time.time())
    claims = {"iss": "tests", "aud": query["service"][0], "exp": now + 60, "nbf": now - 60, "access": access}
    parts = {"typ": "JWT", "alg": "RS256", "x5c": [der]}, {**claims, "jti": str(number)}
    signed = ".".join(_encoded(json.dumps(one).encode()) for one in parts)
    signature = openssl("dgst", "-sha256", "-sign", key, input=signed.encode())
    return json.dumps({"token": f"{signed}.{_encoded(signature)}"}).encode()


def _encoded(content: bytes) -> str:
    """Base64 in the alphabet of JSON web tokens."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
