"""Fixtures: entrypoints that are compiled from any catalog and run as programs."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.entrypoint.compile import compile_entrypoint
from datacontainer.entrypoint.gobuild import host_architecture
from datacontainer.entrypoint.index import write_index
from datacontainer.entrypoint.names import EXTERNAL_INDEX
from datacontainer.entrypoint.render import EMBED_LIMIT_BYTES, render
from datacontainer.runtime.outputs import link_or_copy
from tools.engines import Tool
from tools.shared import once
from tools.workflow import ROOT

MODULE = ROOT / "templates/entrypoint"
SUMMARY = {"name": "fruit", "version": "1.0", "mount": "/data", "digest": "sha256:00", "files": 2, "bytes": 17}
Build = Callable[..., Path]


def module_files() -> list[Path]:
    """The input files of render, go.mod first."""
    files = [path for path in sorted(MODULE.rglob("*")) if path.is_file() and not path.name.endswith("_test.go")]
    others = (path for path in files if path.name != "go.mod" and path.parent.name != "indextest")
    return [MODULE / "go.mod", *others]


@pytest.fixture(scope="session")
def entrypoint_of(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Renders and compiles the entrypoint of a catalog; returns the binary. Its folder contains at most an index."""

    def run(
        catalog: pa.Table,
        *,
        beside: bool = False,
        mount: str = "/data",
        platform: str | None = None,
        template: Path | None = None,
    ) -> Path:
        folder = tmp_path_factory.mktemp("entrypoint")
        (folder / "dataset.json").write_text(json.dumps(SUMMARY, indent=2) + "\n")
        pq.write_table(catalog, folder / "catalog.parquet")
        render(
            module=module_files(),
            template=template and str(template),
            catalog=folder / "catalog.parquet",
            summary=folder / "dataset.json",
            mount=mount,
            folder=folder / "rendered",
            embed_limit_bytes=0 if beside else EMBED_LIMIT_BYTES,
        )
        binary = folder / "bin/entrypoint"
        binary.parent.mkdir()
        compile_entrypoint(
            folder / "rendered", binary, platform or f"linux/{host_architecture()}", tmp_path_factory.getbasetemp()
        )
        return binary

    return run


@pytest.fixture(scope="session")
def compiled(entrypoint_of: Build) -> Path:
    """A binary without an embedded index, which reads the external index in its folder."""

    def make(folder: Path) -> None:
        catalog = pa.table({"path": ["none"], "size": pa.array([0], pa.int64())})
        link_or_copy(entrypoint_of(catalog, beside=True), folder / "entrypoint")

    return once("compiled", make) / "entrypoint"


@pytest.fixture
def entrypoint(compiled: Path, short_folder: Path) -> Callable[..., Tool]:
    """Writes the external index of a catalog next to a link to `compiled`; returns the program.

    All users may access its folder.
    """

    def make(catalog: pa.Table, mount: str = "/data") -> Tool:
        place = Path(tempfile.mkdtemp(prefix="entrypoint-", dir=short_folder))
        place.chmod(0o755)
        link_or_copy(compiled, place / "entrypoint")
        (place / "entrypoint").chmod(0o755)
        pq.write_table(catalog, place / "catalog.parquet")
        write_index(place / "catalog.parquet", place / EXTERNAL_INDEX, mount)
        return Tool((place / "entrypoint",))

    return make


def one_line(errors: bytes) -> str:
    """The message of an error output, which must be one line that begins with `error: `."""
    text = errors.decode()
    assert text.startswith("error: "), text
    assert text.endswith("\n"), text
    assert text.count("\n") == 1, text
    return text.removeprefix("error: ").rstrip("\n")
