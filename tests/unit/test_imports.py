"""The libraries that each stage loads: a job is often shorter than the import of one."""

import subprocess
import sys

import pytest

from datacontainer.stages import STAGES
from tools.workflow import ROOT

LIBRARIES = {"numpy", "pyarrow", "pandas", "jinja2", "jsonschema", "yaml", "pathspec", "snakemake", "urllib3"}
TABLES = {"numpy", "pyarrow"}
RUNTIME = [f"runtime.{path.stem}" for path in sorted((ROOT / "scripts/datacontainer/runtime").glob("*.py"))]
COMMAND = "command.main"
# pathspec comes with the first pattern, pandas with a user's function that has it, pyarrow with zstd and functions.
STAGES_LOAD = {
    "compile_packer": set(),
    "scan": {"numpy"},
    "hash": set(),
    "aggregate": TABLES,
    "rescan": set(),
    "render": TABLES,
    "compile": set(),
    "base": set(),
    "assemble": {"jinja2"},
    "assemble_archive": set(),
    "attest": set(),
    "convert": set(),
    "convert_oci": set(),
    "push": {"urllib3"},
    "verify": TABLES,
    "report": TABLES | {"jinja2"},
}
CASES = [([COMMAND, f"stages.{stage}"], libraries) for stage, libraries in STAGES_LOAD.items()]
CASES += [(RUNTIME, set()), (["config.dataset", "config.formats", "terminal.nextsteps", "config.results"], set())]


def test_every_stage_is_in_the_table():
    assert set(STAGES_LOAD) == set(STAGES)


@pytest.mark.slow
@pytest.mark.parametrize(("modules", "expected"), CASES)
def test_import_loads_no_library_that_the_stage_does_not_use(modules, expected):
    imports = "".join(f"import datacontainer.{module}\n" for module in modules)
    program = f"import sys\n{imports}print(*sys.modules)"
    command = [sys.executable, "-c", program]
    environment = {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
    loaded = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert LIBRARIES.intersection(loaded) == expected


ENDED = """
import gc
from datacontainer.command.main import main
try:
    main(["--version"])
finally:
    print(len(gc.get_objects()))
"""


def test_command_that_ended_leaves_few_objects_to_the_search_for_garbage():
    environment = {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", ENDED], env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 100, done.stdout


def test_storage_plugin_imports_no_version_of_datacontainer_at_the_start_of_snakemake():
    code = "import sys, snakemake_storage_plugin_oci; print('datacontainer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
