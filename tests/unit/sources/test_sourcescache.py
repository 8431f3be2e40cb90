"""The cache of metadata and query programs."""

import os
import time

from datacontainer.sources.cache import LEFT_SECONDS, kept


def test_kept_deletes_what_killed_processes_left_a_day_ago(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = kept("metadata", "one", lambda partial: (partial / "file").write_text("one")).parent
    for name, age_seconds in (("old", LEFT_SECONDS + 60), ("new", LEFT_SECONDS - 60)):
        left = folder / f".partial-{name}"
        left.mkdir()
        (left / "file").touch()
        os.utime(left, (time.time() - age_seconds,) * 2)
    kept("metadata", "two", lambda partial: (partial / "file").write_text("two"))
    assert sorted(os.listdir(folder)) == [".partial-new", "one", "two"]
    assert (folder / "two/file").read_text() == "two"
