"""Render: the Go source of a dataset's entrypoint, the same size for 2 files and for 10 million, and its index."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from datacontainer import __version__
from datacontainer.entrypoint.index import write_index
from datacontainer.entrypoint.names import BESIDE, EMBEDDED
from datacontainer.entrypoint.template import template_files
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import fresh_directory, write_bytes

MAIN_TEMPLATE = "main.go.j2"
TEMPLATE_SUFFIX = ".j2"
# go:embed takes no file of 2 GiB; a larger index becomes a file of the image.
EMBED_LIMIT_BYTES = (2 << 30) - 1


def render(
    *,
    module: Sequence[Path],
    template: str | None,
    catalog: Path,
    summary: Path,
    mount: str,
    folder: Path,
    embed_limit_bytes: int = EMBED_LIMIT_BYTES,
) -> None:
    """Fills `folder` with the Go module of the entrypoint: source, dataset.json and the index.

    module: the files of templates/entrypoint, go.mod first. template: a user's own file in place of main.go.j2, or a
    folder laid over the module. summary: dataset.json; a template knows its values by the names they have there, and
    `index_beside`: whether the index is larger than `embed_limit_bytes`, and so a file beside the binary; and
    `datacontainer`: the version of this program.

    Raises:
        UsageError: when the user's template is missing or wrong.
    """
    sources = {str(source.relative_to(module[0].parent)): source for source in module}
    sources.update(_user_sources(template))
    fresh_directory(folder)
    write_index(catalog, folder / EMBEDDED, mount)
    index_bytes = (folder / EMBEDDED).stat().st_size
    beside = index_bytes > embed_limit_bytes
    if beside:
        os.replace(folder / EMBEDDED, folder / BESIDE)
    values = {**json.loads(summary.read_bytes()), "index_beside": beside, "datacontainer": __version__}
    for name, source in sorted(sources.items()):
        _render_file(source, name, folder, values)
    shutil.copyfile(summary, folder / "dataset.json")
    logger.info("%d source files, index of %d bytes", len(sources), index_bytes)
    finished(values["files"], index_bytes)


def go_string(text: str) -> str:
    """The text as a Go string literal, whatever is in it."""
    return '"' + "".join(_go_byte(byte) for byte in text.encode("utf-8", "surrogateescape")) + '"'


def _user_sources(template: str | None) -> dict[str, Path]:
    """The user's files by the name they have in the module."""
    if template is None:
        return {}
    files = template_files(template)
    if not files:
        raise UsageError(f"template: there is no file or folder with files at {template!r}")
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
        raise UsageError(f"the template {str(source)!r} cannot be rendered: {error}") from error


def _go_byte(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
    return chr(byte) if plain else f"\\x{byte:02x}"
