"""Tests of the catalog in images: DuckDB reads it from podman and a SIF, and finds the bytes of files in layers."""

import hashlib

import duckdb
import pytest

from tools.docker import LIMITS, RUN
from tools.images import fruit_files
from tools.pipeline import catalog_rows, layer_tars, sha256sums


def test_podman_image_mount_catalog_joins_the_answers_of_the_entrypoint(podman, images, busybox, tmp_path):
    podman("load", "-i", images.product("fruit", "fruit.docker.tar"))
    podman("import", "-", "busybox", input=busybox)
    mount = "--mount", "type=image,source=fruit:1.0,destination=/fruit"
    content = podman(*RUN, *LIMITS, *mount, "busybox", "cat", "/fruit/.datacontainer/catalog.parquet")
    assert podman(*RUN, *LIMITS, "fruit:1.0", "-cat", "/.datacontainer/catalog.parquet") == content
    (tmp_path / "catalog.parquet").write_bytes(content)
    (tmp_path / "answer.csv").write_bytes(podman(*RUN, *LIMITS, "fruit:1.0", "-where", "size > 8", "-format", "csv"))
    joined = f"SELECT path, c.sha256 FROM '{tmp_path}/answer.csv' JOIN '{tmp_path}/catalog.parquet' c USING (path)"
    digest = hashlib.sha256(fruit_files()[b"avocado.txt"]).hexdigest()
    assert duckdb.sql(joined).fetchall() == [("/data/avocado.txt", digest)]
    done = podman.run(*RUN, *LIMITS, "fruit:1.0", "-cat", "/.datacontainer/../etc/passwd", status=1)
    assert b'the files with metadata: "/.datacontainer/catalog.parquet", "/.datacontainer/dataset.json"' in done.stderr


@pytest.mark.parametrize("name", ["fruit", "odd"])
def test_apptainer_bind_of_the_metadata_finds_the_bytes_of_each_file(apptainer, images, sandbox, tmp_path, name):
    bind = f"{images.product(name, f'{name}.sif')}:/metadata:image-src=/.datacontainer,ro"
    content = apptainer("exec", "--userns", "--bind", bind, sandbox, "cat", "/metadata/catalog.parquet")
    (tmp_path / "catalog.parquet").write_bytes(content)
    tars = {"sha256:" + hashlib.sha256(tar).hexdigest(): tar for tar in layer_tars(images.product(name, "oci"), "none")}
    files = [row for row in catalog_rows(tmp_path / "catalog.parquet") if row.get("link") is None]
    found = {
        row["path"]: hashlib.sha256(tars[row["layer"]][row["offset"] :][: row["size"]]).hexdigest() for row in files
    }
    assert found == {b"/data/" + path: digest for path, digest in sha256sums(images.folder / name).items()}
