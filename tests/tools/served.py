"""A running `-serve`: its address, and a proxy that adds a script to its page."""

import contextlib
import http.client
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tools.engines import Word
from tools.servers import OPENER

START_SECONDS = 20


class Answer(NamedTuple):
    """The status, the headers and the content of an answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def free_port() -> int:
    """A port of this machine on which no program listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def started(command: Sequence[Word], port: int) -> Iterator[str]:
    """Runs a command that serves on a port, and yields its address; the command must end with 0 after SIGTERM."""
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            messages = process.communicate(timeout=START_SECONDS)[1].decode(errors="replace")
    assert process.returncode == 0, messages


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}; the program's status is {process.poll()}")


def get(address: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """The answer to a request. headers: a name's underscores become dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, body, named, method=method)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read())


@contextlib.contextmanager
def with_script(address: str, script: str) -> Iterator[str]:
    """The address of a proxy of the server whose page also runs a script; its policy allows that script."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._forward(None)

        def do_POST(self) -> None:
            self._forward(self.rfile.read(int(self.headers["Content-Length"])))

        def _forward(self, body: bytes | None) -> None:
            if self.path == "/added.js":
                self._send(200, {"Content-Type": "text/javascript"}, script.encode())
                return
            upstream = http.client.HTTPConnection(address.removeprefix("http://"))
            upstream.request(
                self.command, self.path, body, {"Range": one} if (one := self.headers.get("Range")) else {}
            )
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if self.path == "/":
                content = content.replace(b"</body>", b'<script type="module" src="/added.js"></script></body>')
            self._send(answer.status, dict(answer.headers), content)

        def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "connection", "date", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
