"""Mistakes that Snakemake would answer with a trace."""

import os

import pytest

from datacontainer.command import begin


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--config", "a=1", "b=2", "verify"], "--config 'verify' is not NAME=VALUE: write the target 'verify' before"),
        (["-C", "x", "--cores", "2"], "--config 'x' is not NAME=VALUE"),
        (["--cores", "1", "--configfile", "gone.yaml"], "--configfile 'gone.yaml': No such file or directory"),
        (["--configfile=."], "--configfile '.': Is a directory"),
        (["--configfiles", "empty.yaml", "oci"], "empty.yaml: the file has no keys at the top level: write keys such"),
        (["catalog", "--config", "a=1", "--cores", "2"], ""),
    ],
)
def test_begin_mistake_is_one_line_with_the_remedy(words, error, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(begin, "stop_at_ctrl_c", lambda: None)
    (tmp_path / "empty.yaml").touch()
    if error:
        with pytest.raises(SystemExit, match="2"):
            begin.begin(words)
        assert capsys.readouterr().err.startswith(f"error: {error}")
    else:
        begin.begin(words)


def test_begin_place_that_cannot_be_written_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(begin, "stop_at_ctrl_c", lambda: None)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", f"{tmp_path}/file/cache")
    with pytest.raises(SystemExit, match="2"):
        begin.begin([])
    assert capsys.readouterr().err == (
        f"error: Snakemake's cache: '{tmp_path}/file' cannot be written (Not a directory): "
        "set XDG_CACHE_HOME to a folder that you can write\n"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = os.umask(0o777)
    with pytest.raises(SystemExit, match="2"):
        begin.begin([])
    assert os.umask(before) == 0o777
    assert capsys.readouterr().err.startswith("error: umask is 0777: this run could not read the files that it writes")
