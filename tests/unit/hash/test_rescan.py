"""Rescan: the error for files whose content differs from the recorded digest."""

import os
from pathlib import Path

import pytest

from datacontainer.runtime.errors import DataError
from tools.builds import rot
from tools.trees import fill


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
