"""Fixture: a headless browser, which returns a page's content, its console output and its requests."""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tools.engines import Tool, require_tool

# host-resolver-rules blocks requests of the browser itself; requests of a page are blocked and logged.
FLAGS = (
    *(
        "--headless",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
    ),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
)
# The initiators of requests that no page made.
NO_PAGE = (None, "not an origin")
DARK = "--blink-settings=preferredColorScheme=0"


@dataclass
class Dom(HTMLParser):
    """A page after it was loaded: its text, without styles and scripts, and its elements with attributes."""

    text: str = ""
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    _tag: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.text += " "
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag not in {"style", "script"}:
            self.text += data

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def attributes(self) -> list[tuple[str, str | None]]:
        return [pair for _, attributes in self.elements for pair in attributes.items()]


@dataclass(frozen=True)
class Visit:
    """The result of loading a page. console: lines in the browser's console. requests: requested addresses."""

    dom: Dom
    console: list[str]
    requests: list[str]


@dataclass(frozen=True)
class Browser:
    """chromium with its own profile in `folder`."""

    chromium: Tool
    folder: Path

    def visit(self, page: Path | str, *flags: str) -> Visit:
        """Loads a file or an address."""
        log = self.folder / "requests.json"
        done = self.chromium.run(*flags, f"--log-net-log={log}", "--dump-dom", _address(page))
        dom = Dom()
        dom.feed(done.stdout.decode())
        console = re.findall(r":CONSOLE:\d+\] (.*)", done.stderr.decode(errors="backslashreplace"))
        events = (event.get("params", {}) for event in json.loads(log.read_bytes())["events"])
        requests = [one["url"] for one in events if one.get("initiator") not in NO_PAGE]
        return Visit(dom, console, requests)

    def picture(self, page: Path | str, png: Path, width: int, height: int, *flags: str) -> bytes:
        """Writes a screenshot of the page's top as a PNG file; returns its content."""
        self.chromium.run(*flags, f"--window-size={width},{height}", f"--screenshot={png}", _address(page))
        return png.read_bytes()


def _address(page: Path | str) -> str:
    return page if isinstance(page, str) else page.as_uri()


def corner(png: bytes) -> tuple[int, ...]:
    """Red, green and blue of the pixel at the top left, which no PNG filter changes."""
    assert png[24:26] in {b"\x08\x02", b"\x08\x06"}, "neither RGB nor RGBA"
    chunks, place = b"", 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            chunks += png[place + 8 : place + 8 + length]
        place += length + 12
    return tuple(zlib.decompress(chunks)[1:4])


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    program = require_tool("chromium")
    yield Browser(Tool(("env", f"HOME={folder}", program, *FLAGS, f"--user-data-dir={folder}/profile")), folder)
