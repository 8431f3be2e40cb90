"""A running `-serve`: its address, and a proxy that adds a script to its page."""

import contextlib
import http.client
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from tools.engines import Word
from tools.servers import OPENER, listens, serving


class Answer(NamedTuple):
    """The status, the headers and the content of an answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@contextlib.contextmanager
def started(command: Sequence[Word], port: int) -> Iterator[str]:
    """Runs a command that serves on a port, and yields its address; the command must end with 0 after SIGTERM."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with serving(command, lambda: listens(port), log) as process:
            yield f"http://127.0.0.1:{port}"
        assert process.returncode == 0, log.read_text(errors="replace")


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
            upstream = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
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
