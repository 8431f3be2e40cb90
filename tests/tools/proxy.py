"""Proxy in front of a server of this machine: it counts requests and bytes, and damages chosen requests."""

import re
import socket
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

BLOCK_BYTES = 1 << 16
# Of an answer's headers, those that the proxy sets itself.
OWN = {"connection", "transfer-encoding", "date", "server"}


@dataclass
class Fault:
    """A fault of the next requests with a method whose path matches.

    status: is answered in place of the server. headers: are added to the answer. cut_request, cut_answer: the number of
    bytes of the body after which the connection is cut. hang: whether the request is never passed on. times: how often.
    after: the number of such requests before the first fault.
    """

    method: str
    path: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_request: int | None = None
    cut_answer: int | None = None
    hang: bool = False
    times: int = 1
    after: int = 0


@dataclass
class Proxy:
    """A running proxy. requests: by method. uploaded, downloaded: bytes of the bodies by the request's method.

    lines: each "METHOD PATH". without: headers of requests that are not passed on. renamed: parts of paths and their
    replacements.
    """

    host: str
    upstream: str
    without: Collection[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    uploaded: Counter[str] = field(default_factory=Counter)
    downloaded: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_of(self, method: str, path: str) -> Fault:
        """The fault of a request, which is counted."""
        with self.lock:
            self.requests[method] += 1
            self.lines.append(f"{method} {path}")
            for one in self.faults:
                if one.times and one.method == method and re.search(one.path, path):
                    if one.after:
                        one.after -= 1
                        continue
                    one.times -= 1
                    return one
        return Fault(method)

    def reset(self) -> None:
        """Sets all counts to 0."""
        with self.lock:
            for counter in (self.requests, self.uploaded, self.downloaded, self.lines):
                counter.clear()

    def count(self, counter: Counter[str], method: str, size_bytes: int) -> None:
        """Adds bytes of a body."""
        with self.lock:
            counter[method] += size_bytes


class _Cut(Exception):  # noqa: N818
    """The fault cuts the connection here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_any(self) -> None:
        """Passes on a request, and its answer."""
        fault = self.proxy.fault_of(self.command, self.path)
        try:
            if fault.hang:
                self.proxy.ended.wait()
                raise _Cut
            body = self._body(fault)
            if fault.status:
                b"".join(body)
                self._answer(fault.status, {**fault.headers, "Content-Length": "0"}, None, fault)
            else:
                self._pass_on(body, fault)
        except (_Cut, OSError, HTTPException):
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_PROPFIND = handle_any  # noqa: N815

    def _body(self, fault: Fault) -> Iterator[bytes]:
        left, done = int(self.headers.get("Content-Length", 0)), 0
        while left:
            most = BLOCK_BYTES if fault.cut_request is None else min(BLOCK_BYTES, fault.cut_request - done)
            if most <= 0:
                raise _Cut
            block = self.rfile.read1(min(most, left))
            if not block:
                raise _Cut
            left, done = left - len(block), done + len(block)
            self.proxy.count(self.proxy.uploaded, self.command, len(block))
            yield block

    def _pass_on(self, body: Iterator[bytes], fault: Fault) -> None:
        upstream = HTTPConnection(self.proxy.upstream, timeout=60)
        try:
            path = self.path
            for part, other in self.proxy.renamed.items():
                path = path.replace(part, other)
            upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name not in self.proxy.without:
                    upstream.putheader(name, value)
            upstream.endheaders()
            for block in body:
                upstream.send(block)
            answer = upstream.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in OWN}
            self._answer(answer.status, {**kept, **fault.headers}, answer, fault)
        finally:
            upstream.close()

    def _answer(self, status: int, headers: Mapping[str, str], content: IO[bytes] | None, fault: Fault) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Connection", "close")
        self.end_headers()
        left = fault.cut_answer
        while content and (block := content.read(BLOCK_BYTES if left is None else min(left, BLOCK_BYTES))):
            self.wfile.write(block)
            self.proxy.count(self.proxy.downloaded, self.command, len(block))
            left = None if left is None else left - len(block)
        if left == 0:
            raise _Cut

    def handle_one_request(self) -> None:
        """Handles a request, or ends if the client closed the connection."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@contextmanager
def proxying(upstream: str, **options: Any) -> Iterator[Proxy]:
    """A proxy for the server at a host and port, which stops at the end of the block. options: fields of Proxy."""
    proxy = Proxy("", upstream, **options)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    proxy.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
