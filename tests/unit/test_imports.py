"""The libraries that each stage loads: a job is often shorter than the import of one."""

import subprocess
import sys

import pytest

from tools.workflow import ROOT

LIBRARIES = {"numpy", "pyarrow", "pandas", "jinja2", "jsonschema", "yaml", "pathspec", "snakemake"}
TABLES = {"numpy", "pyarrow"}
RUNTIME = [f"runtime.{path.stem}" for path in sorted((ROOT / "scripts/datacontainer/runtime").glob("*.py"))]
# pathspec comes with the first pattern, pandas with a user's function that has it, pyarrow with layers in zstd's form.
LOADED = {
    "scan.scan": {"numpy"},
    "hash.hash": TABLES,
    "hash.rescan": TABLES,
    "catalog.aggregate": TABLES,
    "entrypoint.render": TABLES | {"jinja2"},
    "entrypoint.compile": set(),
    "image.assemble": set(),
    "image.archive": set(),
    "image.dockerfile": {"jinja2"},
    "image.attest": set(),
    "image.referrers": set(),
    "sif.convert": set(),
    "report.report": TABLES | {"jinja2"},
    "verify.verify": TABLES,
    "config.dataset": set(),
    "config.formats": set(),
    "config.nextsteps": set(),
}


@pytest.mark.parametrize(("modules", "expected"), [*(([one], LOADED[one]) for one in LOADED), (RUNTIME, set())])
def test_import_loads_no_library_that_the_stage_does_not_use(modules, expected):
    imports = "".join(f"import datacontainer.{module}\n" for module in modules)
    program = f"import sys\n{imports}print(*sys.modules)"
    command = [sys.executable, "-c", program]
    environment = {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
    loaded = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert LIBRARIES.intersection(loaded) == expected
