"""The files at the top level of a dataset that describe it, and the values of `about` that each contains."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Values = dict[str, Any]

# Lines of a README that are no sentence: headings and their underlines, badges and images, HTML, directives, code.
NO_SENTENCE = re.compile(r"\s*(#|\[?!\[|<|\.\. |```|[-=~^*_+#\"'`:.]{3,}\s*$)")
UNDERLINE = re.compile(r"\s*([-=~^*_+#\"'`:.])\1{2,}\s*$")


def bids(content: str) -> Values:
    """The values of dataset_description.json. Source: BIDS, section "Dataset description"."""
    names = {"title": "Name", "license": "License", "authors": "Authors", "keywords": "Keywords"}
    return _renamed(_object(content), {**names, "funding": "Funding", "doi": "DatasetDOI"})


def cff(content: str) -> Values:
    """The values of CITATION.cff. Source: Citation File Format 1.2.0."""
    # Only datasets with this file need the import.
    from datacontainer.config.document import read_text

    found = read_text(content, "CITATION.cff")
    if not isinstance(found, dict):
        raise ValueError("the file has no keys at the top level")
    names = {"title": "title", "description": "abstract", "keywords": "keywords", "doi": "doi", "url": "url"}
    values = _renamed(found, {**names, "published": "date-released"})
    parts = ("given-names", "name-particle", "family-names", "name-suffix")
    values["authors"] = [_person(one, parts, "orcid") for one in _list(found.get("authors"))]
    values["license"] = " OR ".join(map(str, _list(found.get("license"))))
    values["source"] = found.get("repository") or found.get("repository-code")
    return values


def codemeta(content: str) -> Values:
    """The values of codemeta.json. Source: CodeMeta 3.0, whose terms are those of schema.org."""
    found = _object(content)
    names = {"title": "name", "description": "description", "published": "datePublished", "url": "url"}
    values = _renamed(found, {**names, "source": "codeRepository", "language": "inLanguage"})
    values["authors"] = [_person(one, ("givenName", "familyName"), "@id", "id") for one in _list(found.get("author"))]
    values["license"] = " OR ".join(_name(one) for one in _list(found.get("license")))
    values["funding"] = [_name(one) for one in _list(found.get("funding")) + _list(found.get("funder"))]
    values["publisher"] = _name(found.get("publisher"))
    keywords = found.get("keywords")
    values["keywords"] = keywords.split(",") if isinstance(keywords, str) else keywords
    values["doi"] = next((one for one in map(_name, _list(found.get("identifier"))) if "10." in one), None)
    return values


def readme(content: str) -> Values:
    """The first paragraph of a README, without headings, badges, HTML and directives, as the description."""
    for block in re.split(r"\n[ \t]*\n", content.replace("\r\n", "\n")):
        lines = [line for line in block.split("\n") if line.strip()]
        underlined = {number - 1 for number, line in enumerate(lines) if UNDERLINE.match(line)}
        kept = [line for number, line in enumerate(lines) if number not in underlined and not NO_SENTENCE.match(line)]
        if kept and not lines[0].lstrip().startswith((".. ", "```")):
            return {"description": " ".join(" ".join(kept).split())}
    return {}


# In the order of trust.
FILES: Mapping[str, Callable[[str], Values]] = {
    "dataset_description.json": bids,
    "CITATION.cff": cff,
    "codemeta.json": codemeta,
    "README": readme,
    "README.md": readme,
    "README.txt": readme,
    "README.rst": readme,
}


def _object(content: str) -> Values:
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the file is not a JSON object")
    return found


def _renamed(found: Mapping[str, Any], names: Mapping[str, str]) -> Values:
    return {key: found.get(name) for key, name in names.items()}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _name(value: Any) -> str:
    """The name of a thing, or its identifier, as text."""
    keys = ("name", "value", "@id", "id", "url")
    found = next((value[key] for key in keys if value.get(key)), "") if isinstance(value, dict) else value
    return str(found or "")


def _person(value: Any, parts: Iterable[str], *identifiers: str) -> Any:
    """The person in the form of the configuration. parts: the keys of the parts of a person's name."""
    if not isinstance(value, dict):
        return value
    identifier = next((str(value[key]) for key in identifiers if value.get(key)), "")
    return {
        "name": value.get("name") or " ".join(str(value[part]) for part in parts if value.get(part)),
        "affiliation": ", ".join(map(_name, _list(value.get("affiliation")))),
        "email": value.get("email"),
        "orcid": identifier if "orcid" in identifiers or "orcid.org/" in identifier else None,
    }
