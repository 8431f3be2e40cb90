"""Engine: the entrypoint's own program for this machine, with the index of an image's catalog; nothing else is run."""

import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer import __version__
from datacontainer.config.dataset import LABEL_PREFIX
from datacontainer.entrypoint.compile import compile_entrypoint, kept_entrypoint
from datacontainer.entrypoint.gobuild import host_architecture
from datacontainer.entrypoint.render import write_data
from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import note
from datacontainer.runtime.sources import files_digest, source_files
from datacontainer.sources.cache import cache_folder, kept
from datacontainer.sources.source import CATALOG, SUMMARY, Source

PROGRAM = "entrypoint"


def engine(source: Source) -> Path:
    """Returns the program that answers queries about an image; builds and caches it.

    Raises:
        MissingToolError: if it is not in the cache, and there is no `go`.
        DataError: if the catalog is damaged.
    """
    module = source_files("templates/entrypoint/")
    version = source.labels.get(f"{LABEL_PREFIX}version", __version__)
    recipe = f"{version}\0{files_digest(module, module[0].parent)}"
    name = f"{source.identity}-{hashlib.sha256(recipe.encode(errors='backslashreplace')).hexdigest()[:16]}"

    def build(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder.parent) as rendered:
            catalog = Path(rendered, CATALOG)
            try:
                mount = _write_catalog(source.document(CATALOG), catalog)
                write_data(catalog, source.document(SUMMARY), mount, version, Path(rendered))
            except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
                text = " ".join(str(error).split())[:200]
                raise DataError(f"the catalog of {source.name!r} is damaged ({text}): build the image again") from error
            cache, architecture = cache_folder(), host_architecture()
            if not kept_entrypoint(cache / "go-cache", f"linux/{architecture}").is_file():
                note("the first query compiles the query program, which takes up to a minute")
            compile_entrypoint(module, Path(rendered), folder / PROGRAM, f"linux/{architecture}", cache / "go-cache")

    return kept("engines", name, build) / PROGRAM


def selected(source: Source, flags: Sequence[str]) -> pa.Array | None:
    """Returns the paths (binary, with the mount) that the entrypoint's flags select; None if they match nothing.

    Raises:
        UsageError: with the status of the program, after it printed its error.
    """
    words = [str(engine(source)), *flags, "-null"]
    done = subprocess.run(words, env=program_environment(), stdout=subprocess.PIPE, check=False)
    if done.returncode and (done.returncode != 1 or done.stdout):
        raise SystemExit(done.returncode)
    if done.returncode:
        return None
    return pa.array(done.stdout.split(b"\0")[:-1], pa.large_binary())


def _write_catalog(inside: Path, catalog: Path) -> str:
    """Writes the catalog of an image as the index needs it: without mount and places; returns the mount."""
    with pq.ParquetFile(inside) as rows:
        metadata = dict(rows.metadata.metadata or {})
        mount: bytes = metadata[b"mount"]
        fields = [one for one in rows.schema_arrow if one.name not in ("layer", "offset")]
        with pq.ParquetWriter(catalog, pa.schema(fields)) as writer:
            for group in range(rows.num_row_groups):
                table = rows.read_row_group(group, columns=[one.name for one in fields])
                paths = table["path"].cast(pa.binary())
                if not pc.all(pc.starts_with(paths, mount + b"/")).as_py() and len(paths):
                    raise ValueError("a path is outside of the mount")
                names = pc.binary_replace_slice(paths, 0, len(mount) + 1, b"").cast(table["path"].type)
                writer.write_table(table.set_column(0, table.schema.field("path"), names))
            writer.add_key_value_metadata({key: value for key, value in metadata.items() if key != b"ARROW:schema"})
    return mount.decode()
