"""The BIDS validator, bids-validator-deno: a program that reads the whole dataset."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from typing import Any

PACKAGE = "bids-validator-deno"
COMMAND = (sys.executable, "-c", "import bids_validator_deno; bids_validator_deno.cli()", "--format", "json")
MOST_SECONDS, SHOWN_CODES = 3600, 5


def verdict(folder: str) -> tuple[dict[str, Any], list[str]]:
    """The versions of validator and schema and the number of errors and warnings by code; and warnings for the log.

    If the validator cannot run, the verdict has the key `error` instead.
    """
    result: dict[str, Any] = {"version": importlib.metadata.version(PACKAGE)}
    try:
        found = _run(folder)
        issues = Counter((one["severity"], one["code"]) for one in found["issues"]["issues"])
        result["schema"] = found["summary"]["schemaVersion"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        late = isinstance(error, subprocess.TimeoutExpired)
        problem = f"it did not finish within {MOST_SECONDS} s" if late else "it ended without a verdict"
        warning = f"the BIDS validator gave no verdict: {problem}; run {PACKAGE} on the dataset"
        return result | {"error": problem}, [warning]
    for kind in ("error", "warning"):
        result[f"{kind}s"] = {code: issues[severity, code] for severity, code in sorted(issues) if severity == kind}
    errors = Counter(result["errors"])
    shown = ", ".join(f"{code} {number:,}" for code, number in errors.most_common(SHOWN_CODES))
    warning = f"the BIDS validator found {errors.total():,} errors ({shown}): run {PACKAGE} on the dataset"
    return result, [warning] if errors else []


def _run(folder: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        # Deno writes a cache; it needs neither a network nor the user's folder.
        environment = os.environ | {"HOME": home, "DENO_DIR": home, "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
        command = [*COMMAND, folder]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, env=environment, timeout=MOST_SECONDS, check=False, cwd=home
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
