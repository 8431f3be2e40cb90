"""Arguments: the flags of `pack FOLDER`, `load NAME`, `push NAME REF`, `get REF`, `ls REF`, and each stage."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datacontainer import __version__
from datacontainer.command.stage import run_given
from datacontainer.stages import STAGES

FORMATTER = argparse.RawDescriptionHelpFormatter


class _Parser(argparse.ArgumentParser):
    """Ends the process with an error if a text cannot be printed; argparse ignores that."""

    def _print_message(self, message: str, file: Any = None) -> None:
        # os._exit: Python's own flush at the end would fail again.
        try:
            if file is None:
                raise OSError(None, "it is closed")
            file.write(message)
            file.flush()
        except BrokenPipeError:
            os._exit(128 + signal.SIGPIPE)
        except OSError as error:
            print(f"error: writing standard output: {error.strerror}", file=sys.stderr)
            os._exit(1)


def parser() -> argparse.ArgumentParser:
    """Returns the parser; its result has a function `run`, which runs the command with that result."""
    whole = _Parser(
        prog="datacontainer",
        description="Packs a folder of data into a container image that lists, exports and verifies its files.",
    )
    whole.add_argument("--version", action="version", version=f"datacontainer {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    _add_pack(commands)
    _add_load(commands)
    _add_push(commands)
    _add_get(commands)
    _add_ls(commands)
    _add_compare(commands)
    for name in STAGES:
        if name not in commands.choices:
            _add_stage(commands, name)
    return whole


def _add_pack(commands: "argparse._SubParsersAction[_Parser]") -> None:
    text = "build every product of one folder with Snakemake"
    pack = commands.add_parser("pack", help=text, description=f"{text.capitalize()}.", formatter_class=FORMATTER)
    pack.add_argument("folder", metavar="FOLDER", help="folder of the dataset, or its URL in storage")
    pack.add_argument("--outdir", metavar="DIR", default="results", help="folder of the results (default: results)")
    pack.add_argument("--cores", metavar="N", type=int, help="number of cores (default: all; with --profile, its own)")
    pack.add_argument(
        "--profile",
        metavar="PROFILE",
        help="run the jobs on a cluster: slurm, lsf, pbs, sge, another profile of Snakemake, or the folder of one",
    )
    pack.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="settings",
        help="set a key of the dataset's configuration, such as --set version=2.0 or --set 'formats=[sif]'; repeatable",
    )
    pack.add_argument(
        "--target",
        metavar="TARGET",
        default="all",
        help="all, catalog, entrypoint, oci, docker, sif, oci-sif, verify, report, push",
    )
    pack.add_argument("--dry-run", action="store_true", help="print what would run, and build nothing")
    pack.set_defaults(run=_pack)


def _add_load(commands: "argparse._SubParsersAction[_Parser]") -> None:
    text = "load the image of a dataset into Docker or podman, without an archive"
    load = commands.add_parser("load", help=text, description=f"{text.capitalize()}.", formatter_class=FORMATTER)
    load.add_argument("dataset", metavar="NAME", help="name of the dataset")
    load.add_argument("--engine", choices=("docker", "podman"), help="default: docker or, without it, podman")
    load.add_argument("--outdir", metavar="DIR", default="results", help="folder of the results (default: results)")
    load.set_defaults(run=_load)


def _add_push(commands: "argparse._SubParsersAction[_Parser]") -> None:
    text = "send the image of a dataset and its attestations to a registry"
    push = commands.add_parser("push", help=text, description=f"{text.capitalize()}.", formatter_class=FORMATTER)
    push.add_argument("dataset", metavar="NAME", help="name of the dataset")
    push.add_argument("reference", metavar="REF", help="HOST[:PORT]/REPOSITORY[:TAG]; TAG is by default latest")
    push.add_argument(
        "--ancestor",
        metavar="REF",
        action="append",
        default=[],
        help="an image that the dataset was made from, whose repository shall list the result; repeatable",
    )
    push.add_argument("--outdir", metavar="DIR", default="results", help="folder of the results (default: results)")
    push.add_argument("--plain-http", action="store_true", help="use HTTP without TLS, in a network that you trust")
    push.set_defaults(run=_push)


def _add_get(commands: "argparse._SubParsersAction[_Parser]") -> None:
    text = "fetch the files of an image, or those that flags of its entrypoint select, to a folder"
    _add_reader(commands, "get", text, "flags that select files, such as -where 'size > 1000' or -get sub-01", _get)
    commands.choices["get"].add_argument("--output", metavar="DIR", default="", help="folder to write to")


def _add_ls(commands: "argparse._SubParsersAction[_Parser]") -> None:
    text = "list the files of an image without fetching them"
    _add_reader(
        commands, "ls", text, "flags of the image's entrypoint, such as -where, -format csv, -count, -tree", _ls
    )


def _add_reader(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    text: str,
    flags: str,
    run: Callable[[argparse.Namespace], int],
) -> None:
    """Adds a command that reads an image."""
    reader = commands.add_parser(name, help=text, description=f"{text.capitalize()}.", formatter_class=FORMATTER)
    source = (
        "HOST[:PORT]/REPOSITORY[:TAG], oci:FOLDER, path of an image layout, an archive or a SIF, or URL of a server"
    )
    reader.add_argument("source", metavar="REF", help=source)
    reader.add_argument("flags", metavar="FLAGS", nargs=argparse.REMAINDER, help=flags)
    reader.add_argument("--plain-http", action="store_true", help="use HTTP without TLS, in a network that you trust")
    reader.add_argument("--token", metavar="TOKEN", default="", help="of a server (default: $DATACONTAINER_TOKEN)")
    reader.set_defaults(run=run)


def _add_compare(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Adds diff, history and find, whose answers have the same formats."""
    container = "HOST[:PORT]/REPOSITORY[:TAG], a folder with an image layout, an archive, a SIF, or the URL of a server"
    texts = {
        "diff": ("compare two data containers without their data; ends with status 1 if they differ", _diff),
        "history": ("list the earlier images of a tag in a registry", _history),
        "find": ("list the data containers of a registry", _find),
    }
    made = {}
    for name, (text, run) in texts.items():
        made[name] = one = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        one.add_argument("--format", choices=("text", "json", "jsonl"), default="text", help="default: text")
        one.add_argument("--plain-http", action="store_true", help="use HTTP without TLS, in a network that you trust")
        one.set_defaults(run=run)
    made["diff"].add_argument("before", metavar="A", help=f"docker:NAME, podman:NAME, a catalog.parquet, {container}")
    made["diff"].add_argument("after", metavar="B", help="as A")
    made["history"].add_argument("reference", metavar="REF", help="HOST[:PORT]/REPOSITORY[:TAG]")
    made["find"].add_argument("registry", metavar="REGISTRY", help="HOST[:PORT] or HOST[:PORT]/REPOSITORY")
    made["find"].add_argument(
        "words", metavar="WORD", nargs="*", help="in name, title, description, keywords or authors"
    )
    made["find"].add_argument("-where", metavar="CONDITION", help="containers with a file for which it is true")
    text = "results of an image (a REF) or of a dataset (sha256:…, its dataset digest)"
    made["find"].add_argument("--results", action="store_true", help="print the results of each container, too")
    made["find"].add_argument("--made-from", metavar="ANCESTOR", default="", help=text)


def _add_stage(commands: "argparse._SubParsersAction[_Parser]", name: str) -> None:
    stage = commands.add_parser(name, help=f"run the stage {name} alone, without Snakemake")
    stage.add_argument("--config", metavar="FILE", type=Path, help="the configuration (default: config/config.yaml)")
    stage.add_argument("--dataset", metavar="NAME", help="a dataset in the configuration (default: the only one)")
    stage.add_argument("--part", metavar="PART", action="append", default=[], help="a batch, or a platform; repeatable")
    stage.add_argument("--threads", metavar="N", type=int, default=2, help="number of cores (default: 2)")
    stage.add_argument("--log", metavar="FILE", help="the log (default: <outdir>/logs/NAME/STAGE.log)")
    stage.set_defaults(run=run_given, stage=name)


def _pack(given: argparse.Namespace) -> int:
    from datacontainer.command.begin import begin

    begin(given.further)
    from datacontainer.command.pack import pack

    return pack(given)


def _push(given: argparse.Namespace) -> int:
    from datacontainer.command.push import push

    return push(given)


def _diff(given: argparse.Namespace) -> int:
    from datacontainer.command.diff import diff

    return diff(given)


def _history(given: argparse.Namespace) -> int:
    from datacontainer.command.history import history

    return history(given)


def _find(given: argparse.Namespace) -> int:
    from datacontainer.command.find import find

    return find(given)


def _load(given: argparse.Namespace) -> int:
    from datacontainer.command.load import load

    return load(given)


def _get(given: argparse.Namespace) -> int:
    from datacontainer.command.get import get

    return get(given)


def _ls(given: argparse.Namespace) -> int:
    from datacontainer.command.ls import ls

    return ls(given)
