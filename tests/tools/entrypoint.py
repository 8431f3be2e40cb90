"""Fixtures: entrypoints that are compiled from any catalog and run as programs."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datacontainer.entrypoint.attach import attach
from datacontainer.entrypoint.compile import compile_entrypoint
from datacontainer.entrypoint.gobuild import go_build, host_architecture
from datacontainer.entrypoint.index import write_index
from datacontainer.entrypoint.render import render
from datacontainer.entrypoint.template import FACTS
from tools.engines import Tool
from tools.shared import once
from tools.workflow import ROOT

MODULE = ROOT / "templates/entrypoint"
SUMMARY = {"name": "fruit", "version": "1.0", "mount": "/data", "digest": "sha256:00", "files": 2, "bytes": 17}
Build = Callable[..., Path]


def module_files() -> list[Path]:
    """The source files of the entrypoint, go.mod first."""
    files = [path for path in sorted(MODULE.rglob("*")) if path.is_file() and not path.name.endswith("_test.go")]
    others = (path for path in files if path.name != "go.mod" and path.parent.name != "indextest")
    return [MODULE / "go.mod", *others]


def rendered(folder: Path, catalog: pa.Table, mount: str = "/data", template: Path | None = None) -> Path:
    """The folder with the facts, the index and the rendered template."""
    (folder / "dataset.json").write_text(json.dumps(SUMMARY, indent=2) + "\n")
    pq.write_table(catalog, folder / "catalog.parquet")
    render(
        template=template and str(template),
        catalog=folder / "catalog.parquet",
        summary=folder / "dataset.json",
        mount=mount,
        folder=folder / "rendered",
    )
    return folder / "rendered"


@pytest.fixture(scope="session")
def entrypoint_of(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Renders and compiles the entrypoint of a catalog; returns the binary."""

    def run(
        catalog: pa.Table, *, mount: str = "/data", platform: str | None = None, template: Path | None = None
    ) -> Path:
        folder = tmp_path_factory.mktemp("entrypoint")
        source, binary = rendered(folder, catalog, mount, template), folder / "bin/entrypoint"
        cache = tmp_path_factory.getbasetemp() / "go-cache"
        compile_entrypoint(module_files(), source, binary, platform or f"linux/{host_architecture()}", cache)
        return binary

    return run


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A binary to which nothing is attached; its folder contains the facts."""

    def make(folder: Path) -> None:
        catalog = pa.table({"path": ["none"], "size": pa.array([0], pa.int64())})
        shutil.copy(rendered(tmp_path_factory.mktemp("compiled"), catalog) / FACTS, folder)
        go_build(MODULE, folder / "entrypoint", "linux", host_architecture(), tmp_path_factory.getbasetemp())

    return once("compiled", make) / "entrypoint"


@pytest.fixture
def with_index(compiled: Path, short_folder: Path) -> Callable[[bytes], Tool]:
    """Attaches the facts and an index to `compiled`; returns the program. All users may access its folder."""

    def make(index: bytes) -> Tool:
        place = Path(tempfile.mkdtemp(prefix="entrypoint-", dir=short_folder))
        place.chmod(0o755)
        (place / "index").write_bytes(index)
        attach(compiled.read_bytes(), [compiled.with_name(FACTS), place / "index"], place / "entrypoint")
        return Tool((place / "entrypoint",))

    return make


@pytest.fixture
def entrypoint(with_index: Callable[[bytes], Tool], tmp_path: Path) -> Callable[..., Tool]:
    """The program with the index of a catalog, which is in its folder."""

    def make(catalog: pa.Table, mount: str = "/data") -> Tool:
        program = with_index(index_of(catalog, tmp_path, mount))
        shutil.copy(tmp_path / "catalog.parquet", program.command[0].with_name("catalog.parquet"))
        return program

    return make


def index_of(catalog: pa.Table, folder: Path, mount: str = "/data") -> bytes:
    """The index of a catalog; writes files into `folder`."""
    pq.write_table(catalog, folder / "catalog.parquet")
    write_index(folder / "catalog.parquet", folder / "index", mount)
    return (folder / "index").read_bytes()


def one_line(errors: bytes) -> str:
    """The message of an error output, which must be one line that begins with `error: `."""
    text = errors.decode()
    assert text.startswith("error: "), text
    assert text.endswith("\n"), text
    assert text.count("\n") == 1, text
    return text.removeprefix("error: ").rstrip("\n")
