"""The configuration: checked against its schema, completed with defaults, and frozen."""

import difflib
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pathspec import GitIgnoreSpec

from datacontainer.config.dataset import OCI_LABEL, Dataset
from datacontainer.config.typed import Typed
from datacontainer.runtime.errors import UsageError

# Where Snakemake keeps its own notes, in the working directory.
SNAKEMAKE = ".snakemake"


@dataclass(frozen=True)
class Settings:
    """The whole configuration."""

    outdir: str
    datasets: Mapping[str, Dataset]
    # The one dataset is called after its folder, so another folder may give the same name.
    named_by_folder: bool = False


def read_settings(config: Mapping[str, Any], schema_file: Path, typed: Typed | None = None) -> Settings:
    """The settings in `config`, the parsed configuration. typed: finds the text of a value for an error message.

    Raises:
        UsageError: for an unknown or wrong key, naming it and the nearest valid one.
    """
    schema = yaml.safe_load(schema_file.read_text(encoding="utf-8"))
    _check_names(config.get("datasets"))
    _check(config, schema, typed or Typed())
    keys = schema["$defs"]["dataset"]["properties"]
    rescan = config.get("rescan", schema["properties"]["rescan"]["default"])
    datasets = {name: _dataset(name, {"rescan": rescan, **given}, keys) for name, given in _chosen(config).items()}
    outdir = config.get("outdir", schema["properties"]["outdir"]["default"])
    for dataset in datasets.values():
        _check_outside(dataset, outdir)
    return Settings(outdir, datasets, named_by_folder=config.get("dataset") is not None)


def image_name(folder: str) -> str:
    """A valid image repository name made from the last part of a folder's path: in small letters without accents."""
    base = unicodedata.normalize("NFKD", Path(folder).resolve().name.casefold())
    letters = "".join(letter for letter in base if not unicodedata.combining(letter))
    words = re.sub(r"[^a-z0-9._]+", "-", letters)
    # The name may have one of - . _ between two words.
    name = re.sub(r"[._-]{2,}", lambda run: run[0][0] if len(set(run[0])) == 1 else "-", words).strip("-._")
    if not name:
        raise UsageError(f"no image name can be made from the folder {folder!r}: name it in `datasets` of the config")
    return name


def _chosen(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configured datasets by name; the single `dataset` goes before `datasets`."""
    single = config.get("dataset")
    if single is None:
        chosen: Mapping[str, Any] = config.get("datasets", {})
    else:
        single = {"path": single} if isinstance(single, str) else single
        chosen = {image_name(single["path"]): single}
    if not chosen:
        raise UsageError("the configuration names no dataset: add one under `datasets`, or use --config dataset=FOLDER")
    return chosen


def _check_names(datasets: Any) -> None:
    """Raises UsageError for a name that YAML parses as a number, a date or a truth value."""
    for name in datasets if isinstance(datasets, Mapping) else ():
        if not isinstance(name, str):
            raise UsageError(f"configuration: datasets: the name {name!r} is not text: put it in quotes, '{name}'")


def _dataset(name: str, given: Mapping[str, Any], keys: Mapping[str, Any]) -> Dataset:
    values = {key: given.get(key, about.get("default")) for key, about in keys.items()}
    if values["digests"][0] != "sha256":
        raise UsageError(f"datasets.{name}.digests: sha256 comes first, before {values['digests'][0]!r}")
    values["labels"] = sorted((_label(key), text) for key, text in values["labels"].items())
    # A slash at the end, as a shell completes a name, is no other path.
    values["path"] = os.path.normpath(values["path"])
    return Dataset(name=name, **{key: _frozen(value) for key, value in values.items()})


def _check_outside(dataset: Dataset, outdir: str) -> None:
    """A run that writes into the dataset that it reads would never end in "nothing to be done"."""
    root, exclude = os.path.realpath(dataset.path), GitIgnoreSpec.from_lines(dataset.exclude)
    for written, key in (
        (outdir, "set outdir to a folder outside"),
        (SNAKEMAKE, "run snakemake elsewhere"),
    ):
        inside = os.path.relpath(os.path.realpath(written), root)
        if inside.split(os.sep)[0] != os.pardir and not exclude.match_file(f"{inside}/"):
            raise UsageError(
                f"dataset {dataset.name!r}: its folder {dataset.path!r} holds {written!r}, which the run writes to: "
                f"{key}, or add '/{inside}/' to datasets.{dataset.name}.exclude"
            )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _label(key: str) -> str:
    if "." in key:
        return key
    return OCI_LABEL + ("licenses" if key == "license" else key)


def _check(config: Mapping[str, Any], schema: Mapping[str, Any], typed: Typed) -> None:
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: (len(e.absolute_path), str(e)))
    if errors:
        raise UsageError(f"configuration: {_explain(_innermost(errors[0]), typed)}")


def _innermost(error: ValidationError) -> ValidationError:
    """The branch of a `oneOf` that the user meant: the one for mappings when a mapping was given."""
    if error.validator == "oneOf" and isinstance(error.instance, dict):
        return next(cause for cause in error.context or () if cause.schema_path[0] == 1)
    if error.parent is None and error.validator == "oneOf":
        return next(iter(error.context or (error,)))
    return error


def _explain(error: Any, typed: Typed) -> str:
    """One line about a schema error: the key, what is wrong, what to write."""
    where = _place(error.absolute_path) or "the top level"
    given, rule, schema = error.instance, error.validator_value, error.schema
    match error.validator:
        case "additionalProperties":
            return f"unknown key {_unknown_key(given, schema)}, in {where}"
        case "required":
            return f"{where} lacks the key 'path': add it"
        case "type":
            if "string" in rule and not isinstance(given, (str, list, dict)):
                return f"{where}: {typed.explain(list(error.absolute_path), given)}"
            return f"{where}: {given!r} is not {_types(rule)}"
        case "enum":
            return f"{where}: {given!r} is not valid{_nearest(given, rule)}"
        case "anyOf":
            return f"{where}: unknown label {given!r}{_nearest(given, rule[0]['enum'])}, or write a name with a dot"
        case "not":
            return f"{where}: {given!r} is a folder that the image needs for itself: choose another, such as /data"
        case "pattern":
            return f"{where}: {given!r} is not {schema['$comment']}"
    return f"{where}: {error.message}"


def _unknown_key(given: Mapping[str, Any], schema: Any) -> str:
    valid = sorted(schema["properties"])
    unknown = min(str(key) for key in given if key not in valid)
    return f"{unknown!r}{_nearest(unknown, valid)}"


def _nearest(given: Any, valid: Iterable[Any]) -> str:
    names = [str(name) for name in valid]
    close = difflib.get_close_matches(str(given), names, n=1, cutoff=0.5)
    hint = f": did you mean {close[0]!r}?" if close else ""
    return f"{hint} (valid: {', '.join(names)})"


def _place(path: Iterable[Any]) -> str:
    return ".".join(str(part) for part in path)


def _types(expected: Any) -> str:
    words = {"string": "text", "array": "a list", "object": "a mapping of keys", "null": "null"}
    return " or ".join(words.get(name, name) for name in ([expected] if isinstance(expected, str) else expected))
