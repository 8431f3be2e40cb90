"""The messages of a job to the run that started it."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from datacontainer.runtime import progress
from datacontainer.runtime.channel import ADDRESS, Amount, Mailbox, Message, has_console, received, send
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import finished, last_error, stage, warn
from datacontainer.runtime.progress import log_packer_line


@pytest.fixture
def run(short_folder, monkeypatch):
    """The messages that a run got."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(short_folder / "progress"))
        channel.settimeout(60)
        monkeypatch.setenv(ADDRESS, str(short_folder / "progress"))
        # Packers of other tests.
        monkeypatch.setattr(progress, "_amounts", {})
        yield lambda: received(channel.recv(4096))
        os.unlink(short_folder / "progress")


def test_stage_sends_its_progress_and_its_end(run, tmp_path):
    with stage(tmp_path / "log", "hash lab"):
        log_packer_line("3 of 10 files, 1.5 MB of 3.0 GB, 10.0 MB/s, 11s left")
        finished(10, 17)
    job = str(os.getpid())
    assert run() == Message(job, "hash lab", Amount(3, 10, 1_500_000, 3_000_000_000))
    assert run() == Message(job, "hash lab", Amount(10, 10, 17, 17), done=True)


@pytest.mark.usefixtures("run")
def test_stage_of_a_run_leaves_errors_and_warnings_to_its_console(tmp_path, capsys):
    with pytest.raises(SystemExit), stage(tmp_path / "log", "hash lab"):
        warn("a warning")
        raise DataError("it is gone")
    assert capsys.readouterr() == ("", "")
    assert last_error(tmp_path / "log") == "error: hash lab: it is gone"


def test_stage_whose_log_is_on_a_full_disk_sends_its_error_to_the_console(run, capsys):
    with pytest.raises(SystemExit), stage("/dev/full", "hash lab"):
        raise DataError("it is gone")
    assert run() == Message(str(os.getpid()), "hash lab", Amount(), error="error: hash lab: it is gone")
    assert capsys.readouterr() == ("", "")


def test_stage_that_reaches_neither_its_log_nor_the_console_prints_its_error(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(ADDRESS, str(tmp_path / "gone"))
    with pytest.raises(SystemExit), stage("/dev/full", "hash lab"):
        raise DataError("it is gone")
    assert capsys.readouterr().err == "error: hash lab: it is gone\n"


def test_send_to_a_run_that_is_gone_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv(ADDRESS, str(tmp_path / "gone"))
    assert has_console()
    send("hash lab", Amount())


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b'["1", "t", ["x"], true]', b'{"job": 1}', b"\xff"])
def test_received_anything_else_is_none(content):
    assert received(content) is None


def test_mailbox_receives_what_a_job_sends_and_removes_its_folder(monkeypatch):
    mailbox = Mailbox()
    folder = Path(mailbox.address).parent
    monkeypatch.setenv(ADDRESS, mailbox.address)
    send("hash lab", Amount(1), error="e" * 9999)
    assert mailbox.receive(5) == Message(str(os.getpid()), "hash lab", Amount(1), False, "e" * 2000)
    assert mailbox.receive(0) is None
    assert folder.is_dir()
    mailbox.close()
    assert not folder.exists()


def test_mailbox_folder_with_a_long_path_is_replaced_by_another(monkeypatch, tmp_path):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    mailbox = Mailbox()
    assert mailbox.address.startswith("/tmp/datacontainer-")
    mailbox.close()
    assert list(long.iterdir()) == []


def test_mailbox_closed_receives_nothing():
    mailbox = Mailbox()
    mailbox.close()
    assert mailbox.receive(0.1) is None


def test_mailbox_without_a_place_receives_nothing(monkeypatch):
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    mailbox = Mailbox()
    monkeypatch.setenv(ADDRESS, mailbox.address)
    send("hash lab", Amount(1))
    assert mailbox.receive(0.01) is None
    mailbox.close()
