"""DataCite 4.5: datacite.json. Source: https://datacite-metadata-schema.readthedocs.io/en/4.5/."""

from typing import Any

from datacontainer.standards.facts import CATALOG_TYPE, Ancestor, Facts, known

# The manual's code for a value that is not available, appendix "Standard values for unknown information".
UNKNOWN = ":unav"


def document(facts: Facts) -> Any:
    """The metadata that a DOI needs; creators and the publisher are `:unav` if they are not known."""
    about, published = facts.about, facts.about["published"]
    values = {
        "doi": about.get("doi"),
        "creators": [_creator(one) for one in about.get("authors", [])] or [{"name": UNKNOWN}],
        "titles": [{"title": facts.title}],
        "publisher": {"name": about.get("publisher", UNKNOWN)},
        "publicationYear": published[:4],
        "dates": [{"date": published, "dateType": "Issued"}],
        "subjects": [{"subject": one} for one in about.get("keywords", [])],
        "language": about.get("language"),
        "types": {"resourceType": "Dataset", "resourceTypeGeneral": "Dataset"},
        "sizes": [f"{facts.described['files']} files", f"{facts.described['bytes']} bytes"],
        "formats": [CATALOG_TYPE],
        "version": facts.described["version"],
        "rightsList": _rights(facts),
        "descriptions": [{"description": facts.description, "descriptionType": "Abstract"}],
        "fundingReferences": [{"funderName": one} for one in about.get("funding", [])],
        "relatedIdentifiers": _related(about.get("source")),
        "relatedItems": [_ancestor(one) for one in facts.ancestors],
        "url": about.get("url"),
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    return known(values)


def _creator(person: dict[str, str]) -> dict[str, Any]:
    identifier = {"nameIdentifierScheme": "ORCID", "schemeUri": "https://orcid.org"}
    orcid = person.get("orcid")
    values = {
        "name": person["name"],
        "affiliation": [{"name": person["affiliation"]}] if "affiliation" in person else [],
        "nameIdentifiers": [{"nameIdentifier": f"https://orcid.org/{orcid}", **identifier}] if orcid else [],
    }
    return known(values)


def _rights(facts: Facts) -> list[dict[str, str]]:
    named = {"rights": facts.about.get("license"), "rightsUri": facts.license_url}
    scheme = {"rightsIdentifier": facts.spdx, "rightsIdentifierScheme": "SPDX"} if facts.spdx else {}
    found = known({**named, **scheme})
    return [found] if found else []


def _ancestor(one: Ancestor) -> dict[str, Any]:
    # A related identifier has a type, and DataCite 4.5 has none for the digest of an image or a dataset.
    kind = {"relatedItemType": "Dataset", "relationType": "IsDerivedFrom"}
    titles = [{"title": one.title}, *([{"title": one.identifier}] if one.identifier != one.title else [])]
    return {**kind, "titles": titles}


def _related(source: str | None) -> list[dict[str, str]]:
    if not source:
        return []
    return [
        {"relatedIdentifier": source, "relatedIdentifierType": "URL", "relationType": "IsDerivedFrom"},
    ]
