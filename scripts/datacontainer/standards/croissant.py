"""Croissant 1.1: croissant.json. Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html."""

import re
from typing import Any

from datacontainer.standards.facts import CATALOG, CATALOG_TEXT, Ancestor, Column, Facts, known

TYPES = {"bool": "sc:Boolean", "int64": "sc:Integer", "double": "sc:Float"}
# Two columns with other names could get one identifier.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# The name with which the examples of the specification and mlcroissant know Parquet.
CATALOG_TYPE = "application/x-parquet"
TERMS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty fileSet format "
    "includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
# The context of the specification, whose terms are written in full because readers compare them.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in TERMS.split()},
}


def document(facts: Facts) -> Any:
    """The dataset, with the catalog as its file, and a record set with a field for each column of the catalog."""
    about = facts.about
    file = {
        "@type": "cr:FileObject",
        "@id": CATALOG,
        "name": CATALOG,
        "description": CATALOG_TEXT,
        "contentUrl": CATALOG,
        "contentSize": f"{facts.catalog.size_bytes} B",
        "encodingFormat": CATALOG_TYPE,
        "sha256": facts.catalog.sha256,
    }
    fields = [_field(column, number) for number, column in enumerate(facts.columns, 1)]
    values = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": facts.described["name"],
        "alternateName": about.get("title"),
        "description": facts.description,
        "version": facts.described["version"],
        "license": facts.license_url or about.get("license"),
        "url": about.get("url") or facts.doi or about.get("source"),
        "citeAs": _citation(facts),
        "datePublished": about.get("published"),
        "creator": [_person(one) for one in about.get("authors", [])],
        "publisher": {"@type": "sc:Organization", "name": about["publisher"]} if "publisher" in about else None,
        "keywords": about.get("keywords"),
        "inLanguage": about.get("language"),
        "isBasedOn": [_ancestor(one) for one in facts.ancestors],
        "distribution": [file],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "files", "name": "files", "field": fields}],
    }
    return known(values)


def _citation(facts: Facts) -> str:
    """Authors, year, title and DOI; empty if neither the authors nor the DOI are known."""
    people = [person["name"] for person in facts.about.get("authors", [])]
    if not people and not facts.doi:
        return ""
    year = f"({facts.about['published'][:4]})" if "published" in facts.about else ""
    parts = [" ".join(filter(None, [", ".join(people), year])), facts.title, facts.doi]
    return ". ".join(filter(None, parts))


def _person(person: dict[str, str]) -> dict[str, Any]:
    url = f"https://orcid.org/{person['orcid']}" if "orcid" in person else None
    named = {"name": person["name"], "email": person.get("email"), "url": url}
    return known({"@type": "sc:Person", **named})


def _ancestor(one: Ancestor) -> dict[str, Any]:
    return known({"@type": "sc:Dataset", "name": one.title, "version": one.version, "identifier": one.identifier})


def _field(column: Column, number: int) -> dict[str, Any]:
    name = column.name if PLAIN_NAME.fullmatch(column.name) else f"column-{number}"
    values = {
        "@type": "cr:Field",
        "@id": f"files/{name}",
        "name": name,
        "description": column.description or column.name,
        "dataType": TYPES.get(column.kind, "sc:Text"),
    }
    return {**values, "source": {"fileObject": {"@id": CATALOG}, "extract": {"column": column.name}}}
