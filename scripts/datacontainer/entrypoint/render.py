"""Render: the index of a dataset and the facts about it, which compile attaches to the entrypoint; the template."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

from datacontainer import __version__
from datacontainer.entrypoint.index import write_index
from datacontainer.entrypoint.template import FACTS, INDEX, TEMPLATE, template_files
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import fresh_directory, write_bytes

MAIN = "main.go"
TEMPLATE_SUFFIX = ".j2"
ALIGNMENT = 8


def render(*, template: str | None, catalog: Path, summary: Path, mount: str, folder: Path) -> None:
    """Fills `folder` with the index, the facts, and the user's files in the folder TEMPLATE.

    template: a user's file that replaces main.go, or a folder whose files replace, or are added to, those of the
    entrypoint. summary: dataset.json. The variables of a template are the keys of dataset.json, and `datacontainer`,
    the version of this program.

    Raises:
        UsageError: if the user's template is missing, or if Jinja2 cannot render it.
    """
    sources = _user_sources(template)
    fresh_directory(folder)
    values = {**write_data(catalog, summary, mount, __version__, folder), "datacontainer": __version__}
    for name, source in sorted(sources.items()):
        _render_file(source, name, folder / TEMPLATE, values)
    index_bytes = (folder / INDEX).stat().st_size
    logger.info("%d files of the template, index of %d bytes", len(sources), index_bytes)
    finished(values["files"], index_bytes)


def write_data(catalog: Path, summary: Path, mount: str, program: str, folder: Path) -> dict[str, Any]:
    """Writes the index and the facts to `folder`; returns the value of dataset.json. program: version of this program.

    Raises:
        UsageError: if a field's name is too long.
    """
    write_index(catalog, folder / INDEX, mount)
    dataset = summary.read_bytes()
    values: dict[str, Any] = json.loads(dataset)
    write_bytes(folder / FACTS, _facts(values["name"], values["version"], program, dataset))
    return values


def go_string(text: str) -> str:
    """Returns a Go string literal of any text."""
    return '"' + "".join(_go_byte(byte) for byte in text.encode("utf-8", "surrogateescape")) + '"'


def _facts(name: str, version: str, program: str, dataset: bytes) -> bytes:
    """Returns the facts as docs/index-format.md describes them."""
    texts = [*(text.encode("utf-8", "surrogateescape") for text in (name, version, program)), dataset, b""]
    content = b"\0".join(texts)
    content += bytes(-len(content) % ALIGNMENT)
    return struct.pack("<II", 8 + len(content), zlib.crc32(content)) + content


def _user_sources(template: str | None) -> dict[str, Path]:
    """Returns the user's files by their names in the module."""
    if template is None:
        return {}
    files = template_files(template)
    if not files:
        raise UsageError(
            f"template: {template!r} is not a file, nor a folder with files: correct the path in the configuration"
        )
    if files[0] == Path(template):
        return {MAIN + TEMPLATE_SUFFIX: files[0]}
    return {str(file.relative_to(template)): file for file in files}


def _render_file(source: Path, name: str, folder: Path, values: dict[str, Any]) -> None:
    content = source.read_bytes()
    if name.endswith(TEMPLATE_SUFFIX):
        content = _fill(content.decode("utf-8"), source, values).encode()
    target = folder / name.removesuffix(TEMPLATE_SUFFIX)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(target, content)


def _fill(text: str, source: Path, values: dict[str, Any]) -> str:
    # Only a user's template needs this import, which costs time.
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["go_string"] = go_string
    try:
        return environment.from_string(text).render(values)
    except jinja2.TemplateError as error:
        raise UsageError(f"rendering the template {str(source)!r}: {error}") from error


def _go_byte(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
    return chr(byte) if plain else f"\\x{byte:02x}"
