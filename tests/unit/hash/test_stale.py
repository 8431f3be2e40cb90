"""Stale files: the outputs of shards that a dataset no longer has."""

from tools.trees import fill


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
