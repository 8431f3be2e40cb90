"""A dataset that two users of a machine share, who have nothing in common but a registry."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.accounts import Account, account
from tools.engines import require_tool
from tools.products import sha256sum
from tools.servers import serving_registry
from tools.tokens import serving_tokens

AUTHOR_UID, READER_UID = 2001, 2002
# Names and passwords, and what they may do.
LOGINS = {"author:one": {"pull", "push"}, "reader:two": {"pull", "*"}}
SUBJECTS = ("01", "02", "03")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry to which one login may push; the other may pull and list the repositories."""
    folder = tmp_path_factory.mktemp("shared")
    program = require_tool("docker-registry")
    with serving_tokens(folder, LOGINS) as (auth, _), serving_registry(program, folder, auth=auth) as host:
        yield host


def answer(user: Account, *words: str, status: int | None = 0) -> Any:
    """The answer of a command as JSON."""
    return json.loads(user.text(*words, "--format", "json", status=status))


def logged_in(user: Account, name: str, host: str) -> Account:
    """The user, after a login with `skopeo login`."""
    (password,) = [one.partition(":")[2] for one in LOGINS if one.startswith(name)]
    user.run("mkdir", user.home / ".docker")
    words = ["--authfile", user.home / ".docker/config.json", "--tls-verify=false", "--username", name]
    user.run(require_tool("skopeo"), "login", *words, "--password", password, host)
    return user


def fill_study(folder: Path) -> None:
    """Writes a small study in the layout of BIDS."""
    for subject in SUBJECTS:
        (folder / f"sub-{subject}/anat").mkdir(parents=True)
        scan = folder / f"sub-{subject}/anat/sub-{subject}_T1w"
        scan.with_suffix(".nii.gz").write_bytes(f"scan of {subject}".encode() * 999)
        scan.with_suffix(".json").write_text('{"EchoTime": 0.03}')
    (folder / "dataset_description.json").write_text('{"Name": "Tiny", "BIDSVersion": "1.8.0"}')
    (folder / "participants.tsv").write_text("participant_id\tage\nsub-01\t20\nsub-02\t30\nsub-03\t40\n")


def edit_study(folder: Path) -> None:
    """Changes, adds, removes and renames a file."""
    (folder / "sub-02/anat/sub-02_T1w.nii.gz").write_bytes(b"second scan of 02" * 999)
    (folder / "README").write_text("Three brains.\n")
    (folder / "sub-01/anat/sub-01_T1w.json").unlink()
    (folder / "sub-03/anat/sub-03_T1w.nii.gz").rename(folder / "sub-03/anat/sub-03_acq-low_T1w.nii.gz")


def publish(author: Account, host: str, version: str) -> None:
    """Packs and pushes the study over the tag `latest`."""
    about = ["about.title=Tiny brains", "about.license=CC0-1.0", "about.keywords=[anatomy]"]
    settings = [f"version={version}", "formats=[oci]", "metadata=[bids]", *about]
    author.text("pack", "study", "--cores", "2", *(word for one in settings for word in ("--set", one)))
    assert f"pushed {host}/lab/study:latest sha256:" in author.text("push", "study", f"{host}/lab/study")


@pytest.fixture(scope="module")
def author(host: str, packer: Path, fruit: Any, short_folder: Path) -> Account:  # noqa: ARG001
    """The user who pushed a study, edited it, and pushed it again; Go's packages are compiled before."""
    found = logged_in(account(AUTHOR_UID, short_folder / "author"), "author", host)
    study = found.home / "study"
    fill_study(study)
    publish(found, host, "1.0")
    edit_study(study)
    publish(found, host, "1.1")
    return found


@pytest.fixture(scope="module")
def reader(author: Account, host: str, short_folder: Path) -> Account:
    """The other user, who cannot read the folder of the first."""
    found = logged_in(account(READER_UID, short_folder / "reader"), "reader", host)
    assert b"Permission denied" in found.run("ls", author.home / "study", status=2).stderr
    return found


def files(folder: Path) -> dict[str, str]:
    """The sha256 of each file of a folder."""
    return {path.relative_to(folder).as_posix(): sha256sum(path) for path in folder.rglob("*") if path.is_file()}


def test_reader_finds_the_study_by_words_and_by_its_metadata(reader, host):
    reference = f"{host}/lab/study:latest"
    (found,) = answer(reader, "find", host)
    assert found["reference"] == reference
    assert {key: found[key] for key in ("files", "version", "title", "licenses")} == {
        "files": 8,
        "version": "1.1",
        "title": "Tiny brains",
        "licenses": "CC0-1.0",
    }
    assert reader.text("find", host, "BRAINS", "anatomy").startswith(f"{reference}\t8 files, ")
    assert not reader.text("find", host, "hearts", status=1)
    line = reader.text("find", host, "-where", 'subject = "03" and suffix = "T1w"')
    assert line.startswith(f"{reference}\t8 files, ")
    assert ", 2 match\tTiny brains\tCC0-1.0\n" in line
    assert not reader.text("find", host, "-where", 'subject = "04"', status=1)


def test_reader_lists_and_gets_one_subject(author, reader, host):
    reference, condition = f"{host}/lab/study", 'subject = "03"'
    expected = {path: digest for path, digest in files(author.home / "study").items() if path.startswith("sub-03")}
    listed = reader.text("ls", reference, "-where", condition, "-ls").splitlines()
    assert listed == [f"/data/{path}" for path in sorted(expected)]
    reader.text("get", reference, "-where", condition, "--output", "subject")
    assert files(reader.home / "subject") == expected


def test_reader_sees_each_push_and_the_difference(reader, host):
    first, second = answer(reader, "history", f"{host}/lab/study")
    assert [one["version"] for one in (first, second)] == ["1.1", "1.0"]
    assert (first["more_files"], first["more_bytes"]) == (0, 999 * 7 + 14 - 18)
    assert "more_files" not in second
    command = reader.text("history", f"{host}/lab/study").splitlines()[1].split()
    assert command[:2] == ["datacontainer", "diff"]
    found = answer(reader, *command[1:], status=1)
    assert {(one["change"], one["path"], one.get("from")) for one in found if "path" in one} == {
        ("added", "README", None),
        ("removed", "sub-01/anat/sub-01_T1w.json", None),
        ("changed", "sub-02/anat/sub-02_T1w.nii.gz", None),
        ("renamed", "sub-03/anat/sub-03_acq-low_T1w.nii.gz", "sub-03/anat/sub-03_T1w.nii.gz"),
    }
    (version,) = [one for one in found if one.get("key") == "version"]
    assert (version["from"], version["to"]) == ("1.0", "1.1")
    (suffix,) = [one for one in found if one.get("key") == "metadata.bids.values.subject.01"]
    assert (suffix["from"], suffix["to"]) == (2, 1)


def test_reader_gets_and_verifies_everything_and_may_not_push(author, reader, host):
    reference = f"{host}/lab/study"
    reader.text("get", reference, "--output", "copy")
    assert files(reader.home / "copy") == files(author.home / "study")
    table = reader.text("ls", reference, "-fields", "sha256,path", "-format", "tsv").splitlines()
    lines = [
        f"{row['sha256']}  copy{row['path'].removeprefix('/data')}\n"
        for row in csv.DictReader(table, dialect="excel-tab")
    ]
    (reader.home / "sums").write_text("".join(lines))
    assert reader.run("sha256sum", "--check", "--quiet", "sums").stdout == b""
    assert reader.text("diff", reference, f"{reference}:latest") == "no differences\n"
    words = ["--src-tls-verify=false", "--dest-tls-verify=false", "--authfile", reader.home / ".docker/config.json"]
    source, target = f"docker://{reference}:latest", f"docker://{reference}:mine"
    refused = reader.run(require_tool("skopeo"), "copy", *words, source, target, status=1).stderr
    assert b"denied" in refused or b"unauthorized" in refused
