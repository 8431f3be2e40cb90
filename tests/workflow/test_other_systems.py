"""The example tools for CWL and Nextflow: the same products as those of Snakemake."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from pygments.lexers import GroovyLexer
from pygments.token import Error, Punctuation

from tools.engines import require_library
from tools.workflow import ROOT, Project, run

CWL, NEXTFLOW = ROOT / "examples/cluster/pack.cwl", ROOT / "examples/cluster/pack.nf"
VALUES = {"${folder}": "fruit", "${task.cpus}": "2", "${task.ext.args ?: ''}": "--target catalog"}
PAIRS = {")": "(", "]": "[", "}": "{"}


@pytest.fixture
def environment() -> dict[str, str]:
    """Variables with which a shell finds the command of this repository."""
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "scripts")}


def assert_same(file: Path, product: str, fruit: Project) -> None:
    assert file.read_bytes() == fruit.product("fruit", product).read_bytes(), product


def test_cwl_tool_gives_the_products_of_snakemake(fruit: Project, environment, tmp_path):
    require_library("cwltool")
    shutil.copytree(ROOT / "examples/fruit", tmp_path / "fruit")
    words = [sys.executable, "-m", "cwltool", "--quiet", "--no-container", "--preserve-environment=PYTHONPATH"]
    # Without it, Go compiles its library again in the home folder that cwltool creates.
    words += ["--preserve-environment=XDG_CACHE_HOME"]
    environment |= {"XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")}
    words += [f"--outdir={tmp_path / 'out'}", CWL, "--folder", tmp_path / "fruit", "--set", "formats=[docker]"]
    done = run(words, tmp_path, environment)
    assert done.status == 0, done.text
    found = json.loads(done.text[done.text.index("\n{\n") :])
    assert (Path(found["catalog"]["path"]).name, found["sif"]) == ("catalog.parquet", None)
    assert_same(tmp_path / "out/catalog.parquet", "catalog.parquet", fruit)
    assert_same(Path(found["archive"]["path"]), "fruit.docker.tar", fruit)


def test_nextflow_process_is_well_formed():
    opened = []
    for kind, text in GroovyLexer().get_tokens(NEXTFLOW.read_text()):
        assert kind is not Error, text
        for one in text if kind in Punctuation else "":
            if one in PAIRS.values():
                opened.append(one)
            elif one in PAIRS:
                assert opened.pop() == PAIRS[one]
    assert opened == []


def test_nextflow_script_writes_the_files_of_the_output_block(fruit: Project, environment, tmp_path):
    text = NEXTFLOW.read_text()
    (script,) = re.findall(r'"""(.*?)"""', text, re.DOTALL)
    # Nextflow places each input as a symlink into the folder of the task.
    (tmp_path / "fruit").symlink_to(ROOT / "examples/fruit")
    for name, value in VALUES.items():
        script = script.replace(name, value)
    assert "$" not in script
    done = run(["bash", "-ue", "-c", script], tmp_path, environment)
    assert done.status == 0, done.text
    patterns = {name: pattern for pattern, name in re.findall(r'path "([^"]*)", emit: (\w+)', text)}
    found = {name: list(tmp_path.glob(pattern)) for name, pattern in patterns.items()}
    assert (len(found["catalog"]), found["archive"], found["sif"]) == (1, [], [])
    assert_same(found["catalog"][0], "catalog.parquet", fruit)
    for name, product in {"archive": "fruit.docker.tar", "sif": "fruit.sif"}.items():
        assert Path("results/fruit", product).match(patterns[name])
