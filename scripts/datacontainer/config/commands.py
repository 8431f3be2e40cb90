"""Commands: what a person who has the image can run; each checked beyond its schema, and completed with defaults."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.suggestions import did_you_mean

# A brace that is doubled, a placeholder, or a single brace, which is a mistake.
BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
# The entrypoint writes these files into the folder of a result.
RESERVED = ("run.json", "run.log", "ro-crate-metadata.json")
TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "text": (str,),
}
# The entrypoint, in Go, reads an integer into 64 bits.
MAX_INTEGER = 2**63 - 1

Values = Mapping[str, Any]


def completed_commands(dataset: str, values: Values) -> dict[str, dict[str, Any]]:
    """The commands of a dataset, each with all keys. dataset: its place in messages. values: the dataset's settings.

    Raises:
        UsageError: if the image has no program for a command, or for a mistake that the schema does not find.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, given in values["commands"].items():
        where = f"{dataset}.commands.{name}"
        command = _completed(given)
        _check_program(where, command, values)
        _check_parameters(where, command["parameters"])
        _check_outputs(where, command["outputs"])
        _check_placeholders(where, command)
        found[name] = command
    if found and not values["formats"]:
        raise UsageError(f"{dataset}.commands: there is no image to run them in: add a format, such as oci")
    return found


def program_files(commands: Mapping[str, Values], platform: str) -> dict[str, str]:
    """The path of the program of each command that has one, for a platform."""
    programs = {name: one["program"] for name, one in commands.items() if one["program"]}
    return {name: one if isinstance(one, str) else one[platform] for name, one in programs.items()}


def _completed(given: Values) -> dict[str, Any]:
    empty: dict[str, Any] = {"inputs": {}, "parameters": {}, "outputs": {}, "environment": {}, "rules": {}}
    command: dict[str, Any] = {"program": None, "argv": [], "network": False, **empty, **given}
    for key, defaults in (("inputs", {"required": True}), ("parameters", {}), ("outputs", {})):
        command[key] = {name: {"description": "", **defaults, **one} for name, one in command[key].items()}
    return command


def _check_program(where: str, command: Values, values: Values) -> None:
    program = command["program"]
    if isinstance(program, dict):
        missing = [platform for platform in values["platforms"] if platform not in program]
        if missing:
            raise UsageError(f"{where}.program: there is no file for {missing[0]}, a platform of the image: add it")
    elif isinstance(program, str) and len(values["platforms"]) > 1:
        both = ", ".join(f"{platform}: FILE" for platform in values["platforms"])
        raise UsageError(f"{where}.program: the image has several platforms: write {{{both}}}")
    elif not program and not values.get("base"):
        raise UsageError(f"{where} has no program, and the image has no base with programs: add the key 'program'")
    elif not program and not command["argv"]:
        raise UsageError(f"{where} has no program and no argv: add the words of the command to argv")


def _check_parameters(where: str, parameters: Mapping[str, Values]) -> None:
    for name, one in parameters.items():
        default, kind = one.get("default"), one["type"]
        if default is None:
            continue
        place = f"{where}.parameters.{name}.default"
        if type(default) not in TYPES[kind]:
            raise UsageError(f"{place}: {default!r} is not of the type {kind}: correct the type or the default")
        if kind == "integer" and abs(default) > MAX_INTEGER:
            raise UsageError(f"{place}: {default} does not fit into 64 bits: use the type text")
        if kind == "text" and "\0" in default:
            raise UsageError(f"{place}: {default!r} contains NUL: remove it")


def _check_outputs(where: str, outputs: Mapping[str, Values]) -> None:
    for name, one in outputs.items():
        if one["path"].partition("/")[0] in RESERVED:
            raise UsageError(f"{where}.outputs.{name}.path: {one['path']!r} is a file of the run: choose another name")


def _check_placeholders(where: str, command: Values) -> None:
    known = {"data", "out"}
    known |= {f"{kind}.{name}" for kind, key in (("in", "inputs"), ("out", "outputs")) for name in command[key]}
    known |= {f"param.{name}" for name in command["parameters"]}
    for number, word in enumerate(command["argv"]):
        _check_text(f"{where}.argv.{number}", word, known)
    for name, text in command["environment"].items():
        _check_text(f"{where}.environment.{name}", text, known)


def _check_text(where: str, text: str, known: Collection[str]) -> None:
    for found, name in _placeholders(text):
        if name is None:
            raise UsageError(f"{where}: {text!r} has a single {found!r}: write {found * 2!r} for a brace")
        if name not in known:
            valid = sorted(f"{{{one}}}" for one in known)
            hint = did_you_mean(found, valid)
            raise UsageError(f"{where}: unknown placeholder {found!r}{hint} (valid: {', '.join(valid)})")


def _placeholders(text: str) -> Iterator[tuple[str, str | None]]:
    """The placeholders, each with its name, and the single braces."""
    for found in BRACES.finditer(text):
        if found[0] not in ("{{", "}}"):
            yield found[0], found[1]
