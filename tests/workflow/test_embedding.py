"""The workflow embedded in other pipelines: each example, run from a copy outside of the repository."""

import hashlib
import os
import re
import subprocess

import pyarrow.parquet as pq
import pytest

from tools.embedding import TAG
from tools.workflow import NOTHING, ROOT, fails, started

STAGES = {"scan", "hash", "aggregate", "render", "compile", "assemble", "convert"}


def blocks(document: str) -> list[str]:
    """The blocks of Snakemake code in a document."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    return [block for block in found if "module datacontainer" in block]


def entries(lab) -> set[str]:
    """The entries of the lab's folder, without Snakemake's own files."""
    return {path.name for path in lab.folder.iterdir()} - {".snakemake", "Snakefile"}


def listing(lab, results: str = "packed") -> list[str]:
    """The paths that the entrypoint of the dataset lists."""
    entrypoint = lab.folder / results / "measured/bin/linux-amd64/entrypoint"
    return subprocess.run([entrypoint, "-ls"], capture_output=True, text=True, check=True).stdout.splitlines()


def test_embedding_upstream_change_reaches_the_rule_that_uses_the_image(lab):
    one, image = lab("one"), "packed/measured/measured.sif"
    # A warning of Snakemake about rules that it does not know by their new names.
    assert "not present in the Snakefile" not in one.build()
    assert listing(one) == ["/data/a.txt", "/data/b.txt"]
    assert NOTHING in one.build()
    before = (one.folder / image).read_bytes()
    (one.folder / image).unlink()
    one.build()
    assert (one.folder / image).read_bytes() == before
    assert NOTHING in one.build()
    one.edit("seq 5 >", "echo 1 > {output}/c.txt; seq 5 >")
    text = one.build()
    assert STAGES - {"compile"} <= started(text)
    assert "rule checksum:" in text
    assert listing(one) == ["/data/a.txt", "/data/b.txt", "/data/c.txt"]
    digest = hashlib.sha256((one.folder / image).read_bytes()).hexdigest()
    assert (one.folder / "checksum.txt").read_text().split()[0] == digest
    assert NOTHING in one.build()
    os.utime(one.folder / "measured/a.txt", (1, 1))
    text = one.build()
    assert "hash" in started(text)
    assert "rule checksum:" not in text
    assert NOTHING in one.build()


def test_two_embeddings_have_separate_configurations(lab):
    two = lab("two")
    two.build()
    tables, images = two.folder / "tables", two.folder / "images"
    columns = {name: pq.read_schema(tables / name / "catalog.parquet").names for name in ("monday", "friday")}
    assert "md5" in columns["monday"]
    assert "md5" not in columns["friday"]
    assert not (tables / "monday/oci").exists()
    assert (images / "monday/monday.sif").is_file()
    assert not (images / "friday").exists()
    assert NOTHING in two.build()
    (two.folder / "measured/friday/b.txt").write_text("more")
    text = two.build()
    assert started(text) == {"scan", "hash", "aggregate"}
    assert [(two.folder / f"rows/{name}.txt").read_text() for name in ("monday", "friday")] == ["1\n", "2\n"]
    assert NOTHING in two.build()


@pytest.mark.parametrize(
    ("name", "results", "logs", "top"),
    [
        ("prefix", "archive/results", "archive/results/logs", {"archive", "measured"}),
        ("pathvars", "archive/images", "logs/packing", {"archive", "logs", "measured"}),
    ],
)
def test_moved_results_are_all_in_the_configured_folders(lab, name, results, logs, top):
    moved = lab(name)
    moved.build()
    assert entries(moved) == top
    assert listing(moved, results) == ["/data/a.txt"]
    assert (moved.folder / results / "measured/measured.sif").is_file()
    assert (moved.folder / logs / "measured/scan.log").is_file()
    assert NOTHING in moved.build()
    (moved.folder / "measured/b.txt").write_text("more")
    moved.build()
    assert listing(moved, results) == ["/data/a.txt", "/data/b.txt"]
    assert NOTHING in moved.build()


def test_github_release_fetches_all_needed_files(lab, released):
    github = lab("github", **released)
    github.build()
    assert (github.folder / "packed/measured/measured.sif").is_file()
    assert NOTHING in github.build()
    assert "Report created" in github.build("--report", "report.html")
    report = (github.folder / "report.html").read_text()
    assert "Summary of the dataset measured" in report
    assert "has a page for each dataset" in report
    # This command reads the environments of the rules, and then fails if conda is missing.
    environments = github.snakemake("--containerize").text
    assert f"/{TAG}/workflow/envs/datacontainer.yaml" in environments
    assert "conda_env_hash=" in environments


def test_lines_of_the_tutorial_pack_a_folder(lab, released):
    three = lab("github", **released)
    block = blocks("docs/tutorials/embed.md")[1]
    (three.folder / "Snakefile").write_text(block)
    (three.folder / "results/run1").mkdir(parents=True)
    three.build("packed/run1/catalog.parquet")
    assert (three.folder / "packed/run1/catalog.parquet").is_file()


def test_embedding_example_in_the_documentation_equals_the_example_file():
    example = (ROOT / "examples/embedding/one/Snakefile").read_text()
    for part in blocks("docs/tutorials/embed.md")[0].split("\n\n\n"):
        assert part.strip() in example


def test_unknown_dataset_is_named_in_the_last_line(lab):
    one = lab("one")
    one.edit('product("measured", ', 'product("mesured", ')
    assert fails(one).splitlines()[-1] == "error: no dataset 'mesured' in this configuration: it has measured"


MODULE = f"""
module datacontainer:
    snakefile:
        "{ROOT}/workflow/Snakefile"
    config:
        CONFIG
"""


def write(lab, config: str, use: str, before: str = "") -> None:
    """Writes a Snakefile that embeds the workflow with a configuration."""
    text = f"rule all:\n    input:\n        lambda wildcards: rules.dc_all.input,\n{before}"
    (lab.folder / "Snakefile").write_text(text + MODULE.replace("CONFIG", config) + use)


@pytest.fixture
def empty(lab):
    """A lab with a small dataset, for tests that write their own Snakefile."""
    one = lab("one")
    (one.folder / "data").mkdir()
    (one.folder / "data/a.txt").write_text("a")
    return one


USE = "\n\nuse rule * from datacontainer as dc_*\n"
SIF = '{"outdir": "packed", "datasets": {"x": {"path": "data", "formats": ["sif"]}}}'


def test_rules_changed_individually_with_a_prefix_build_the_same_products(empty):
    changed = "".join(
        f"\n\nuse rule {name} from datacontainer as dc_{name} with:\n    threads: 1\n"
        for name in ("scan", "hash", "aggregate", "render", "compile", "assemble", "convert")
    )
    write(empty, SIF + "\n    prefix:\n        'moved'", USE + changed)
    empty.build()
    assert (empty.folder / "moved/packed/x/x.sif").is_file()
    assert not (empty.folder / "packed").exists()
    assert NOTHING in empty.build()
    (empty.folder / "data/b.txt").write_text("b")
    assert started(empty.build()) >= STAGES
    assert NOTHING in empty.build()


def test_excluded_and_changed_rules_without_new_names_do_not_affect_other_rules(empty):
    changed = "\n\nuse rule hash from datacontainer with:\n    threads: 1\n"
    write(empty, SIF, f"\n\nuse rule * from datacontainer exclude report_dataset, report, all\n{changed}")
    empty.edit("rules.dc_all.input", "rules.sif.input")
    empty.build()
    assert (empty.folder / "packed/x/x.sif").is_file()
    assert not (empty.folder / "packed/x/report.html").exists()
    assert NOTHING in empty.build()


def test_replace_prefix_is_refused_in_one_line(empty):
    write(empty, SIF + "\n    replace_prefix:\n        {'packed': 'moved'}", USE)
    error = "error: replace_prefix does not change every path of this workflow: use `prefix`, or `pathvars"
    assert fails(empty).splitlines()[-1].startswith(error)


def second(name: str, config: str) -> str:
    """The lines that use the rules of a first embedding, and a second embedding."""
    more = MODULE.replace("module datacontainer", f"module {name}").replace("CONFIG", config)
    return f"\n\nuse rule * from datacontainer as dc_*\n\n{more}\n\nuse rule * from {name} as {name}_*\n"


def test_two_embeddings_with_one_outdir_share_the_packer(empty):
    other = SIF.replace('"x"', '"y"').replace('["sif"]', '["docker"]')
    write(empty, SIF, second("other", other))
    empty.edit("rules.dc_all.input", "rules.dc_all.input + rules.other_all.input")
    empty.build()
    assert (empty.folder / "packed/x/x.sif").is_file()
    assert (empty.folder / "packed/y/y.docker.tar").is_file()
    assert NOTHING in empty.build()


def test_two_embeddings_with_the_same_dataset_and_outdir_are_refused_in_one_line(empty):
    write(empty, SIF, second("other", SIF))
    line = fails(empty).splitlines()[-1]
    hint = "give one of them another outdir, prefix or dataset name"
    assert line == f"error: two embeddings write 'packed/x/catalog.parquet': {hint}"


WRITERS = """

rule align:
    output:
        "data/aligned.txt",
    shell:
        "sleep 1; echo aligned > {output}"


rule call:
    input:
        "data/aligned.txt",
    output:
        "data/called/{sample}.txt",
    shell:
        "sleep 1; echo called > {output}"


rule done:
    input:
        expand("data/called/{sample}.txt", sample=["one", "two"]),
    output:
        touch("done"),

"""


def test_rules_that_write_into_the_dataset_without_after_are_refused(empty):
    write(empty, SIF, USE, WRITERS)
    line = fails(empty).splitlines()[-1]
    assert "rules write below 'data', and dataset 'x' does not wait for them: align, call; add " in line
    assert not (empty.folder / "packed/x/catalog.parquet").exists()


@pytest.mark.parametrize("after", ['["done"]', '["data/called/one.txt", "data/called/two.txt"]'])
def test_dataset_with_after_waits_for_the_rules_and_files(empty, after):
    write(empty, SIF.replace('"path"', f'"after": {after}, "path"'), USE, WRITERS)
    empty.build()
    expected = ["/data/a.txt", "/data/aligned.txt", "/data/called/one.txt", "/data/called/two.txt"]
    entrypoint = empty.folder / "packed/x/bin/linux-amd64/entrypoint"
    assert subprocess.run([entrypoint, "-ls"], capture_output=True, text=True, check=True).stdout.split() == expected
    assert NOTHING in empty.build()


def test_deleted_file_in_after_is_created_again_first(empty):
    write(empty, SIF.replace('"path"', '"after": ["data/called/one.txt"], "path"'), USE, WRITERS)
    empty.build()
    (empty.folder / "data/called/one.txt").unlink()
    assert {"scan", "hash"} <= started(empty.build())
    entrypoint = empty.folder / "packed/x/bin/linux-amd64/entrypoint"
    printed = subprocess.run([entrypoint, "-ls"], capture_output=True, text=True, check=True).stdout.split()
    assert printed == ["/data/a.txt", "/data/aligned.txt", "/data/called/one.txt"]
    assert NOTHING in empty.build()


def test_rule_with_wildcards_in_after_is_refused(empty):
    write(empty, SIF.replace('"path"', '"after": ["call"], "path"'), USE, WRITERS)
    assert "datasets.x.after: 'call' has wildcards: list the files that it writes" in fails(empty)
