"""Texts of answers: names and values quoted as the entrypoint quotes them, and records as text or JSON."""

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from datacontainer.compare.catalog import Missing

# The escapes of strconv.Quote in Go.
ESCAPES = dict(zip('\a\b\f\n\r\t\v"\\', map("\\{}".format, 'abfnrtv"\\'), strict=True))


def shown(text: bytes | str) -> str:
    """The text or, if it is not printable UTF-8 or begins with a quote, the text as a literal of Go."""
    text = os.fsdecode(text)
    if text.isprintable() and not text.startswith('"'):
        return text
    return f'"{"".join(map(_escape, text))}"'


def value_text(value: Any) -> str:
    """A value as the entrypoint prints it in text: texts as `shown`, others as JSON."""
    if value is Missing:
        return "missing"
    return shown(value) if isinstance(value, str) else json.dumps(value)


class Record(Protocol):
    """A record of an answer."""

    def to_text(self) -> str:
        """One line for a terminal."""

    def to_json(self) -> dict[str, Any]:
        """The record for other programs."""


def write_records(records: Iterable[Record], form: str) -> None:
    """Writes records to the standard output: lines of text, lines of JSON, or one JSON array.

    On a terminal, each line appears at once. Ends the process, as a signal does, if a pipe is closed.
    """
    at_once = sys.stdout.isatty()
    try:
        for line in _lines(records, form):
            sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "backslashreplace"))
            if at_once:
                sys.stdout.buffer.flush()
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python's own flush at the end would fail again.
        os._exit(128 + signal.SIGPIPE)


def _lines(records: Iterable[Record], form: str) -> Iterator[str]:
    if form == "text":
        yield from (one.to_text() for one in records)
        return
    texts = (json.dumps(one.to_json()) for one in records)
    if form == "jsonl":
        yield from texts
        return
    line = "["
    for text in texts:
        yield line
        line = text + ","
    yield from ("[]",) if line == "[" else (line[:-1], "]")


def _escape(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    if char in ESCAPES or char.isprintable():
        return ESCAPES.get(char, char)
    if number < 0x20 or number == 0x7F:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
