"""The values of `about`: each checked and in one form, wherever it was read."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

# Longer texts are cut: every document about the dataset contains them.
MAX_CHARACTERS = 10_000
# C0 and C1 controls except tab and line break, and halves of surrogate pairs.
REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/[^\s\"<>\\^`{|}]+)", re.IGNORECASE)
ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
URL = re.compile(r"https?://[^\s\"<>\\^`{|}]+")
# BIDS 1.10, appendix "Licenses", has its own names for these.
BIDS_LICENSES = {"CC0": "CC0-1.0", "PDDL": "PDDL-1.0"}


class WrongValueError(ValueError):
    """A value that has a different form than its key requires; the text describes the value."""


def text(value: Any) -> str:
    """The text without control characters and spaces around it, at most MAX_CHARACTERS long.

    Raises:
        WrongValueError: if the value is no text.
    """
    if not isinstance(value, str):
        raise WrongValueError(f"{str(value)[:40]!r} is not text")
    clean = REFUSED.sub("", value).strip()
    return clean if len(clean) <= MAX_CHARACTERS else clean[: MAX_CHARACTERS - 1] + "…"


def texts(value: Any) -> list[str]:
    """The texts of a list, or the only text, in their order, without repetitions and empty texts."""
    values = value if isinstance(value, list | tuple) else [value]
    return [one for one in dict.fromkeys(map(text, values)) if one]


def people(value: Any) -> list[dict[str, str]]:
    """The people of a list; each has the key name, and as far as known orcid (without https), affiliation and email."""
    values = value if isinstance(value, list | tuple) else [value]
    return [found for one in values if (found := _person(one)).get("name")]


def _person(value: Any) -> dict[str, str]:
    given = value if isinstance(value, Mapping) else {"name": value}
    person = {key: text(given[key]) for key in ("name", "affiliation", "email") if given.get(key)}
    if given.get("orcid"):
        person["orcid"] = _matching(ORCID, "an ORCID")(given["orcid"])
    return person


def day(value: Any) -> str:
    """A date as YYYY, YYYY-MM or YYYY-MM-DD.

    Raises:
        WrongValueError: if it is none.
    """
    # YAML reads 2020-01-31 as a date, and 2020 as a number.
    written = (str(value) if isinstance(value, date | int) else text(value)).partition("T")[0]
    try:
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", written):
            raise ValueError
        date.fromisoformat(written + "0000-01-01"[len(written) :])
    except ValueError as error:
        raise WrongValueError(f"{written[:40]!r} is not a date such as 2020-01-31") from error
    return written


def _matching(pattern: re.Pattern[str], kind: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        found = pattern.fullmatch(text(value))
        if not found:
            raise WrongValueError(f"{text(value)[:40]!r} is not {kind}")
        return found[pattern.groups]

    return check


def _license(value: Any) -> str:
    return BIDS_LICENSES.get(text(value), text(value))


# The keys of `about`, and the function that checks a value and returns it in its form; an empty value is no value.
KEYS: Mapping[str, Callable[[Any], Any]] = {
    "title": text,
    "description": text,
    "authors": people,
    "license": _license,
    "keywords": texts,
    "doi": _matching(DOI, "a DOI"),
    "funding": texts,
    "url": _matching(URL, "a URL"),
    "source": _matching(URL, "a URL"),
    "published": day,
    "publisher": text,
    "language": text,
}
