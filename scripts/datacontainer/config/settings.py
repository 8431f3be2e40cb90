"""Settings: the configuration, checked against its schema, completed with defaults, and frozen."""

import os
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pathspec import GitIgnoreSpec

from datacontainer.config.commands import completed_commands
from datacontainer.config.dataset import LABEL_PREFIX, OCI_LABEL, Dataset
from datacontainer.config.formats import SIF
from datacontainer.config.typed import Typed
from datacontainer.runtime.errors import UsageError
from datacontainer.storage.place import is_remote, last_name, normalized

# Snakemake's folder for its own files, in the working directory.
SNAKEMAKE = ".snakemake"


@dataclass(frozen=True)
class Settings:
    """The checked configuration, with defaults."""

    outdir: str
    datasets: Mapping[str, Dataset]
    # The dataset's name was made from the name of its folder, so a different folder can result in the same name.
    named_by_folder: bool


def read_settings(
    config: Mapping[str, Any], schema_file: Path, typed: Typed | None = None, *, checked: bool = False
) -> Settings:
    """Returns the settings in a parsed configuration, `config`.

    typed: the texts that `config` was parsed from; messages quote them. checked: the main process of the run has read
    the same configuration, so a job need not compare it with the schema.

    Raises:
        UsageError: for an unknown key, with the nearest valid key, or for a wrong value, with the key to correct.
    """
    # The loader in C needs 5 ms instead of 40, which every job on a cluster pays twice.
    schema = yaml.load(schema_file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not checked:
        from datacontainer.config.mistakes import check_schema

        check_schema(config, schema, typed or Typed())
    keys = schema["$defs"]["dataset"]["properties"]
    rescan = config.get("rescan", schema["properties"]["rescan"]["default"])
    datasets = {name: _dataset(name, {"rescan": rescan, **given}, keys) for name, given in _chosen(config).items()}
    outdir = config.get("outdir", schema["properties"]["outdir"]["default"])
    for dataset in datasets.values():
        _check_outside(dataset, outdir)
    return Settings(outdir, datasets, named_by_folder=config.get("dataset") is not None)


def image_name(folder: str) -> str:
    """Returns a valid image repository name made from the name of a folder or URL, in lower case, without accents.

    Raises:
        UsageError: if the folder's name has no letter or digit that is valid in an image name.
    """
    last = last_name(folder) if is_remote(folder) else Path(folder).resolve().name
    base = unicodedata.normalize("NFKD", last.casefold())
    letters = "".join(letter for letter in base if not unicodedata.combining(letter))
    words = re.sub(r"[^a-z0-9._]+", "-", letters)
    # A repository name may have only one separator, - . or _, between two words.
    name = re.sub(r"[._-]{2,}", lambda run: run[0][0] if len(set(run[0])) == 1 else "-", words).strip("-._")
    if not name:
        raise UsageError(
            f"no image name can be made from the folder {folder!r}: choose a name, and write it in config/config.yaml: "
            f"datasets: {{NAME: {{path: {folder!r}}}}}"
        )
    return name


def _chosen(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configured datasets by name; the key `dataset` overrides the key `datasets`."""
    single = config.get("dataset")
    if single is None:
        chosen: Mapping[str, Any] = config.get("datasets", {})
    else:
        single = {"path": single} if isinstance(single, str) else single
        chosen = {image_name(single["path"]): single}
    if not chosen:
        raise UsageError("the configuration has no dataset: add one under `datasets`, or use --config dataset=FOLDER")
    return chosen


def _dataset(name: str, given: Mapping[str, Any], keys: Mapping[str, Any]) -> Dataset:
    values = {key: given.get(key, about.get("default")) for key, about in keys.items()}
    if values["digests"][0] != "sha256":
        raise UsageError(f"datasets.{name}.digests: sha256 must be the first digest, before {values['digests'][0]!r}")
    values["labels"] = _labels(name, values["labels"])
    if "sif" in values["formats"] and SIF.hides(values["mount"]):
        raise UsageError(
            f"datasets.{name}.mount: {values['mount']!r} cannot be in a SIF: Apptainer hides it behind a folder of the "
            "machine: write another folder, such as /data, or formats without sif"
        )
    if values["standards"] and not values["formats"]:
        raise UsageError(f"datasets.{name}.standards: its documents describe an image: add a format, such as oci")
    if values["base"] and not values["formats"]:
        raise UsageError(f"datasets.{name}.base: there is no image to build on it: add a format, such as oci")
    if values["push"] and not values["formats"]:
        raise UsageError(f"datasets.{name}.push: there is no image to push: add a format, such as oci")
    values["commands"] = completed_commands(f"datasets.{name}", values)
    # Shells complete a folder's name with a slash at the end, which must not change any result.
    path = values["path"]
    values["path"] = normalized(path) if is_remote(path) else os.path.normpath(path)
    return Dataset(name=name, **{key: _frozen(value) for key, value in values.items()})


def _check_outside(dataset: Dataset, outdir: str) -> None:
    """Raises UsageError if a run would write into the dataset: each run would then find a changed dataset."""
    root, patterns = os.path.realpath(dataset.path), list[Any]()
    for one in (*dataset.left_out, *dataset.exclude):
        # The packer, which follows git, decides about the patterns that pathspec refuses.
        with suppress(ValueError, re.error):
            patterns += GitIgnoreSpec.from_lines([one]).patterns
    exclude = GitIgnoreSpec(patterns)
    for written, key in (
        (outdir, "set outdir to a folder outside"),
        (SNAKEMAKE, "run snakemake in a different folder"),
    ):
        inside = os.path.relpath(os.path.realpath(written), root)
        if inside.split(os.sep)[0] != os.pardir and not exclude.match_file(f"{inside}/"):
            raise UsageError(
                f"dataset {dataset.name!r}: its folder {dataset.path!r} contains {written!r}, which the run writes to: "
                f"{key}, or add '/{inside}/' to datasets.{dataset.name}.exclude"
            )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _labels(dataset: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The labels with their full names, sorted.

    Raises:
        UsageError: for two names of the same label, and for a label that only the workflow sets.
    """
    where, keys = f"datasets.{dataset}.labels", dict[str, str]()
    for key in given:
        name = key if "." in key else OCI_LABEL + ("licenses" if key == "license" else key)
        if name in keys:
            raise UsageError(f"{where}: {keys[name]!r} and {key!r} are the same label: remove one of them")
        if name.startswith(LABEL_PREFIX):
            raise UsageError(f"{where}: {key!r} describes the image, and the workflow sets it: remove it")
        if name == OCI_LABEL + "version":
            raise UsageError(f"{where}: {key!r} is the dataset's version: set datasets.{dataset}.version instead")
        keys[name] = key
    return sorted((name, given[key]) for name, key in keys.items())
