"""Mistakes in a configuration, found with its schema, each as one line: the key, the error, and how to correct it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from datacontainer.config.typed import Typed
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.suggestions import did_you_mean


def check_schema(config: Mapping[str, Any], schema: Mapping[str, Any], typed: Typed) -> None:
    """Raises UsageError if `config` does not match its schema, for the mistake nearest to the top level."""
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: (len(e.absolute_path), str(e)))
    if errors:
        raise UsageError(f"configuration: {_explain(_innermost(errors[0]), config, schema, typed)}")


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
            return f"{where} has no key 'path': add it"
        case "type":
            return _wrong_type(error, where, typed)
        case "enum":
            shown = given if isinstance(given, str) else typed.text(path, given) or str(given)
            return f"{where}: {shown!r} is not valid{_nearest(shown, rule)}"
        case "anyOf":
            return f"{where}: unknown label {given!r}{_nearest(given, rule[0]['enum'])}, or write a name with a dot"
        case "not":
            return f"{where}: {given!r} is a folder that the image needs for itself: choose another, such as /data"
        case "pattern":
            return f"{where}: {given!r} is not {error.schema['$comment']}"
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
    return f"the number {given}" if isinstance(given, (int, float)) else f"the date {given}"
