"""Stages: each stage as one function of a task; it finds its inputs and outputs in the results folder."""

import importlib
from collections.abc import Callable

from datacontainer.stages.task import Task

# The stages in the order of a file's journey; each is a module here with a function `run`.
STAGES = (
    "compile_packer",
    "scan",
    "hash",
    "aggregate",
    "rescan",
    "render",
    "compile",
    "base",
    "assemble",
    "assemble_archive",
    "attest",
    "push",
    "convert",
    "convert_oci",
    "verify",
    "report",
)


def stage(name: str) -> Callable[[Task], None]:
    """The function that runs a stage; imports only what this stage uses."""
    run: Callable[[Task], None] = importlib.import_module(f"datacontainer.stages.{name}").run
    return run
