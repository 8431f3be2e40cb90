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
    except subprocess.TimeoutExpired:
        return _failed(result, f"it did not finish within {MOST_SECONDS} s")
    except (OSError, ValueError, KeyError) as error:
        return _failed(result, f"it ended without a verdict ({type(error).__name__})")
    codes: dict[str, Counter[str]] = {"error": Counter(), "warning": Counter()}
    for issue in found["issues"]["issues"]:
        codes.setdefault(issue["severity"], Counter())[issue["code"]] += 1
    result["schema"] = found["summary"]["schemaVersion"]
    result |= {f"{severity}s": dict(sorted(codes[severity].items())) for severity in ("error", "warning")}
    if not codes["error"]:
        return result, []
    shown = ", ".join(f"{code} {number:,}" for code, number in codes["error"].most_common(SHOWN_CODES))
    return result, [
        f"the BIDS validator found {codes['error'].total():,} errors ({shown}): run {PACKAGE} on the dataset"
    ]


def _run(folder: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        # Deno writes a cache; it needs neither a network nor the user's folder.
        environment = os.environ | {"HOME": home, "DENO_DIR": home, "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
        done = subprocess.run(
            [*COMMAND, folder], stdout=subprocess.PIPE, env=environment, timeout=MOST_SECONDS, check=False, cwd=home
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _failed(result: dict[str, Any], problem: str) -> tuple[dict[str, Any], list[str]]:
    return result | {"error": problem}, [f"the BIDS validator gave no verdict: {problem}; run {PACKAGE} on the dataset"]
