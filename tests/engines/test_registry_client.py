"""The client that reads a registry, against docker-registry behind a proxy that cuts and lies."""

import hashlib
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from datacontainer.image.oci import INDEX_TYPE, Blob
from datacontainer.registry.client import RangeIgnored, Repository, repositories
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import Reference
from datacontainer.registry.upload import BlobFile, Upload
from tools.proxy import Fault, Proxy, proxying

CONTENT = os.urandom(1_000_000)
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
EMPTY = Blob.of(INDEX_TYPE, {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []})


@pytest.fixture(scope="module")
def proxy(registry, tmp_path_factory) -> Iterator[Proxy]:
    """A proxy in front of a registry that has the blob CONTENT and the index EMPTY with the tag `empty`."""
    file = tmp_path_factory.mktemp("blob") / "blob"
    file.write_bytes(CONTENT)
    there = Repository(Reference.parse(f"{registry.host}/client"))
    Upload(there, BlobFile(file, DIGEST, len(CONTENT)), lambda _: None).send("", lambda _: None)
    there.put_manifest(EMPTY.content, INDEX_TYPE, "empty")
    with proxying(registry.host) as one:
        yield one


@pytest.fixture
def repository(proxy) -> Repository:
    proxy.faults.clear()
    return Repository(Reference.parse(f"{proxy.host}/client:empty"))


def test_open_blob_cut_answer_continues_where_it_ended(proxy, repository):
    for start, stop in ((0, None), (7, None), (10, 900_001)):
        proxy.faults.append(Fault("GET", "blobs", cut_answer=200_000, times=2))
        proxy.reset()
        with repository.open_blob(DIGEST, start, stop) as blob:
            assert blob.read() == CONTENT[start:stop]
        assert proxy.requests["GET"] == 3
    assert proxy.downloaded["GET"] < len(CONTENT) + 3 * (1 << 18)


def test_open_blob_ignored_range_or_lack_of_an_answer_is_an_error(proxy, repository):
    with proxying(proxy.upstream, without={"Range"}) as ignoring:
        other = Repository(Reference.parse(f"{ignoring.host}/client"))
        with pytest.raises(RangeIgnored, match="sends no ranges of the blob"):
            other.open_blob(DIGEST, 5, 10)
    proxy.faults.append(Fault("GET", "blobs", cut_answer=1, times=99))
    with repository.open_blob(DIGEST) as blob, pytest.raises(RegistryError, match="the connection breaks at byte"):
        blob.read()


def test_repository_lists_and_reads_what_the_registry_has(proxy, registry, repository, tmp_path):
    assert repository.manifest() == (EMPTY.content, INDEX_TYPE, EMPTY.digest)
    assert repository.manifest(EMPTY.digest).document["manifests"] == []
    assert (repository.has_manifest(EMPTY.digest), repository.has_manifest(EMPTY.digest[:-1] + "0")) == (True, False)
    assert repository.tags() == ["empty"]
    assert (repository.size_of(DIGEST), repository.size_of(EMPTY.digest[:-1] + "0")) == (len(CONTENT), None)
    assert repository.blob(DIGEST) == CONTENT
    with pytest.raises(RegistryError, match="has more than 10 bytes"):
        repository.blob(DIGEST, 10)
    many = [f"many/r{number}" for number in range(101)]
    for one in many:
        other = Repository(Reference.parse(f"{registry.host}/{one}"))
        assert Upload(other, BlobFile(tmp_path, DIGEST, len(CONTENT)), lambda _: None).mount(["absent", "client"])
    assert {"client", *many} <= set(repositories(proxy.host))


def test_referrers_come_from_the_api_or_from_the_tag(proxy, repository):
    subject, listed = f"sha256:{'1' * 64}", [EMPTY.descriptor()]
    value = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed}
    repository.put_manifest(Blob.of(INDEX_TYPE, value).content, INDEX_TYPE, subject.replace(":", "-"))
    assert repository.referrers(subject) == listed
    with proxying(proxy.upstream, renamed={"referrers/sha256:": "manifests/sha256-"}) as other:
        assert Repository(Reference.parse(f"{other.host}/client")).referrers(subject) == listed
        assert [line.split("/")[3] for line in other.lines] == ["referrers"]


def test_manifest_with_another_digest_is_an_error(proxy):
    lying = f"sha256:{'0' * 64}"
    message = f"sent {EMPTY.digest} as the manifest {lying}: its storage is damaged"
    with proxying(proxy.upstream, renamed={lying: "empty"}) as liar, pytest.raises(RegistryError, match=message):
        Repository(Reference.parse(f"{liar.host}/client")).manifest(lying)


def test_registry_on_another_machine_is_reached_through_the_proxy_of_the_environment(monkeypatch, repository):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        server.settimeout(60)
        asked = pool.submit(first_line, server)
        with pytest.raises(RegistryError, match=r"registry\.example\.org"):
            Repository(Reference.parse("registry.example.org/lab/fruit:1")).manifest()
        assert asked.result(60) == b"CONNECT registry.example.org:443 HTTP/1."
        # A registry on this machine is reached without it.
        assert repository.manifest()[0] == EMPTY.content


def first_line(server: socket.socket) -> bytes:
    """The beginning of what the first client of a server sends."""
    client, _ = server.accept()
    with client:
        return client.recv(40)
