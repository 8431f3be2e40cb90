"""Mistakes in a configuration, found with its schema, each as one line: the key, the error, and how to correct it."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from datacontainer.config.typed import Typed
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.suggestions import did_you_mean

# Linux allows 255 bytes in a name and 4095 in a path.
MAX_NAME, MAX_PATH = 255, 4095
CHECKER = FormatChecker(formats=())
MAX_LINE = 1000


def check_schema(config: Mapping[str, Any], schema: Mapping[str, Any], typed: Typed) -> None:
    """Raises UsageError if `config` does not match its schema, for the mistake nearest to the top level."""
    errors = Validator(schema, format_checker=CHECKER).iter_errors(config)
    first = min(errors, key=lambda error: (len(error.absolute_path), error.json_path, error.message), default=None)
    if first is not None:
        line = f"configuration: {_explain(_innermost(first), config, schema, typed)}"
        raise UsageError(line if len(line) <= MAX_LINE else f"{line[: MAX_LINE // 2]}...{line[-MAX_LINE // 2 :]}")


@CHECKER.checks("path")
def _is_path(given: Any) -> bool:
    """Whether a text can be a path. Names that are not UTF-8 contain surrogates, as in Python's own paths."""
    try:
        path = os.fsencode(given) if isinstance(given, str) else b""
    except UnicodeEncodeError:
        return False
    return b"\0" not in path and len(path) <= MAX_PATH and all(len(name) <= MAX_NAME for name in path.split(b"/"))


def _matches(_: Any, pattern: str, given: Any, __: Any) -> Iterator[ValidationError]:
    """The keyword `pattern`. In JSON Schema, unlike in Python, `$` does not match before a line break at the end."""
    if isinstance(given, str) and not re.search(pattern.replace("$", r"\Z"), given):
        yield ValidationError(f"does not match {pattern!r}")


# Python's jsonschema takes 4096.0 for an integer.
Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _matches},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, given: type(given) is int),
)


def _innermost(error: ValidationError) -> ValidationError:
    """The error in the alternative of `oneOf` that the user meant: keys if a mapping was given, else a text."""
    if error.validator == "oneOf" and isinstance(error.instance, dict):
        return next(cause for cause in error.context or () if cause.schema_path[0] == 1)
    if error.parent is None and error.validator == "oneOf":
        return next(iter(error.context or (error,)))
    return error


def _explain(error: Any, config: Mapping[str, Any], schema: Mapping[str, Any], typed: Typed) -> str:
    path = list(error.absolute_path)
    where = ".".join(map(str, path)) or "the top level"
    given, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            return _unknown_key(error, config, schema, typed)
        case "required":
            return f"{where} has no key {next(key for key in rule if key not in given)!r}: add it"
        case "type":
            return _wrong_type(error, where, typed)
        case "enum":
            shown = given if isinstance(given, str) else typed.text(path, given) or str(given)
            return f"{where}: {shown!r} is not valid{_nearest(shown, rule)}{error.schema.get('$comment', '')}"
        case "anyOf":
            return f"{where}: unknown label {given!r}{_nearest(given, rule[0]['enum'])}, or write a name with a dot"
        case "not":
            return f"{where}: {given!r} is a folder for files of containers themselves: choose another, such as /data"
        case "pattern":
            return f"{where}: {given!r} is not {error.schema['$comment']}"
        case "format":
            return f"{where}: {given!r} is not a path of at most {MAX_PATH} bytes, {MAX_NAME} in a name, without NUL"
        case "maxLength":
            return f"{where} has {len(given)} characters, more than {rule}: shorten it"
        case "minLength" | "minItems":
            return f"{where} is empty: write a value"
        case "uniqueItems":
            return f"{where} has a value twice: remove one of them"
        case "maxProperties":
            return f"{where} has {len(given)} entries, more than {rule}: write several configuration files"
    return f"{where}: {error.message}"


def _unknown_key(error: Any, config: Mapping[str, Any], schema: Mapping[str, Any], typed: Typed) -> str:
    where = ".".join(map(str, error.absolute_path)) or "the top level"
    valid = sorted(error.schema["properties"])
    unknown = min(str(key) for key in error.instance if key not in valid)
    if error.absolute_path or unknown not in schema["$defs"]["dataset"]["properties"]:
        return f"unknown key {unknown!r}{_nearest(unknown, valid)}, in {where}"
    word = typed.word([unknown])
    if word is None:
        return f"unknown key {unknown!r}, in {where}: it is a key of a dataset: write it under `datasets.NAME`"
    folder = config["dataset"] if isinstance(config.get("dataset"), str) else "FOLDER"
    value = word if yaml.safe_load(word) == word else json.dumps(word)
    return f"{unknown!r} is a key of a dataset: write --config dataset='{{path: {folder}, {unknown}: {value}}}'"


def _nearest(given: str, valid: Iterable[Any]) -> str:
    names = [str(name) for name in valid]
    return f"{did_you_mean(given, names)} (valid: {', '.join(names)})"


def _wrong_type(error: Any, where: str, typed: Typed) -> str:
    given, path = error.instance, list(error.absolute_path)
    of_key = "propertyNames" in error.absolute_schema_path
    expected = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
    words = {"string": "text", "array": "a list", "object": "a mapping of keys", "integer": "an integer"}
    wrong = f"is not {' or '.join(words.get(name, name) for name in expected)}"
    word = typed.word(path)
    if given is None and not of_key and not typed.text(path, given):
        return f"{where} has no value: write --config {where}=FOLDER" if word == "" else f"{where} has no value"
    if word and "string" in expected:
        return f"{where}: Snakemake reads --config {where}={word} as {_reading(given)}: write --config {where}=./{word}"
    if isinstance(given, str) and expected == ["integer"]:
        hint = "Snakemake passes numbers in --config '{…}' as text: set the key in a configuration file"
        return f"{where}: {given!r} {wrong}: {hint if typed.word(path[:1]) else 'write it without quotes'}"
    if isinstance(given, str) and expected == ["array"]:
        return f"{where}: {given!r} {wrong}: write it in brackets: [{json.dumps(given, ensure_ascii=False)}]"
    if "string" not in expected or isinstance(given, (list, dict)):
        return f"{where}: {given!r} {wrong}"
    text = typed.text([*path, given] if of_key else path, given, of_key=of_key)
    where += ": the key" if of_key else ":"
    if text is None:
        return f"{where} {given!r} {wrong}: write it in quotes, as you typed it"
    quoted = json.dumps(text, ensure_ascii=False)
    line = f"{quoted}:" if of_key else f"- {quoted}" if isinstance(path[-1], int) else f"{path[-1]}: {quoted}"
    return f"{where} {text} {wrong}, as YAML reads {_reading(given)}: write it in quotes, as you typed it: {line}"


def _reading(given: Any) -> str:
    """The value that YAML or Snakemake read from a text, as messages describe it."""
    if given is None:
        return "no value"
    if isinstance(given, bool):
        return f"the truth value {str(given).lower()}"
    if isinstance(given, bytes):
        return "binary data"
    return f"the number {given}" if isinstance(given, (int, float)) else f"the date {given}"
