"""Push: compared with skopeo, against docker-registry behind a proxy that counts and cuts."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from datacontainer.image.built import Attestation
from datacontainer.image.oci import LAYER_TYPE, Blob, Layer, blob_path, image_config, layout_index, manifest
from datacontainer.image.referrers import write_attestations
from tools.engines import Tool, require_tool
from tools.products import sha256sum
from tools.proxy import Fault, Proxy, proxying
from tools.registry import Registry
from tools.servers import serving_registry
from tools.tokens import login, make_certificate, serving_tokens
from tools.workflow import NOTHING, ROOT, fails, measured, run

INDEX = "application/vnd.oci.image.index.v1+json"
ACCEPT = f"{INDEX}, application/vnd.oci.image.manifest.v1+json"
PREVIOUS = "io.datacontainer.previous"
CHUNK = 1 << 20
# Small chunks, so that the tests need no large files.
PROGRAM = f"""
import sys
from datacontainer.registry import upload
upload.CHUNK_BYTES = {CHUNK}
from datacontainer.command.main import main
sys.exit(main(sys.argv[1:]))
"""


class Lab(NamedTuple):
    """A proxy in front of a registry, and a repository in it that no other test uses."""

    proxy: Proxy
    registry: Registry
    repository: str

    @property
    def reference(self) -> str:
        """A tag of the repository, through the proxy."""
        return f"{self.proxy.host}/{self.repository}:1.0"

    def get(self, path: str) -> bytes:
        """A manifest or a blob of the repository."""
        return self.registry.get(f"{self.repository}/{path}", ACCEPT)

    def status(self, path: str = "manifests/1.0") -> int:
        """The HTTP status of a manifest or a blob."""
        return self.registry.status(f"{self.repository}/{path}", ACCEPT)


@pytest.fixture
def lab(registry: Registry, request: pytest.FixtureRequest) -> Iterator[Lab]:
    with proxying(registry.host) as one:
        yield Lab(one, registry, "lab/" + hashlib.sha256(request.node.name.encode()).hexdigest()[:20])


def layout(folder: Path, *layers: bytes, name: str = "fruit") -> Path:
    """A dataset's results with an image of these layers."""
    made = folder / "results" / name / "oci"
    (made / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    blobs = [Blob(LAYER_TYPE, content) for content in layers]
    listed = [Layer(one.digest, one.digest, len(one.content), "data") for one in blobs]
    config = image_config("linux/amd64", listed, {})
    top = manifest(config, listed, {})
    for one in (*blobs, config, top):
        (made / blob_path(one.digest)).write_bytes(one.content)
    (made / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (made / "index.json").write_bytes(layout_index(top, name, "1.0"))
    return made


def largest(made: Path) -> Path:
    """The largest blob of a layout."""
    return max((made / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)


def words(*arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, "push", "fruit", *arguments]


def push(folder: Path, *arguments: str, status: int = 0, **environment: str) -> str:
    """Pushes the dataset fruit in the results of a folder; returns what is printed."""
    done = run(words(*arguments), folder, {"PYTHONPATH": str(ROOT / "scripts"), "HOME": str(folder)} | environment)
    assert done.status == status, done.text
    if status:
        (line,) = done.text.splitlines()
        assert line.startswith("error: ")
    return done.text


def test_push_image_and_referrers_have_the_digests_of_the_layout(fruit, tmp_path, skopeo, lab):
    project = fruit.copy(tmp_path / "copy")
    reference = lab.reference
    project.configure(fruit={"path": "data", "push": reference, "attest": ["provenance"]})
    assert f"docker pull {reference}" in project.build("push", console=True, environment=measured())
    (top,) = json.loads(project.product("fruit", "oci/index.json").read_bytes())["manifests"]
    assert inspected_digest(skopeo, reference) == top["digest"]
    skopeo("copy", "--src-tls-verify=false", f"docker://{reference}", f"dir:{tmp_path}/pulled")
    for blob in project.product("fruit", "oci/blobs/sha256").iterdir():
        pulled = tmp_path / "pulled" / ("manifest.json" if f"sha256:{blob.name}" == top["digest"] else blob.name)
        assert sha256sum(pulled) == blob.name
    tag = top["digest"].replace(":", "-")
    assert skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{lab.proxy.host}/{lab.repository}:{tag}")
    lab.proxy.reset()
    assert NOTHING in project.build("push", console=True)
    assert not lab.proxy.requests
    printed = push(project.folder, reference)
    assert printed.splitlines()[0] == f"already there: {reference} {top['digest']}"
    assert set(lab.proxy.requests) == {"GET", "HEAD"}
    project.configure(fruit={"path": "data"})
    assert "no dataset has the key push" in fails(project, "push")


def inspected_digest(skopeo: Tool, reference: str) -> str:
    return skopeo.text("inspect", "--tls-verify=false", "--format", "{{.Digest}}", f"docker://{reference}")


def test_push_over_a_tag_names_the_earlier_image_and_keeps_the_digest(tmp_path, skopeo, lab):
    reference = lab.reference
    digests = []
    for content in (b"one", b"two", b"two", b"one"):
        (top,) = json.loads((layout(tmp_path, content) / "index.json").read_bytes())["manifests"]
        push(tmp_path, reference)
        raw = lab.get("manifests/1.0")
        digests.append("sha256:" + hashlib.sha256(raw).hexdigest())
        assert lab.status(f"manifests/{top['digest']}") == 200
        if len(digests) > 1:
            listed = json.loads(raw)
            assert [one["digest"] for one in listed["manifests"]] == [top["digest"]]
            assert listed["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}
            assert listed["annotations"][PREVIOUS] == digests[0 if len(digests) < 4 else 1]
    assert digests[1] == digests[2] != digests[3]
    skopeo("copy", "--src-tls-verify=false", f"docker://{lab.reference}", f"dir:{tmp_path}/pulled")
    assert sha256sum(tmp_path / "pulled/manifest.json") == top["digest"][7:]


def test_push_after_an_edit_and_to_a_second_repository_sends_only_new_blobs(tmp_path, lab):
    layout(tmp_path, b"unchanged" * 100_000, b"before")
    push(tmp_path, lab.reference)
    lab.proxy.reset()
    printed = push(tmp_path, f"{lab.proxy.host}/{lab.repository}/copy:1.0")
    assert "0 B sent, 900." in printed
    layout(tmp_path, b"unchanged" * 100_000, b"after")
    push(tmp_path, f"{lab.proxy.host}/{lab.repository}:2.0")
    assert lab.proxy.uploaded["PUT"] < 4000
    assert [one for one in lab.proxy.lines if "mount=" in one]


def test_push_killed_continues_at_the_chunk_that_the_registry_lacks(tmp_path, lab):
    layers = [os.urandom(8 * CHUNK + 5) for _ in range(3)]
    layout(tmp_path, *layers)
    lab.proxy.faults.append(Fault("PATCH", hang=True, times=3, after=9))
    reference, environment = lab.reference, {"PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(words(reference), cwd=tmp_path, env={**os.environ, **environment}) as process:
        deadline = time.monotonic() + 30
        while lab.proxy.requests["PATCH"] < 12 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert lab.proxy.uploaded["PATCH"] == 9 * CHUNK
    assert lab.status() == 404
    push(tmp_path, reference)
    assert lab.proxy.uploaded["PATCH"] == sum(map(len, layers))
    for one in layers:
        assert lab.get(f"blobs/sha256:{hashlib.sha256(one).hexdigest()}") == one
    assert json.loads((tmp_path / "results/fruit/stages/push/pushes.json").read_bytes())["uploads"] == {}


@pytest.mark.parametrize(("cut", "again"), [(0, 0), (CHUNK // 2, 4.5 * CHUNK)], ids=["between", "within"])
def test_push_cut_connection_sends_again_what_the_registry_lost(tmp_path, lab, cut, again):
    """docker-registry forgets an upload if a part of a chunk arrives, and keeps it otherwise."""
    layer = os.urandom(8 * CHUNK)
    layout(tmp_path, layer)
    lab.proxy.faults.append(Fault("PATCH", cut_request=cut, after=4))
    push(tmp_path, lab.reference)
    assert lab.get(f"blobs/sha256:{hashlib.sha256(layer).hexdigest()}") == layer
    assert lab.proxy.uploaded["PATCH"] == len(layer) + again


@pytest.mark.parametrize(
    ("fault", "requests", "message"),
    [
        (Fault("PATCH", status=507, times=99), 1, "507: the registry's disk is full"),
        (Fault("PUT", "manifests", status=413, times=99), 1, "413: the registry limits the size"),
        (Fault("PUT", "manifests", status=500), 2, ""),
        (Fault("HEAD", status=429, headers={"Retry-After": "0"}), 1, ""),
    ],
    ids=["full", "limit", "fails once", "too many"],
)
def test_push_refused_request_is_sent_again_or_ends_in_one_line(tmp_path, lab, fault, requests, message):
    layout(tmp_path, bytes(2 * CHUNK))
    lab.proxy.faults.append(fault)
    printed = push(tmp_path, lab.reference, status=1 if message else 0)
    assert message in printed
    assert len([one for one in lab.proxy.lines if one.startswith(fault.method) and fault.path in one]) >= requests


def test_push_registry_with_a_list_of_referrers_gets_no_tag_for_it(tmp_path, lab, signed_like):
    lab.proxy.faults.append(Fault("PUT", "manifests", headers={"OCI-Subject": "sha256:0"}, times=99))
    top = signed_like(tmp_path)
    push(tmp_path, lab.reference)
    assert lab.status(f"manifests/{top.replace(':', '-')}") == 404


def test_push_referrers_join_those_of_others(tmp_path, lab, signed_like):
    top = signed_like(tmp_path)
    tag, other = f"manifests/{top.replace(':', '-')}", {"mediaType": INDEX, "digest": top, "size": 1}
    push(tmp_path, lab.reference)
    (own,) = json.loads(lab.get(tag))["manifests"]
    value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [other]}
    lab.registry.put(f"{lab.repository}/manifests/empty", INDEX, Blob.of(INDEX, value | {"manifests": []}).content)
    other["digest"] = "sha256:" + hashlib.sha256(Blob.of(INDEX, value | {"manifests": []}).content).hexdigest()
    lab.registry.put(f"{lab.repository}/{tag}", INDEX, Blob.of(INDEX, value).content)
    push(tmp_path, lab.reference)
    assert json.loads(lab.get(tag))["manifests"] == [other, own]


@pytest.fixture
def signed_like():
    """A function that makes a layout with one referrer, and returns the digest of the subject."""

    def make(folder: Path) -> str:
        (top,) = json.loads((layout(folder, b"data") / "index.json").read_bytes())["manifests"]
        subject = {key: top[key] for key in ("mediaType", "digest", "size")}
        one = Attestation("a.json", Blob.of("application/json", {}), subject, {})
        write_attestations([one], folder / "results/fruit/attestations")
        return str(top["digest"])

    return make


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda made: (made / "index.json").unlink(),
            "there is no image layout 'results/fruit/oci', or a run is writing",
        ),
        (
            lambda made: largest(made).write_bytes(b""),
            "has 0 bytes, but its descriptor",
        ),
        (
            lambda made: largest(made).write_bytes(bytes(5000)),
            "is damaged: the registry",
        ),
    ],
    ids=["no index", "size", "content"],
)
def test_push_damaged_layout_fails_in_one_line(tmp_path, lab, damage, message):
    damage(layout(tmp_path, b"12345" * 1000))
    assert message in push(tmp_path, lab.reference, status=2 if "no image" in message else 1)
    assert lab.status() == 404
    assert bool(lab.proxy.requests) == ("registry" in message)


# The password is "secret".
USERS = "visitor:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"
HELPER = '#!/bin/sh\nread host\n[ "$host" = HOST ] && echo \'{"Username": "visitor", "Secret": "secret"}\'\n'


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry for the user `visitor`."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "users").write_text(USERS)
    auth = {"htpasswd": {"realm": "registry", "path": str(folder / "users")}}
    with serving_registry(require_tool("docker-registry"), folder, auth=auth) as host:
        yield host


@pytest.mark.parametrize(
    ("file", "logins", "message"),
    [
        (".docker/config.json", {"auths": {"HOST": login("visitor", "secret")}}, ""),
        (".config/containers/auth.json", {"auths": {"HOST/lab": login("visitor", "secret")}}, ""),
        (".docker/config.json", {"credHelpers": {"HOST": "test"}}, ""),
        (".docker/config.json", {"auths": {"HOST": {}}, "credsStore": "test"}, ""),
        (".docker/config.json", {"auths": {"HOST": login("visitor", "wrong")}}, "does not accept your login"),
        (".docker/config.json", {"auths": {}}, "needs a login"),
        (".docker/config.json", {"credHelpers": {"HOST": "absent"}}, "docker-credential-absent, which your login file"),
        (".docker/config.json", ["x"], "has no logins that can be read"),
    ],
    ids=["docker", "podman", "helper", "store", "wrong", "none", "no helper", "damaged"],
)
def test_push_with_basic_authentication_finds_the_login(tmp_path, guarded, file, logins, message):
    layout(tmp_path, b"data")
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(json.dumps(logins).replace("HOST", guarded))
    helper = tmp_path / "docker-credential-test"
    helper.write_text(HELPER.replace("HOST", guarded))
    helper.chmod(0o755)
    places = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(tmp_path), "XDG_CONFIG_HOME": ""}
    statuses = {"docker-cred": 3, "has no logi": 2, "": 0}
    printed = push(tmp_path, f"{guarded}/lab/fruit:1.0", status=statuses.get(message[:11], 1), **places)
    assert message in printed
    assert not message or statuses.get(message[:11]) == 3 or f"`docker login {guarded}`" in printed


def test_push_with_tls_needs_a_trusted_certificate_or_a_request_for_plain_http(tmp_path, lab):
    layout(tmp_path, b"data")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make_certificate(key, certificate)
    tls = {"tls": {"certificate": str(certificate), "key": str(key)}}
    with serving_registry(require_tool("docker-registry"), tmp_path, tls) as host:
        refused = push(tmp_path, f"{host}/{lab.repository}:1.0", status=1)
        assert f"the certificate of {host} is not trusted (self-signed certificate" in refused
        assert "set SSL_CERT_FILE" in refused
        push(tmp_path, f"{host}/{lab.repository}:1.0", SSL_CERT_FILE=str(certificate))
    elsewhere = f"0.0.0.0:{lab.registry.host.rpartition(':')[2]}/{lab.repository}:1.0"
    refused = push(tmp_path, elsewhere, status=1)
    assert "does not answer with TLS (WRONG_VERSION_NUMBER)" in refused
    assert "--plain-http" in refused
    push(tmp_path, elsewhere, "--plain-http")
    assert lab.status() == 200


def test_push_with_a_token_server_asks_for_each_scope_and_again_for_an_expired_token(tmp_path):
    layout(tmp_path, bytes(3 * CHUNK))
    program = require_tool("docker-registry")
    with (
        serving_tokens(tmp_path, {"visitor:secret": {"pull", "push"}}) as (auth, queries),
        serving_registry(program, tmp_path, auth=auth) as upstream,
        proxying(upstream) as proxy,
    ):
        (tmp_path / ".docker").mkdir()
        logins = tmp_path / ".docker/config.json"
        logins.write_text(json.dumps({"auths": {proxy.host: login("visitor", "wrong")}}))
        refused = push(tmp_path, f"{proxy.host}/lab/fruit:1.0", status=1)
        assert "its token server" in refused
        assert f"refused the login of user 'visitor' with status 401: run `docker login {proxy.host}`" in refused
        logins.write_text(json.dumps({"auths": {proxy.host: login("visitor", "secret")}}))
        challenge = f'Bearer realm="{auth["token"]["realm"]}",service="r"'
        proxy.faults.append(Fault("PATCH", status=401, headers={"WWW-Authenticate": challenge}, after=1))
        queries.clear()
        push(tmp_path, f"{proxy.host}/lab/fruit:1.0")
        assert [parse_qs(urlsplit(one).query)["scope"] for one in queries] == [
            ["repository:lab/fruit:pull"],
            ["repository:lab/fruit:pull,push"],
            ["repository:lab/fruit:pull,push"],
        ]
        queries.clear()
        assert "0 B sent" in push(tmp_path, f"{proxy.host}/lab/copy:1.0")
        assert ["repository:lab/copy:pull,push", "repository:lab/fruit:pull"] in [
            parse_qs(urlsplit(one).query)["scope"] for one in queries
        ]
