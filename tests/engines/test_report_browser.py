"""The report pages in a real browser: their content, no requests, and no effect of hostile names."""

import base64
import json
import os

import pytest

from datacontainer.report.page import name_text
from tools.browser import DARK, corner
from tools.trees import fill
from tools.workflow import ROOT, Project

HOSTILE = [
    b"<script>document.title='pwned'<",
    b'"><img src=x onerror=alert(1)>',
    b"{{ 7 * 7 }}",
    b"{% include 'x' %}",
    b"line\nbreak",
    b"not utf-8 \xff",
    b"&lt;b&gt;",
    b"' onload='x",
]
FUNCTIONS = """
import re

def summary(catalog):
    return {"<i>key</i>": "</style><script>document.title='pwned'</script>", "{{ 7 * 7 }}": {"nested": ["<b>"]}}

def hostile(path):
    return {"<u>column</u>": "<script>document.title='value'</script>", "{{ 8 * 8 }}": "{{ 9 * 9 }}"}

def scan(path):
    found = re.search(r"sub-(\\d+)_.*?([^_]*)\\.nii", path)
    return {"subject": found[1], "suffix": found[2], "volumes": 45 + int(found[1])} if found else {}
"""
# Seconds since 1970: 2012-11-30 13:29:56 UTC.
FIRST_MTIME = 1_354_282_196


def study_files(subjects: int) -> dict[bytes, bytes]:
    """Returns a study with a number of subjects, as in docs/report.png: an empty file and duplicates among others."""
    files = {
        b"participants.tsv": b"participant\n" * 20,
        b"README": b"A study.\n" * 30,
        b"dataset.json": b"{}" * 90,
        b"CHANGES": b"",
    }
    for subject in range(1, subjects + 1):
        for run in range(1, 4):
            name = b"sub-%02d/func/sub-%02d_run-%d_" % (subject, subject, run)
            files[name + b"bold.nii.gz"] = bytes([subject, run]) * (45_000 + 5_000 * subject)
            files[name + b"bold.json"] = b'{"RepetitionTime": 2.0}' * 20
            files[name + b"events.tsv"] = b"onset\tduration\n%d\n" % subject * 200
        files[b"sub-%02d/anat/sub-%02d_T1w.nii.gz" % (subject, subject)] = bytes([subject]) * 400_000
    return files


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """The reports of a study in its second version, and of a dataset with hostile names, labels and metadata."""
    project = Project(tmp_path_factory.mktemp("reports"))
    (project.folder / "mine.py").write_text(FUNCTIONS)
    odd = {b"/".join([name, one + b"." + name]): name for name in HOSTILE for one in (b"one", b"two")}
    fill(project.folder / "hostile", odd)
    labels = {"title": "</title><script>document.title='pwned'</script>", "authors": '"><b onclick="x">{{ 7 * 7 }}'}
    functions = {"dataset_metadata": ["mine.py:summary"], "metadata": ["mine.py:hostile"]}
    hostile = {"path": "hostile", "labels": labels, **functions}
    (project.folder / "study").mkdir()
    (project.folder / "study/latest").symlink_to("sub-01")
    for version, subjects in (("1.0", 5), ("1.1", 9)):
        fill(project.folder / "study", study_files(subjects))
        os.utime(project.folder / "study/README", (FIRST_MTIME, FIRST_MTIME))
        labels = {"title": "Nine people in a scanner", "license": "CC0-1.0", "authors": "A. Gardener, B. Baker"}
        study = {
            "path": "study",
            "version": version,
            "labels": labels,
            "symlinks": "keep",
            "metadata": ["mine.py:scan"],
        }
        project.configure(study=study, hostile=hostile)
        project.build()
    return project


@pytest.fixture(scope="module")
def study(project, browser):
    return browser.visit(project.product("study", "report.html"))


@pytest.fixture(scope="module")
def hostile(project, browser):
    return browser.visit(project.product("hostile", "report.html"))


def words(text: str) -> str:
    return " ".join(text.split())


def test_browser_records_requests_and_console_messages(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<img src="http://example.invalid/x"><script>document.body.append("made"); missing()</script>')
    visit = browser.visit(page)
    assert visit.requests == ["http://example.invalid/x"]
    assert any("missing is not defined" in line for line in visit.console)
    assert "made" in visit.dom.text


@pytest.mark.parametrize("name", ["study", "hostile"])
def test_page_makes_no_requests_and_no_console_messages(request, name):
    visit = request.getfixturevalue(name)
    assert (visit.requests, visit.console) == ([], [])
    assert not {"script", "link", "img", "iframe", "object", "b", "i"} & visit.dom.tags()
    assert not [pair for pair in visit.dom.attributes() if pair[0] in {"src", "href"} or pair[0].startswith("on")]


def test_page_shows_totals_charts_stages_and_duplicates(project, study):
    text = words(study.dom.text)
    summary = json.loads(project.product("study", "dataset.json").read_text())
    files = study_files(9)
    total, suffixes = sum(map(len, files.values())), {name.partition(b".")[2] for name in files}
    credit = "Authors A. Gardener, B. Baker License CC0-1.0"
    assert f"study 1.1 Nine people in a scanner {credit} dataset digest {summary['digest']}" in text
    totals = f"files {len(files)} bytes {total / 1e6:.3g} MB symlinks 1 empty files 1 types {len(suffixes)}"
    assert f"{totals} duplicate files 44 duplicate bytes 73.2 kB" in text
    volumes = sum(len(content) for name, content in files.items() if name.endswith(b".nii.gz"))
    assert f"suffix in bytes files bytes .nii.gz 36 {volumes / 1e6:.3g} MB .tsv 28" in text
    assert "folder in bytes files bytes sub-09/ 10" in text
    assert "(no folder) 4 " in text
    assert "100 to 999 B 30" in text
    shards = project.product("study", "stages/scan/shards.tsv").read_text().count("\n")
    assert f"scan 95 names hash {shards} shards aggregate 8 columns" in text
    assert "sub-01/func/sub-01_run-1_bold.json sub-01/func/sub-01_run-2_bold.json" in text
    assert "and 24 more 27 460 B 12 kB" in text


def test_page_shows_bounds_and_frequent_values_of_columns(project, study):
    text, rows = (
        words(study.dom.text),
        "distinct values minimum and maximum, or most frequent values with their number of files",
    )
    assert f"column type rows with a value {rows} path string 95 size int64 95 0 to " in text
    assert "mtime timestamp[ns, tz=UTC] 95 2012-11-30 13:29:56 to 20" in text
    assert "subject string 36 9 01 4 02 4 03 4 04 4 05 4 06 4 07 4 08 4 09 4 suffix string 36 2 bold 27 T1w 9" in text
    assert "volumes int64 36 46 to 54" in text
    lines = project.product("study", "report.tsv").read_text().splitlines()
    assert [line.split("\t")[:3] for line in lines[-2:]] == [
        ["value of suffix", "bold", "27"],
        ["value of suffix", "T1w", "9"],
    ]


def test_page_shows_the_growth_of_the_dataset(project, study):
    grown = len(study_files(9)) - len(study_files(5))
    assert f"1.1 94 +{grown}" in words(study.dom.text)
    history = project.product("study", "history.tsv").read_text().splitlines()
    assert [line.split("\t")[:2] for line in history] == [["version", "files"], ["1.0", "54"], ["1.1", "94"]]
    (line,) = (attributes for tag, attributes in study.dom.elements if tag == "polyline")
    assert line["points"].endswith(" 600.0,0.0")


def test_hostile_names_labels_and_values_are_shown_as_text(hostile):
    text = hostile.dom.text
    for name in HOSTILE:
        # As a folder, as a suffix, and as the name of a duplicate file.
        assert f"{name_text(name)}/" in text, name
        assert name_text("." + name.decode("utf-8", "backslashreplace")) in text, name
        assert name_text(name + b"/one." + name) in text, name
    assert "</title><script>document.title='pwned'</script>" in text
    assert '"><b onclick="x">{{ 7 * 7 }}' in text
    assert "</style><script>document.title='pwned'</script>" in text
    assert '{"nested": ["<b>"]}' in text
    assert "hostile 1.0: report" in text
    assert "<u>column</u> string 16 1 <script>document.title='value'</script> 16" in words(text)
    assert "{{ 8 * 8 }} string 16 1 {{ 9 * 9 }} 16" in words(text)
    assert not {"49", "64", "81"} & set(words(text).replace("sha256:", " ").split())


def test_table_has_a_line_per_folder_total_and_value(project):
    lines = [line.split("\t") for line in project.product("hostile", "report.tsv").read_text().splitlines()]
    assert {len(line) for line in lines} == {4}
    assert sorted(line[1] for line in lines if line[0] == "folder") == sorted(f"{name_text(n)}/" for n in HOSTILE)
    size_bytes = str(2 * sum(map(len, HOSTILE)))
    assert lines[1] == ["total", "all files", "16", size_bytes]
    assert ["value of {{ 8 * 8 }}", "{{ 9 * 9 }}", "16", size_bytes] in lines
    study = [line.split("\t") for line in project.product("study", "report.tsv").read_text().splitlines()]
    assert study[2:5] == [
        ["total", "duplicate files", "44", "73160"],
        ["total", "empty files", "1", "0"],
        ["total", "symlinks", "1", "0"],
    ]


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", ["study", "hostile"])
def test_page_fits_the_width_of_the_window(project, browser, tmp_path, name, width):
    page = project.product(name, "report.html")
    # Chromium makes no window narrower than 500 pixels; a frame can be narrower.
    frame = tmp_path / "frame.html"
    measure = 'onload="document.title = frame.contentDocument.documentElement.scrollWidth"'
    frame.write_text(
        f'<iframe id="frame" style="width: {width}px; border: 0" {measure} src="{page.as_uri()}"></iframe>'
    )
    dom = browser.visit(frame, "--allow-file-access-from-files", "--virtual-time-budget=1000").dom
    assert f"{width}" in dom.text.split()


def test_page_has_a_dark_theme(project, browser, tmp_path):
    page = project.product("study", "report.html")
    light, dark = (browser.picture(page, tmp_path / f"{len(flags)}.png", 600, 400, *flags) for flags in ((), (DARK,)))
    assert corner(light) == (246, 247, 249)
    assert corner(dark) == (18, 22, 28)


def clicked(browser, report, page, act):
    """Returns Snakemake's report after the JavaScript `act`, in which `path` is the path of the study's page."""
    path = "Object.keys(results).find(path => path.endsWith('/study/report.html'))"
    page.write_text(f"{report.read_text()}<script>setTimeout(() => {{ const path = {path}; {act} }}, 500)</script>")
    return browser.visit(page, "--virtual-time-budget=5000")


def test_report_of_snakemake_contains_the_page_with_its_caption(project, browser, tmp_path):
    project.build("--report", "report.html")
    report, page = project.folder / "report.html", tmp_path / "report.html"
    datasets = clicked(browser, report, page, "app.showCategory('Datasets')")
    assert "Datasets has a page for each dataset" in words(datasets.dom.text)
    assert {"hostile", "study"} <= set(datasets.dom.text.split())
    about = words(clicked(browser, report, page, "app.showResultInfo(path)").dom.text)
    assert "Summary of the dataset study: its files, its images, and the commands that use the images." in about
    assert "report_dataset" in about
    shown = clicked(browser, report, page, "app.setView({content: 'html', contentPath: results[path].data_uri})")
    (frame,) = (attributes for tag, attributes in shown.dom.elements if tag == "iframe")
    content = base64.b64decode(frame["src"].partition("base64,")[2])
    assert content == project.product("study", "report.html").read_bytes()
    assert [one for one in shown.requests if not one.startswith("data:")] == []


def test_picture_in_the_documents_is_small(project, browser, pytestconfig):
    picture = ROOT / "docs/report.png"
    if pytestconfig.getoption("--golden"):
        browser.picture(project.product("study", "report.html"), picture, 1000, 720)
    assert corner(picture.read_bytes()) == (246, 247, 249)
    assert picture.stat().st_size < 100_000
