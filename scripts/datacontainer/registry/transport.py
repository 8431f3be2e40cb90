"""Transport: requests to one registry, with TLS, retries and authorization; its errors are one line each."""

import ipaddress
import json
import os
import random
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cache
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError

from datacontainer import __version__
from datacontainer.registry.authorization import Authorization
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import HUB

HUB_HOST = "registry-1.docker.io"
ATTEMPTS, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5, 0.5, 60.0
TIMEOUT = urllib3.Timeout(connect=20, read=300)
CONNECTIONS, BLOCK_BYTES, SHOWN_CHARACTERS, MAXIMUM_ERROR = 16, 1 << 20, 200, 1 << 16
# The specification asks registries to accept manifests of 4 MiB; an index of referrers may grow.
MAXIMUM_DOCUMENT = 16 << 20
# Redirects, such as those to the storage of a registry, lose the header Authorization on another host.
REDIRECTS = urllib3.Retry(total=5, connect=False, read=False, status=0, other=0)
PASSING = {408, 429, 500, 502, 503, 504}
REMEDIES = {
    403: "this login may not do this: run `docker login {host}` with another one, or check the repository's name",
    404: "check the name of the repository and the tag",
    413: "the registry limits the size of a layer: set shard_bytes of the dataset to a smaller number",
    429: "the registry limits the number of requests: try again later",
    507: "the registry's disk is full: run the same command again when it has space",
}

# Makes the body of a request; it is called again for each attempt.
Body = Callable[[], Any]


class Answer(NamedTuple):
    """The answer to a request. data: its content, unless it was left to read from `raw`."""

    status: int
    headers: Mapping[str, str]
    data: bytes
    raw: urllib3.BaseHTTPResponse


class Transport:
    """Requests to a registry; threads may share it."""

    def __init__(self, host: str, repository: str = "", *, plain_http: bool = False) -> None:
        """plain_http: use HTTP without TLS, also if the host is not this machine."""
        self.host, self._plain = host, plain_http or is_local(host)
        self._forced = plain_http
        self._name = f"{host}/{repository}" if repository else host
        self._api = HUB_HOST if host == HUB else host
        self._base, self._answered = "", False
        # Is called before each request.
        self.count: Callable[[], object] = lambda: None
        self._lock = Lock()
        self._authorization = Authorization(host, repository, self._ask_server)
        self._pool = _pool(self._api)

    @property
    def base(self) -> str:
        """The URL of the API, with HTTP if this machine's registry speaks no TLS."""
        with self._lock:
            if not self._base:
                self._base = f"{'http' if self._speaks_http() else 'https'}://{self._api}/v2/"
            return self._base

    def request(
        self,
        method: str,
        path: str,
        scope: str,
        *,
        expected: Collection[int] = (200,),
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        attempts: int = ATTEMPTS,
        stream: bool = False,
    ) -> Answer:
        """Returns the answer to a request. path: below /v2/, or a URL of the registry. stream: leave its content.

        Asks again after a cut connection (not the first one), status 429 or 5xx, and once with a new token after 401.

        Raises:
            RegistryError: for a status that is not in `expected`, or if no answer comes.
        """
        url, renewed = urljoin(self.base, path), False
        self._check_scheme(url)
        for attempt in range(attempts):
            last = attempt + 1 == attempts
            try:
                answer, used = self._send(method, url, scope, headers or {}, body)
                if answer.status == 401 and not renewed:
                    answer.read()
                    challenge = answer.headers.get("WWW-Authenticate", "")
                    renewed = self._authorization.renew(scope, challenge, used)
                    if renewed:
                        answer, used = self._send(method, url, scope, headers or {}, body)
                if answer.status in expected:
                    return Answer(answer.status, answer.headers, b"" if stream else self._content(answer), answer)
                if answer.status not in PASSING or last:
                    raise self._refused(method, url, answer, logged_in=bool(used))
                pause = _asked_pause(answer)
                answer.drain_conn()
            except HTTPError as error:
                if last or not self._answered or isinstance(_cause(error), ssl.SSLCertVerificationError):
                    raise self._unreachable(method, url, error) from error
                pause = None
            wait(attempt, pause)
        raise AssertionError("the last attempt returns or raises")

    def _send(
        self, method: str, url: str, scope: str, headers: Mapping[str, str], body: Body | None
    ) -> tuple[urllib3.BaseHTTPResponse, str]:
        """The answer to one request, and the header Authorization that it had."""
        own = urlsplit(url).netloc == self._api
        used = self._authorization.header(scope) if own else ""
        every = {"User-Agent": f"datacontainer/{__version__}", "Accept-Encoding": "identity", **headers}
        if used:
            every["Authorization"] = used
        given = body() if body else None
        options: dict[str, Any] = {"redirect": body is None, "preload_content": False, "retries": REDIRECTS}
        self.count()
        answer = self._pool.request(method, url, body=given, headers=every, **options)
        self._answered = True
        return answer, used

    def _content(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        content = bytearray()
        while part := answer.read(BLOCK_BYTES):
            content += part
            if len(content) > MAXIMUM_DOCUMENT:
                answer.close()
                raise RegistryError(f"{self._name}: an answer has more than {MAXIMUM_DOCUMENT} bytes: see its log")
        return bytes(content)

    def _ask_server(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        """Sends a request to a token server; retries as `request` does."""
        self._check_scheme(url)
        for attempt in range(ATTEMPTS):
            try:
                self.count()
                answer = self._pool.request(method, url, body=body, headers=headers, retries=REDIRECTS)
                if answer.status not in PASSING or attempt + 1 == ATTEMPTS:
                    return answer.status, answer.data[:MAXIMUM_ERROR]
            except HTTPError as error:
                if attempt + 1 == ATTEMPTS:
                    raise self._unreachable(method, url, error) from error
            wait(attempt, None)
        raise AssertionError("the last attempt returns or raises")

    def _check_scheme(self, url: str) -> None:
        """Raises RegistryError if a request would leave this machine without TLS."""
        found = urlsplit(url)
        if found.scheme == "https" or (found.scheme == "http" and (self._forced or is_local(found.netloc))):
            return
        raise RegistryError(
            f"{self._name}: {f'{found.scheme}://{found.netloc}'!r}, which the registry names, is not encrypted: use a "
            "registry with TLS, or --plain-http in a network that you trust"
        )

    def _speaks_http(self) -> bool:
        """Whether to use HTTP: on request or, as docker does, if a registry of this machine speaks no TLS."""
        if self._forced or not self._plain:
            return self._forced
        try:
            self._pool.request("GET", f"https://{self._api}/v2/", retries=False).release_conn()
        except HTTPError as error:
            return not isinstance(_cause(error), ssl.SSLCertVerificationError)
        return False

    def _refused(self, method: str, url: str, answer: urllib3.BaseHTTPResponse, *, logged_in: bool) -> RegistryError:
        status, remedy = answer.status, REMEDIES.get(answer.status, "")
        code, text = _first_error(answer)
        shown = f" ({text!r})" if text else ""
        if status == 401:
            known = "does not accept your login" if logged_in else "needs a login"
            remedy = f"run `docker login {self.host}`"
            return RegistryError(f"{self._name}: the registry {known}{shown}: {remedy}", status, code)
        if not remedy:
            remedy = "the registry fails: run the same command again later" if status >= 500 else "see its log"
        path = urlsplit(url).path
        remedy = remedy.format(host=self.host)
        line = f"{self._name}: {method} {path} was answered with {status}{shown}: {remedy}"
        return RegistryError(line, status, code, _asked_pause(answer))

    def _unreachable(self, method: str, url: str, error: HTTPError) -> RegistryError:
        cause = _cause(error)
        host = urlsplit(url).netloc
        if isinstance(cause, ssl.SSLCertVerificationError):
            remedy = "set SSL_CERT_FILE to the certificate of the authority that signed it, in PEM"
            return RegistryError(
                f"{self._name}: the certificate of {host} is not trusted ({cause.verify_message}): {remedy}"
            )
        if isinstance(cause, ssl.SSLError):
            remedy = "check the host and port or, in a network that you trust, add --plain-http"
            return RegistryError(f"{self._name}: {host} does not answer with TLS ({cause.reason or cause}): {remedy}")
        text = " ".join(str(getattr(cause, "strerror", None) or cause).split())[:SHOWN_CHARACTERS]
        remedy = "check the host, the port and the network, and run the same command again"
        return RegistryError(f"{self._name}: no answer to {method} from {host} ({text}): {remedy}")


def is_local(netloc: str) -> bool:
    """Whether a host, with or without a port, is this machine: localhost, 127.0.0.0/8 or ::1."""
    host = urlsplit(f"//{netloc}").hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


@cache
def _trust() -> ssl.SSLContext:
    """The certificates of the system or, if it is set, of $SSL_CERT_FILE, and those of $REQUESTS_CA_BUNDLE."""
    context, file = ssl.create_default_context(), os.environ.get("REQUESTS_CA_BUNDLE")
    if file and file != os.environ.get("SSL_CERT_FILE"):
        with suppress(OSError):
            context.load_verify_locations(file)
    return context


def _pool(host: str) -> urllib3.PoolManager:
    """The connections to a host, through the proxy in the environment."""
    options: dict[str, Any] = {"ssl_context": _trust(), "maxsize": CONNECTIONS, "timeout": TIMEOUT}
    options["blocksize"] = BLOCK_BYTES
    proxy = getproxies().get("https")
    if proxy and not is_local(host) and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)


def _cause(error: BaseException) -> BaseException:
    """The first error in a chain of urllib3's."""
    while isinstance(error, HTTPError):
        inner = getattr(error, "reason", None) or next((one for one in error.args if isinstance(one, Exception)), None)
        if not isinstance(inner, BaseException):
            inner = error.__cause__ or error.__context__
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _first_error(answer: urllib3.BaseHTTPResponse) -> tuple[str, str]:
    """The code and the text of the first error in the registry's answer; empty without one."""
    with suppress(HTTPError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        first = json.loads(answer.read(MAXIMUM_ERROR))["errors"][0]
        return str(first["code"]), str(first.get("message") or first["code"])[:SHOWN_CHARACTERS]
    return "", ""


def _asked_pause(answer: urllib3.BaseHTTPResponse) -> float | None:
    with suppress(ValueError):
        return float(answer.headers.get("Retry-After", ""))
    return None


def wait(attempt: int, asked_seconds: float | None) -> None:
    """Waits before the next attempt: as long as the registry asks or, with chance, twice as long each time."""
    pause = FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1) if asked_seconds is None else asked_seconds
    time.sleep(max(0.0, min(pause, LONGEST_PAUSE_SECONDS)))
