"""The storage plugin `oci`: with the interface's own tests, and as inputs of a workflow, against docker-registry."""

import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from snakemake_interface_storage_plugins.tests import TestStorageBase

from snakemake_storage_plugin_oci import StorageProvider, StorageProviderSettings
from snakemake_storage_plugin_oci.queries import Query
from tools.embedding import Lab
from tools.engines import Tool, require_tool
from tools.images import fruit_files, keys
from tools.proxy import Fault, Proxy, proxying
from tools.servers import serving_registry
from tools.workflow import NOTHING, ROOT, Project, fails

RULES = """
rule all:
    input:
        "file.txt", "folder.txt", "condition.txt", "names.txt"

rule file:
    input:
        storage.oci("oci://HOST/lab/fruit:1.0/data/avocado.txt")
    output:
        "file.txt"
    shell:
        "sha256sum {input} > {output}"

rule folder:
    input:
        storage.oci("oci://HOST/lab/fruit:moving/data/")
    output:
        "folder.txt"
    shell:
        "(cd {input:q} && find . ! -type d -print0 | sort -z) > {output}"

rule condition:
    input:
        storage.oci("oci://HOST/lab/fruit:1.0?where=size > 8 and name != 'no&%?'".replace("&%?", "%26%25?"))
    output:
        "condition.txt"
    shell:
        "ls {input:q} > {output}"

names = glob_wildcards(storage.oci("oci://HOST/lab/fruit:1.0/data/{name}.txt")).name

rule names:
    input:
        storage.oci(expand("oci://HOST/lab/fruit:1.0/data/{name}.txt", name=names))
    output:
        "names.txt"
    run:
        from pathlib import Path
        Path(output[0]).write_text("".join(sorted(Path(one).read_text() for one in input)))
"""
ONE = """
rule one:
    input:
        storage.oci({query!r})
    output:
        "one.txt"
    shell:
        "cp {{input:q}} {{output}}"
"""


class Registry(NamedTuple):
    """A registry behind a proxy, and the command line, which pushes to it."""

    proxy: Proxy
    program: Tool

    def push(self, project: Project, name: str, tag: str) -> None:
        """Pushes a dataset's image to a tag of the repository lab/fruit."""
        outdir = str(project.folder / "results")
        self.program("push", name, f"{self.proxy.host}/lab/fruit:{tag}", "--outdir", outdir)


@pytest.fixture(scope="module")
def lab(images: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    program = Tool(("env", f"PYTHONPATH={ROOT / 'scripts'}", sys.executable, "-m", "datacontainer"))
    with serving_registry(require_tool("docker-registry"), folder) as upstream, proxying(upstream) as proxy:
        made = Registry(proxy, program)
        made.push(images, "fruit", "1.0")
        yield made


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def workflow(lab: Registry, tmp_path: Path) -> Lab:
    """A pipeline whose rules read from the registry."""
    folder = tmp_path / "pipeline"
    folder.mkdir()
    (folder / "Snakefile").write_text(RULES.replace("HOST", lab.proxy.host))
    return Lab(folder, {"PYTHONPATH": str(ROOT / "scripts")})


def ran(text: str) -> set[str]:
    """The rules whose jobs ran."""
    lines = map(str.split, text.splitlines())
    return {words[1].rstrip(":") for words in lines if words[:1] in (["rule"], ["localrule"])}


class TestOfTheInterface(TestStorageBase):  # type: ignore[misc]
    """See the interface."""

    __test__ = True
    retrieve_only = True

    @pytest.fixture(autouse=True)
    def _of_registry(self, lab: Registry) -> None:
        self.repository = f"oci://{lab.proxy.host}/lab/fruit"

    def get_storage_provider_cls(self) -> type[StorageProvider]:
        return StorageProvider

    def get_storage_provider_settings(self) -> StorageProviderSettings:
        return StorageProviderSettings(plain_http=True)

    def get_query(self, tmp_path: Path) -> str:  # noqa: ARG002
        return f"{self.repository}:1.0/data/avocado.txt"

    def get_query_not_existing(self, tmp_path: Path) -> str:  # noqa: ARG002
        return f"{self.repository}:1.0/data/none.txt"

    def test_checksum_of_a_file_is_its_sha256(self, tmp_path):
        file = self._get_obj(tmp_path, self.get_query(tmp_path))
        assert file.checksum() == "sha256:" + hashlib.sha256(fruit_files()[b"avocado.txt"]).hexdigest()
        assert file.size() == len(fruit_files()[b"avocado.txt"])

    def test_missing_tag_and_folder_without_a_slash_are_named_once(self, tmp_path, caplog):
        for query in (f"{self.repository}:none/data/avocado.txt", f"{self.repository}:1.0/data"):
            missing = self._get_obj(tmp_path, query)
            assert [missing.exists(), missing.exists()] == [False, False]
        host = self.repository.removeprefix("oci://")
        assert [record.getMessage() for record in caplog.records] == [
            f"the registry has no image '{host}:none': check the repository and tag",
            f"'{self.repository}:1.0/data' is a folder of the image: write / at the end",
        ]


def test_workflow_reads_a_file_a_folder_and_a_condition_and_follows_the_content(lab, images, fruit, workflow):
    lab.push(images, "fruit", "moving")
    assert ran(workflow.build()) == {"file", "folder", "condition", "names", "all"}
    local = f".snakemake/storage/oci/files/{lab.proxy.host.replace(':', '%3A')}/lab/fruit%3A1.0/data/avocado.txt"
    digest = hashlib.sha256(fruit_files()[b"avocado.txt"]).hexdigest()
    assert (workflow.folder / "file.txt").read_text() == f"{digest}  {local}\n"
    assert (workflow.folder / "folder.txt").read_bytes() == b"./avocado.txt\0./tomato.txt\0"
    assert (workflow.folder / "condition.txt").read_text() == "avocado.txt\n"
    assert (workflow.folder / "names.txt").read_bytes() == b"".join(sorted(fruit_files().values()))
    assert NOTHING in workflow.build()
    # Another image, with other labels, and the same files.
    lab.push(fruit, "fruit", "moving")
    assert NOTHING in workflow.build()
    lab.push(images, "odd", "moving")
    assert ran(workflow.build()) == {"folder", "all"}
    expected = keys(images.folder / "odd", b".").split(b"\0")
    assert (workflow.folder / "folder.txt").read_bytes().split(b"\0") == expected
    assert NOTHING in workflow.build()


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("data/a", "expected oci://HOST/REPOSITORY:TAG/PATH, a folder with / at the end, or "),
        (":1.0?size=8", "'size=8' is no condition: write where=CONDITION or get=NAME, and %26 for &"),
        (":1.0?where=", "'where=' is no condition"),
        (":1.0", "it names no file: expected oci://HOST/REPOSITORY:TAG/PATH"),
        (":1.0/data/../avocado.txt", "the path has an empty part, . or ..: write it as `datacontainer ls` prints it"),
        (":1.0/data/%2e%2e/avocado.txt", "the path has an empty part, . or .."),
        (":1.0/data//avocado.txt", "the path has an empty part, . or .."),
        (":1.0/data?where=size > 8", "a condition needs a folder before the question mark: end its path with /"),
        ("/UPPER:1.0/data/a", "is no image of a registry: write HOST[:PORT]/REPOSITORY[:TAG] in lower case"),
    ],
)
def test_query_that_names_no_files_is_refused_in_one_line(path, named):
    found = StorageProvider.is_valid_query(f"oci://localhost:5000/lab/fruit{path}")
    assert not found
    assert named in str(found)
    assert "\n" not in str(found)


def test_listed_queries_select_their_files_whatever_the_names(lab, images, tmp_path):
    lab.push(images, "odd", "odd")
    provider = StorageProvider(local_prefix=tmp_path / "local", logger=logging.getLogger())
    every = provider.object(f"oci://{lab.proxy.host}/lab/fruit:odd/data/{{name}}")
    queries = list(every.list_candidate_matches())
    assert b"".join(Query.parse(one).key + b"\0" for one in queries) == keys(images.folder / "odd")
    assert all(provider.is_valid_query(one) and provider.object(one).exists() for one in queries)
    assert not [one for one in queries if "{" in one]


def test_retrieval_after_an_interrupted_one_of_another_version_has_the_new_files_alone(
    lab, images, tmp_path, monkeypatch
):
    def retrieve() -> list[str]:
        provider = StorageProvider(local_prefix=tmp_path / "local", logger=logging.getLogger())
        folder = provider.object(f"oci://{lab.proxy.host}/lab/fruit:interrupted/data/")
        folder.local_path().parent.mkdir(parents=True, exist_ok=True)
        folder.retrieve_object()
        return sorted(os.listdir(folder.local_path()))

    def rename(source: bytes | Path, target: Path) -> None:
        # The plugin names fetched files by bytes.
        if isinstance(source, bytes):
            raise InterruptedError
        os.rename(source, target)

    lab.push(images, "odd", "interrupted")
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(os, "replace", rename)
        retrieve()
    lab.push(images, "fruit", "interrupted")
    assert retrieve() == ["avocado.txt", "tomato.txt"]


def test_example_queries_are_valid():
    assert all(map(StorageProvider.is_valid_query, (one.query for one in StorageProvider.example_queries())))


def test_workflow_with_a_wrong_condition_prints_its_column_and_runs_nothing(lab, workflow):
    (workflow.folder / "Snakefile").write_text(ONE.format(query=f"oci://{lab.proxy.host}/lab/fruit:1.0?where=size >"))
    printed = fails(workflow)
    assert printed.count("error: -where, column 7: expected a number") == 1
    assert "the condition of 'oci://" in printed
    assert "Execute" not in printed
    assert "Traceback" not in printed


def test_workflow_whose_login_is_refused_names_the_registry(lab, workflow):
    lab.proxy.faults.append(
        Fault("GET", "manifests", status=401, headers={"WWW-Authenticate": 'Basic realm="lab"'}, times=9)
    )
    printed = fails(workflow, "file.txt")
    lab.proxy.faults.clear()
    assert f"docker login {lab.proxy.host}" in printed, printed
    assert "Traceback" not in printed


def test_workflow_stores_no_output_in_a_registry(lab, workflow):
    text = ONE.format(query="oci://" + lab.proxy.host + "/lab/fruit:1.0/data/avocado.txt")
    text = text.replace('"one.txt"', f'storage.oci("oci://{lab.proxy.host}/lab/fruit:1.0/data/new.txt")')
    (workflow.folder / "Snakefile").write_text(text)
    assert "a data container in a registry cannot be changed: write a local file" in fails(workflow)


def test_installed_package_offers_the_plugin_to_snakemake(tmp_path):
    listed = "from snakemake_interface_storage_plugins.registry import StoragePluginRegistry as R; print(*R().plugins)"
    installed = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", listed], cwd=tmp_path, env=installed, capture_output=True, check=True)
    assert b"oci" in done.stdout.split()
