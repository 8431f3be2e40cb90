"""The values of `about`: each checked and in one form, wherever it was read."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import UsageError

# Longer texts are cut: every document about the dataset contains them.
MAX_CHARACTERS = 10_000
# C0 and C1 controls except tab and line break, and halves of surrogate pairs.
REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/[^\s\"<>\\^`{|}]+)", re.IGNORECASE)
ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
NAME = re.compile(r"([a-z0-9]+(?:[._-][a-z0-9]+)*)")
VERSION = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,127})")
DIGEST = re.compile(r"(sha256:[0-9a-f]{64})")
URL = re.compile(r"(https?://[^\s\"<>\\^`{|}]+)")
# BIDS 1.10, appendix "Licenses", has its own names for these.
BIDS_LICENSES = {"CC0": "CC0-1.0", "PDDL": "PDDL-1.0"}


class WrongValueError(ValueError):
    """A value that has a different form than its key requires; the text describes the value."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError(f"{str(value)[:40]!r} is not text")
    clean = REFUSED.sub("", value).strip()
    return clean if len(clean) <= MAX_CHARACTERS else clean[: MAX_CHARACTERS - 1] + "…"


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _texts(value: Any) -> list[str]:
    return [one for one in dict.fromkeys(map(_text, _list(value))) if one]


def _people(value: Any) -> list[dict[str, str]]:
    people = []
    for one in _list(value):
        given = one if isinstance(one, Mapping) else {"name": one}
        person = {key: _text(given[key]) for key in ("name", "affiliation", "email") if given.get(key)}
        if given.get("orcid"):
            person["orcid"] = _matching(ORCID, "an ORCID")(given["orcid"])
        if person.get("name"):
            people.append(person)
    return people


def _day(value: Any) -> str:
    # YAML reads 2020-01-31 as a date, and 2020 as a number.
    written = (str(value) if isinstance(value, date | int) else _text(value)).partition("T")[0]
    try:
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", written):
            raise ValueError
        date.fromisoformat(written + "0000-01-01"[len(written) :])
    except ValueError as error:
        raise WrongValueError(f"{written[:40]!r} is not a date such as 2020-01-31") from error
    return written


def _matching(pattern: re.Pattern[str], kind: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        found = pattern.fullmatch(_text(value))
        if not found:
            raise WrongValueError(f"{_text(value)[:40]!r} is not {kind}")
        return found[1]

    return check


# The keys of an entry of `made_from`, in the order in which entries are sorted.
MADE_FROM: Mapping[str, Callable[[Any], str]] = {
    "name": _matching(NAME, "the name of a dataset"),
    "version": _matching(VERSION, "a version"),
    "dataset_digest": _matching(DIGEST, "a digest"),
    "command": _matching(VERSION, "the name of a command"),
    "run": _matching(VERSION, "the name of a run"),
    "reference": _text,
    "image": _matching(DIGEST, "a digest"),
}


def complete_entry(values: Mapping[str, Any]) -> dict[str, str]:
    """The entry of `made_from` with these values of MADE_FROM, in its order.

    Raises:
        WrongValueError: if a value has another form.
    """
    return {key: check(values[key]) for key, check in MADE_FROM.items() if key in values}


def image_entry(text: str) -> dict[str, str]:
    """The entry of `made_from` for an image, written as HOST/REPOSITORY@DIGEST.

    Raises:
        WrongValueError: if the text is no reference with a digest.
    """
    try:
        reference = Reference.parse(text)
    except UsageError as error:
        raise WrongValueError(str(error)) from error
    if not reference.digest:
        raise WrongValueError(f"{text!r} has no digest: write {reference.name}@sha256:…")
    return {"reference": reference.name, "image": reference.digest}


# The keys of `about`, and the function that returns a value in its form, or raises WrongValueError: texts without
# control characters; people as {name, affiliation, email, orcid} with the ORCID's digits; a date as YYYY[-MM[-DD]].
KEYS: Mapping[str, Callable[[Any], Any]] = {
    "title": _text,
    "description": _text,
    "authors": _people,
    "license": lambda value: BIDS_LICENSES.get(_text(value), _text(value)),
    "keywords": _texts,
    "doi": _matching(DOI, "a DOI"),
    "funding": _texts,
    "url": _matching(URL, "a URL"),
    "source": _matching(URL, "a URL"),
    "published": _day,
    "publisher": _text,
    "language": _text,
    "made_from": lambda value: [image_entry(one) for one in value],
}
