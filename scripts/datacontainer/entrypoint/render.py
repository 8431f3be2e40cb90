"""Render: the Go source of a dataset's entrypoint, and its index. The source's size does not depend on the dataset."""

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from datacontainer import __version__
from datacontainer.entrypoint.index import write_index
from datacontainer.entrypoint.template import INDEX, template_files
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import fresh_directory, write_bytes

MAIN_TEMPLATE = "main.go.j2"
TEMPLATE_SUFFIX = ".j2"


def render(
    *,
    module: Sequence[Path],
    template: str | None,
    catalog: Path,
    summary: Path,
    mount: str,
    folder: Path,
) -> None:
    """Fills `folder` with the Go module of the entrypoint: source, dataset.json and the index.

    module: the files of templates/entrypoint, go.mod first. template: a user's file that replaces main.go.j2, or a
    folder whose files replace, or are added to, those of the module. summary: dataset.json. The variables of a template
    are the keys of dataset.json; `datacontainer`: the version of this program; `checksum`: of name, version, this
    version and dataset.json, which the entrypoint compares.

    Raises:
        UsageError: if the user's template is missing, or if Jinja2 cannot render it.
    """
    sources = {str(source.relative_to(module[0].parent)): source for source in module}
    sources.update(_user_sources(template))
    fresh_directory(folder)
    write_index(catalog, folder / INDEX, mount)
    index_bytes = (folder / INDEX).stat().st_size
    dataset = summary.read_bytes()
    values = {**json.loads(dataset), "datacontainer": __version__}
    values["checksum"] = _checksum(values["name"], values["version"], __version__, dataset)
    for name, source in sorted(sources.items()):
        _render_file(source, name, folder, values)
    write_bytes(folder / "dataset.json", dataset)
    logger.info("%d source files, index of %d bytes", len(sources), index_bytes)
    finished(values["files"], index_bytes)


def go_string(text: str) -> str:
    """Returns a Go string literal of any text."""
    return '"' + "".join(_go_byte(byte) for byte in text.encode("utf-8", "surrogateescape")) + '"'


def _checksum(name: str, version: str, program: str, dataset: bytes) -> str:
    texts = "".join(text + "\0" for text in (name, version, program))
    return f"{zlib.crc32(dataset, zlib.crc32(texts.encode('utf-8', 'surrogateescape'))):08x}"


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
        return {MAIN_TEMPLATE: files[0]}
    return {str(file.relative_to(template)): file for file in files}


def _render_file(source: Path, name: str, folder: Path, values: dict[str, Any]) -> None:
    content = source.read_bytes()
    if name.endswith(TEMPLATE_SUFFIX):
        content = _fill(content.decode("utf-8"), source, values).encode()
    target = folder / name.removesuffix(TEMPLATE_SUFFIX)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(target, content)


def _fill(text: str, source: Path, values: dict[str, Any]) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["go_string"] = go_string
    try:
        return environment.from_string(text).render(values)
    except jinja2.TemplateError as error:
        raise UsageError(f"rendering the template {str(source)!r}: {error}") from error


def _go_byte(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
    return chr(byte) if plain else f"\\x{byte:02x}"
