"""Reuse of recorded digests and metadata: unchanged results, fewer reads, and the error for silent corruption."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.config.results import Results
from datacontainer.functions.work import function_sources
from datacontainer.hash.earlier import Earlier
from datacontainer.hash.known import different, look_up
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.scan.records import Record, read_records
from datacontainer.scan.sharding import Limits
from tools.builds import Build, rot
from tools.examples import tried
from tools.trees import fill

# The content of each file is a Python expression for the fields of this file.
USER_FUNCTION = """\
from pathlib import Path
def fields(path):
    with open(__file__ + ".seen", "a") as seen:
        print(Path(path).name, file=seen)
    return eval(Path(path).read_bytes() or b"{}")
"""


@pytest.fixture
def user(tmp_path) -> str:
    """The name of a metadata function that records for which files it is called."""
    (tmp_path / "user.py").write_text(USER_FUNCTION)
    return f"{tmp_path}/user.py:fields"


def seen(user: str) -> list[str]:
    """The files for which the metadata function was called since the last call of `seen`."""
    names = Path(user.rpartition(":")[0] + ".seen")
    found = sorted(names.read_text().split())
    names.unlink()
    return found


def record(staged: Build, records: list[Record], digests: bytes) -> None:
    """Replaces the known records of the only file or shard, as if hash had written them."""
    results, (old,) = Results(staged.folder), staged.shards
    listed = b"".join(record.encode() for record in records)
    facts = json.loads(results.facts(old).read_bytes())
    facts["record"]["sha256"] = hashlib.sha256(digests).hexdigest()
    for path in (results.known_list(old), results.digests(old), results.facts(old)):
        path.unlink()
    name = hashlib.sha256(listed).hexdigest()[:20]
    results.known_list(name).write_bytes(listed)
    results.digests(name).write_bytes(digests)
    results.facts(name).write_text(json.dumps(facts))


def record_current_ctimes(staged: Build) -> None:
    """Writes the current ctimes into the known records, so that `rot` appears as silent corruption."""
    results, (shard,) = Results(staged.folder), staged.shards
    records = [
        one._replace(ctime_ns=os.stat(os.path.join(os.fsencode(staged.dataset), one.path)).st_ctime_ns)
        for one in read_records(results.known_list(shard))
    ]
    record(staged, records, results.digests(shard).read_bytes())


CONTENTS = [
    b"",
    b"{'a': 1}",
    b"{'b': 2**53 + 1, 'a': 0.5}",
    b"{'a': 'x', 'c': None}",
    b"{'c': True}",
    b"{'a': '\\ud83d\\ude00'}",
    b"{'a': '\\udcff'}",
    b"{'b': [1, {'2': ()}], 'd': float('nan')}",
    b"{'a': None}",
]
SMALL = Limits(files=2, size_bytes=1 << 20)
NAMES = [b"%d" % number for number in range(12)] + [b"4/x", b"4/\xff", "ü".encode()]
edits = st.tuples(
    st.sampled_from(["write", "write", "remove", "touch", "chmod", "link", "rename"]),
    st.sampled_from(NAMES),
    st.sampled_from(CONTENTS),
    st.sampled_from(NAMES),
)


def edit(root: Path, what: str, name: bytes, content: bytes, other: bytes) -> None:
    """Does one of the edits if the tree permits it."""
    path, elsewhere = (os.path.join(os.fsencode(root), one) for one in (name, other))
    there = os.path.lexists(path)
    folder = os.path.dirname(elsewhere)
    if what == "write":
        if os.path.islink(path):
            os.unlink(path)
        fill(root, {name: content})
    elif what == "remove" and there and not os.path.isdir(path):
        os.unlink(path)
    elif what == "touch" and os.path.isfile(path):
        os.utime(path, ns=(len(content), len(content)))
    elif what == "chmod" and os.path.isfile(path):
        os.chmod(path, 0o644 ^ 0o111)
    elif what == "link" and not there and os.path.isdir(os.path.dirname(path)):
        os.symlink("gone", path)
    elif what == "rename" and os.path.isfile(path) and not os.path.isdir(elsewhere):
        if not os.path.lexists(folder):
            os.makedirs(folder)
        if os.path.isdir(folder):
            os.replace(path, elsewhere)


@pytest.mark.slow
@tried(10)
@given(scripts=st.lists(st.lists(edits, max_size=4), min_size=1, max_size=4), layers=st.booleans())
def test_hash_shard_after_any_edits_results_equal_a_fresh_build(scripts, layers, packer, user, tmp_path_factory):
    folder = tmp_path_factory.mktemp("edits")
    dataset = folder / "dataset"
    fill(dataset, {name: CONTENTS[number % len(CONTENTS)] for number, name in enumerate(NAMES)})
    staged = Build(packer, dataset, folder / "build", layers, (user,), minimum=SMALL)
    staged.run()
    for number, script in enumerate(scripts):
        for one in script:
            edit(dataset, *one)
        staged.run()
        fresh = Build(packer, dataset, folder / f"fresh{number}", layers, (user,), minimum=SMALL)
        fresh.run()
        assert staged.results() == fresh.results()
    shutil.rmtree(folder)


@pytest.mark.parametrize("layers", [True, False])
def test_hash_shard_metadata_functions_are_called_for_changed_files_only(staged, user, layers):
    fill(staged.dataset, {b"a": b"{'a': 1}", b"b": b"{'b': 1}", b"c": b"{'a': 2}"})
    staged.functions, staged.layers = (user,), layers
    staged.run()
    assert seen(user) == ["a", "b", "c"]
    (staged.dataset / "b").write_bytes(b"{'b': 5}")
    (staged.dataset / "d").write_bytes(b"{'a': 3}")
    staged.run()
    assert seen(user) == ["b", "d"]
    rows = pq.read_table(staged.folder / "catalog.parquet", columns=["a", "b"]).to_pylist()
    assert rows == [{"a": 1, "b": None}, {"a": None, "b": 5}, {"a": 2, "b": None}, {"a": 3, "b": None}]


@pytest.mark.slow
def test_hash_shards_failing_functions_leave_the_other_shards_complete(staged, user):
    fill(staged.dataset, {b"%02d" % number: b"1 / 0" if number in (3, 40) else b"{}" for number in range(60)})
    staged.functions, staged.minimum = (user,), SMALL
    with pytest.raises(UsageError, match="failed on 2 files, first: '03'"):
        staged.run()
    lists = {shard: read_records(Results(staged.folder).list_of(shard)) for shard in staged.shards}
    failed = {shard for shard, records in lists.items() if {b"03", b"40"} & {one.path for one in records}}
    assert (len(failed), set(staged.completed)) == (2, set(staged.shards) - failed)


def test_hash_shard_changed_metadata_functions_are_called_for_all_files(staged, user, tmp_path):
    fill(staged.dataset, {b"a": b"{'a': 1}", b"b": b"{}"})
    staged.functions = (user,)
    staged.run()
    shutil.copy(tmp_path / "user.py", tmp_path / "other.py")
    (tmp_path / "other.py").write_text(USER_FUNCTION + "# changed\n")
    other = f"{tmp_path}/other.py:fields"
    staged.functions = (other,)
    staged.again()
    assert seen(other) == ["a", "b"]
    staged.functions = ()
    staged.again()
    assert "a" not in pq.read_schema(staged.folder / "catalog.parquet").names


def digests_of(path: Path) -> list[str]:
    return pq.read_table(path)["sha256"].to_pylist()


def test_hash_shard_other_record_format_reads_everything(staged):
    fill(staged.dataset, {b"a": b"1"})
    staged.layers = False
    staged.run()
    (shard,) = staged.shards
    record(staged, list(read_records(Results(staged.folder).known_list(shard))), bytes(32))
    staged.again()
    assert digests_of(staged.folder / "catalog.parquet") == ["0" * 64]
    staged.record_format = 2
    staged.again()
    assert digests_of(staged.folder / "catalog.parquet") != ["0" * 64]


def test_hash_shard_digest_that_was_not_recorded_reads_the_file(staged):
    fill(staged.dataset, {b"a": b"1"})
    staged.layers = False
    staged.run()
    staged.digests = ("sha256", "md5")
    staged.again()
    assert pq.read_table(staged.folder / "catalog.parquet")["md5"].to_pylist() == ["c4ca4238a0b923820dcc509a6f75849b"]


@pytest.mark.parametrize("damaged", ["list", "digests", "fields"])
def test_look_up_damaged_records_are_not_used(staged, user, damaged):
    fill(staged.dataset, {b"a": b"{}", b"b": b"{ }"})
    staged.functions = (user,)
    staged.run()
    (shard,), results = staged.shards, Results(staged.folder)
    listed = results.list_of(shard).read_bytes()
    recorded = results.digests(shard).read_bytes()
    path = {"list": results.known_list, "digests": results.digests, "fields": results.known_fields}[damaged](shard)
    whole = path.read_bytes()
    path.unlink()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little") if damaged == "fields" else len(whole)

    def known(content: bytes) -> list[object]:
        path.write_bytes(content)
        found = look_up(results, Earlier(results, 1).around(shard), listed, ["sha256"], function_sources([user]))
        return [bytes(found.digests), found.fields]

    intact = [recorded, ["{}", "{}"]]
    assert known(whole) == intact
    assert known(b"") == [bytes(64), [None, None]]
    found = [known(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]) for at in range(footer)]
    # Without its fields, the functions are called again for a file.
    assert all(one in ([bytes(64), [None, None]], [recorded, [None, None]], intact) for one in found)
    assert found.count(intact) < len(found) / 2


@pytest.mark.parametrize("name", ["a", "z"])
def test_hash_shard_record_is_reused_after_a_new_first_or_last_file(staged, user, name):
    fill(staged.dataset, {b"m": b"{'a': 1}"})
    staged.functions = (user,)
    staged.run()
    assert seen(user) == ["m"]
    (staged.dataset / name).write_bytes(b"{}")
    staged.run()
    assert seen(user) == [name]


def test_hash_shard_silent_corruption_is_named_when_the_layer_is_written(staged):
    fill(staged.dataset, {b"a": b"good", b"b": b"old", b"c": b"fine"})
    staged.run()
    before = staged.shards
    rot(staged.dataset / "a", b"evil")
    record_current_ctimes(staged)
    (staged.dataset / "b").write_bytes(b"newer")
    with pytest.raises(DataError) as raised:
        staged.run()
    assert str(raised.value) == (
        "content changed, size and mtime did not: 'a' (recorded: sha256 770e607624d6..., read: b5c1fb2efc6d...); "
        "restore the files from a backup, or run `touch` on them to accept their current content, and run snakemake "
        "again"
    )
    assert [path.stem for path in (staged.folder / "stages/hash").glob("*.layer")] == before
    os.utime(staged.dataset / "a")
    staged.run()
    assert digests_of(staged.folder / "catalog.parquet")[0].startswith("b5c1fb2efc6d")


@pytest.mark.parametrize("layers", [True, False])
def test_hash_shard_only_ctime_changed_is_a_warning_or_an_error_in_a_full_rescan(staged, layers, capsys):
    fill(staged.dataset, {b"a": b"good"})
    staged.layers = layers
    staged.run()
    rot(staged.dataset / "a", b"evil")
    staged.rescan = "full"
    with pytest.raises(DataError, match=r"content changed, size .* not: 'a' \(rec"):
        staged.run()
    staged.rescan = "changed"
    capsys.readouterr()
    staged.run()
    assert digests_of(staged.folder / "catalog.parquet")[0].startswith("b5c1fb2efc6d")
    assert capsys.readouterr().err == (
        "warning: content changed, size and mtime did not: 'a' (recorded: sha256 770e607624d6..., read: "
        "b5c1fb2efc6d...); the new content is used, because the ctime or inode changed too; --config rescan=full makes "
        "this an error\n"
    )


def test_hash_shard_silent_corruption_of_many_files_is_one_warning(staged, capsys):
    fill(staged.dataset, dict.fromkeys((b"a", b"b", b"c"), b"good"))
    staged.run()
    for name in ("a", "b", "c"):
        rot(staged.dataset / name, b"evil")
    staged.run()
    (line,) = capsys.readouterr().err.splitlines()
    assert "not: 'a' (" in line
    assert ") and 2 more; the new content is used" in line


def test_different_rows_are_found_in_the_last_bit_of_the_sha256():
    one = bytes(64) + b"\1" * 64
    for place in (31, 64 + 31):
        other = bytearray(one)
        other[place] ^= 1
        assert list(different(one, bytes(other), 64, 64)) == [place // 64]


def test_rescan_shard_every_difference_is_named_and_counted(staged):
    fill(staged.dataset, {b"%02d" % number: b"good" for number in range(25)} | {b"\xff": b"good", b"z": b"fine"})
    os.symlink("z", staged.dataset / "link")
    staged.run()
    staged.rescanned()
    assert (staged.folder / "stages/rescan/report.json").read_text() == '{"files": 27, "bytes": 108}\n'
    before = staged.results()
    for name in [*(b"%02d" % number for number in range(1, 25)), b"\xff"]:
        rot(Path(os.fsdecode(os.path.join(os.fsencode(staged.dataset), name))), b"evil")
    with pytest.raises(DataError) as raised:
        staged.rescanned()
    text = str(raised.value)
    assert text.startswith("content changed, size and mtime did not: '01' (")
    assert "'20' (" in text
    assert "'21' (" not in text
    assert ", and 5 more, all in the log; restore the files" in text
    assert staged.results() == before


def test_remove_stale_keeps_files_of_current_shards(staged):
    fill(staged.dataset, {b"a": b"1"})
    staged.run()
    hashed, logs = staged.folder / "stages/hash", staged.folder / "logs/hash"
    logs.mkdir(parents=True)
    (hashed.parent / "rescan").mkdir()
    (old,) = staged.shards
    left = [hashed / f".{old}.layer.partial", hashed / "batch-1.seal", hashed.parent / "rescan" / "batch-1.json"]
    for path in [*left[:2], hashed / "notes.txt", logs / "batch-1.log", hashed / "batch-0.seal"]:
        path.write_bytes(b"")
    left[2].write_bytes(b"")
    (staged.dataset / "b").write_bytes(b"2")
    staged.run()
    (new,) = staged.shards
    (hashed / f".{new}.layer.partial").write_bytes(b"")
    staged.run()
    names = ["batch-0.seal", f"{new}.digests", f"{new}.json", f"{new}.layer", "known", "notes.txt"]
    assert sorted(path.name for path in hashed.iterdir()) == sorted(names)
    assert [path.name for path in (hashed / "known").iterdir()] == [f"{new}.list"]
    assert not list(logs.iterdir()) and not list((hashed.parent / "rescan").iterdir())
    staged.layers = False
    staged.again()
    assert not list(hashed.glob("*.layer"))
