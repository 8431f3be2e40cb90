"""A dataset in storage is listed and hashed as the same files in a folder; without Snakemake's plugins."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.scan.listing import Files, list_dataset
from datacontainer.scan.records import read_records
from datacontainer.scan.sharding import Limits
from datacontainer.storage import provider
from datacontainer.storage.place import Object, identity
from tools.builds import Build
from tools.trees import SIMILAR, fill, names

URL = "s3://bucket/x"
patterns = st.sampled_from([b"a", b"b/", b"/a", b"*.tmp", b"a/b", b"!a/b", b"**/ab", b"a*", b"!a b"])
similar = st.lists(st.sampled_from([*SIMILAR, b"c" * 256]), min_size=1, max_size=4).map(b"/".join)


class Folder:
    """A Source whose objects are the files of a folder, in parts of 70,000 bytes. read: the paths that were read."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.read = os.fsencode(folder), list[bytes]()

    def objects(self) -> Iterator[Object]:
        found = (os.path.join(base, name) for base, _, files in os.walk(self.folder) for name in files)
        for path in sorted(found):
            status, name = os.stat(path), path[len(self.folder) + 1 :]
            yield Object(name, status.st_size, status.st_mtime_ns, identity(repr(status.st_mtime_ns)))

    def contents(self, objects: Iterable[Object]) -> Iterator[tuple[Object, bytes]]:
        for one in objects:
            self.read.append(one.path)
            content = self.small(one.path, one.size)
            for start in range(0, one.size or 1, 70_000):
                yield one, content[start : start + 70_000]

    def small(self, path: bytes, most: int) -> bytes:
        try:
            return Path(os.fsdecode(os.path.join(self.folder, path))).read_bytes()[:most]
        except OSError:
            return b""


@pytest.fixture
def source(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The source of URL, with the files of the fixture `dataset`."""
    made = Folder(dataset)
    monkeypatch.setattr(provider, "open_source", lambda _: made)
    return made


def listed(packer: Path, root: str, *exclude: str) -> tuple[list[tuple[bytes, int]], set[bytes], int]:
    """Path and size of each record, the refused paths, and the number of entries that the pattern *.tmp left out."""
    with TemporaryDirectory() as folder:
        files = Files.in_folder(Path(folder))
        summary = list_dataset(packer, root, exclude, files, defaults=["*.tmp"])
        records = [(one.path, one.size) for one in read_records(files.records) if one.kind == b"f"]
        assert (summary.files, summary.bytes) == (len(records), sum(size for _, size in records))
        return records, {one.path for one in files.read_refused()}, summary.left_out[0]


@given(tree=st.dictionaries(st.one_of(similar, names), st.binary(max_size=9), max_size=12), lines=st.lists(patterns))
def test_listing_equals_the_walk_of_a_folder_with_the_same_files(packer, tree, lines):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder, "x")
        fill(root, {path: content for path, content in tree.items() if b"c" * 256 not in path})
        fill(root, {b".datacontainerignore": b"\n".join(lines)})
        patch.setattr(provider, "open_source", lambda _: Folder(root))
        assert listed(packer, URL, "b") == listed(packer, str(root), "b")


@pytest.mark.parametrize(
    ("paths", "refused", "kept"),
    [
        ([b"a", b"a-b", b"a/b"], {b"a"}, [b"a-b"]),
        ([b"../x", b"a//b", b"b/./c", b"d"], {b"../", b"a//", b"b/./"}, [b"d"]),
        ([b"/a", b"b"], {b"/"}, [b"b"]),
        ([b"c" * 256, b"d" * 255, b"e" * 256 + b"/f"], {b"c" * 256, b"e" * 256 + b"/"}, [b"d" * 255]),
        ([b".wh.a", b"a/"], {b".wh.a", b"a/"}, []),
    ],
)
def test_listing_refuses_names_that_no_folder_can_contain(packer, source, paths, refused, kept):
    source.objects = lambda: (Object(path, 1, 1, 1) for path in paths)
    records, found, _ = listed(packer, URL)
    assert found == refused
    assert [path for path, _ in records if path not in refused] == kept


def test_listing_in_another_order_is_an_error(packer, source, monkeypatch):
    monkeypatch.setattr(source, "objects", lambda: iter([Object(b"b", 1, 1, 1), Object(b"a", 1, 1, 1)]))
    with pytest.raises(
        DataError, match="""the storage lists "a" after "b", so its list is not sorted: copy the data"""
    ):
        listed(packer, URL)


def test_error_of_the_storage_is_raised_instead_of_a_short_list(packer, source, monkeypatch):
    def objects() -> Iterator[Object]:
        yield Object(b"a", 1, 1, 1)
        raise DataError("no network")

    monkeypatch.setattr(source, "objects", objects)
    with pytest.raises(DataError, match=r"^no network$"):
        listed(packer, URL)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_layers_and_catalog_equal_those_of_a_folder(packer, source, dataset, tmp_path, compression):
    fill(dataset, {b"%d/%03d" % (n % 7, n): b"%d" % n * (n * 37) for n in range(300)} | {b"big": os.urandom(500_000)})
    fill(dataset, {b"empty": b"", b"edge": b"e" * (128 << 10)})
    options = {"minimum": Limits(50, 1 << 30), "compression": compression, "digests": ("sha256", "md5")}
    stored = Build(packer, URL, tmp_path / "stored", **options)
    local = Build(packer, dataset, tmp_path / "local", **options)
    stored.run()
    local.run()
    assert len(stored.shards) > 2
    for suffix in (".digests", ".layer"):
        assert [path.read_bytes() for path in stored.hashed(suffix)] == [
            path.read_bytes() for path in local.hashed(suffix)
        ]
    digests = [json.loads((one.folder / "dataset.json").read_bytes())["digest"] for one in (stored, local)]
    assert digests[0] == digests[1]
    assert len(source.read) == 303
    stored.rescanned()
    assert len(source.read) == 606


def test_edit_of_an_object_reads_its_shard_again(packer, source, dataset, tmp_path):
    fill(dataset, {b"%03d" % n: b"%d" % n for n in range(300)})
    build = Build(packer, URL, tmp_path / "build", minimum=Limits(50, 1 << 30))
    build.run()
    source.read.clear()
    (dataset / "150").write_bytes(b"other")
    build.run()
    assert b"150" in source.read
    assert len(source.read) < 200
    assert len(source.read) == len(set(source.read))


def test_functions_get_copies_of_a_shard_that_are_removed(packer, source, dataset, tmp_path):
    (tmp_path / "own.py").write_text(
        "import os\ndef own(path):\n    names = os.listdir(os.path.dirname(path))\n"
        "    return {'content': open(path).read(), 'names': len(names)}\n"
    )
    fill(dataset, {b"%03d" % n: b"%d" % n for n in range(300)})
    options = {"minimum": Limits(50, 1 << 30), "functions": (f"{tmp_path}/own.py:own",), "layers": False}
    build = Build(packer, URL, tmp_path / "build", **options)
    build.run()
    fields = [
        json.loads(text)
        for path in sorted(Path(build.folder, "stages/hash/known").glob("*.parquet"))
        for text in _fields(path)
    ]
    assert sorted(one["content"] for one in fields) == sorted(map(str, range(300)))
    assert max(one["names"] for one in fields) < 300
    assert not list(build.folder.rglob("*.files"))
    source.read.clear()
    # A killed run leaves copies.
    fill(build.folder / f"stages/hash/{'0' * 20}.files", {b"a/b": b""})
    (dataset / "150").write_bytes(b"other")
    build.run()
    assert 0 < len(source.read) < 200
    assert not list(build.folder.rglob("*.files"))
    (dataset / "150").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="first: '150': UnicodeDecodeError"):
        build.run()
    assert not list(build.folder.rglob("*.files"))


def _fields(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return pq.read_table(path)["fields"].to_pylist()


@pytest.mark.usefixtures("source")
def test_packer_that_fails_ends_the_stream(packer, dataset, tmp_path):
    fill(dataset, {b"a": b"x" * 10_000_000})
    build = Build(packer, URL, tmp_path / "build")
    build.scan()
    (tmp_path / "build/stages/hash").touch()
    with pytest.raises(Exception, match="stages/hash"):
        build.hash(build.shards)


def test_stream_that_ends_early_is_an_error(packer, source, dataset, tmp_path, monkeypatch):
    fill(dataset, {b"a": b"x" * 10, b"b": b"y" * 300_000})
    build = Build(packer, URL, tmp_path / "build")
    build.scan()
    (tmp_path / "build/stages/hash").mkdir()
    monkeypatch.setattr(source, "contents", lambda objects: ((one, b"x" * 10) for one in objects))
    with pytest.raises(DataError, match=r'reading "b" from the stream: unexpected EOF'):
        build.hash(build.shards)
    assert not list((tmp_path / "build/stages/hash").glob("*.digests"))
