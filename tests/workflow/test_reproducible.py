"""The same names and contents give identical images in any folder and environment."""

import hashlib
import os
import shutil

import pytest

from tools.images import copy_backwards, fill_odd, umask
from tools.workflow import ROOT, Project

# Variables that may differ between two machines, and between two users of one machine.
HERE = {"TZ": "UTC", "LANG": "C", "PYTHONHASHSEED": "1"}
# Those of Go, of Python and of compressors: their options, places that do not exist, and proxies that do not answer.
SETTINGS = """\
GO111MODULE=off GO386=x GOAMD64=v3 GOARCH=mips GOARM64=v9.0 GOBIN=x GOCACHEPROG=/bin/false GOENV=/nowhere GOOS=plan9
GOEXPERIMENT=nodwarf5 GOFIPS140=v1.0.0 GODEBUG=fips140=only GOFLAGS=-tags=other GOGC=1 GOMAXPROCS=1 GOMEMLIMIT=x
GOMODCACHE=x GOPATH=x GOROOT=/nowhere GOTMPDIR=/nowhere GOTOOLCHAIN=go1.1 GOWORK=/x CC=/bin/false CGO_ENABLED=1
PYTHONCOERCECLOCALE=0 PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=2 PYTHONIOENCODING=ascii PYTHONNOUSERSITE=1
PYTHONOPTIMIZE=2 PYTHONSTARTUP=/nowhere PYTHONUTF8=0 PYTHONWARNINGS=error LANG=tr_TR LANGUAGE=tr LC_ALL=POSIX
ARROW_IO_THREADS=1 COLUMNS=9 FORCE_COLOR=1 MALLOC_PERTURB_=165 NO_COLOR=1 OMP_NUM_THREADS=1 POSIXLY_CORRECT=1
GZIP=-1 SOURCE_DATE_EPOCH=1700000000 TAR_OPTIONS=--no TERM=dumb TZ=Pacific/Chatham XZ_OPT=-0 ZSTD_CLEVEL=19
GNUPGHOME=/nowhere HOME=nowhere HTTPS_PROXY=http://127.0.0.1:9 OPENSSL_CONF=/nowhere SSL_CERT_FILE=/nowhere
TMPDIR=nowhere USER=someone XDG_CACHE_HOME=nowhere ZSTD_NBTHREADS=7
"""
THERE = dict(one.split("=", 1) for one in SETTINGS.split())


def build(project: Project, cores: int, mask: int, environment: dict[str, str]) -> None:
    """Builds the images of the folder `data`, with a name that does not depend on the path; one with compression."""
    small = {"path": "data", "compression": "zstd", "formats": ["sif"], "attest": ["provenance", "sbom"]}
    project.configure(same={"path": "data", "platforms": ["linux/amd64", "linux/arm64"]}, small=small)
    with umask(mask):
        project.build(cores=cores, environment=environment)


def digests(project: Project) -> dict[str, str]:
    """The sha256 of each product that depends only on the data."""
    top = project.folder / "results"
    files = ["same/same.sif", "same/same.docker.tar", "same/Dockerfile", "small/small.sif"]
    folders = ("oci", "bin", "attestations")
    files += [str(path.relative_to(top)) for folder in folders for path in top.glob(f"*/{folder}/**/*")]
    return {file: hashlib.sha256((top / file).read_bytes()).hexdigest() for file in files if (top / file).is_file()}


@pytest.fixture(scope="module")
def here_and_there(tmp_path_factory) -> tuple[Project, Project]:
    """Two projects with the same data, but different paths, environments, umasks and numbers of cores."""
    here = Project(tmp_path_factory.mktemp("here"))
    there = Project(tmp_path_factory.mktemp("there") / "deeper down")
    there.folder.mkdir()
    fill_odd(here.folder / "data")
    copy_backwards(here.folder / "data", there.folder / "data")
    build(here, cores=1, mask=0o022, environment=HERE)
    # A cache of Go without the programs of the first build.
    cache = tmp_path_factory.mktemp("cache") / "go"
    left_out = shutil.ignore_patterns("datacontainer")
    shutil.copytree(os.environ["GOCACHE"], cache, copy_function=os.symlink, ignore=left_out)
    build(there, cores=2, mask=0o077, environment=THERE | {"GOCACHE": str(cache)})
    return here, there


def test_build_elsewhere_gives_the_same_bytes(here_and_there):
    here, there = (digests(project) for project in here_and_there)
    products = {"same/same.sif", "same/same.docker.tar", "same/bin/linux-arm64/entrypoint", "small/small.sif"}
    assert products | {"small/attestations/provenance.json"} <= set(here)
    assert len([file for file in here if file.startswith("same/oci/blobs/")]) >= 8
    assert here == there


def test_products_contain_no_path_of_the_build(here_and_there):
    for project in here_and_there:
        for file in ("same.sif", "same.docker.tar", "dataset.json"):
            content = project.product("same", file).read_bytes()
            for path in (project.folder, ROOT):
                assert os.fsencode(path) not in content, f"{file} contains {path}"
