"""Croissant 1.1: croissant.json. Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html."""

import re
from typing import Any

from datacontainer.standards.facts import CATALOG, CATALOG_TEXT, CATALOG_TYPE, Column, Facts, known

TYPES = {"bool": "sc:Boolean", "int64": "sc:Integer", "double": "sc:Float"}
# Two columns with other names could get one identifier.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# The context of the specification, without the terms that this document does not use.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "recordSet": "cr:recordSet",
    "sc": "https://schema.org/",
    "source": "cr:source",
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
        "citeAs": facts.doi,
        "datePublished": about.get("published"),
        "creator": [_person(one) for one in about.get("authors", [])],
        "publisher": {"@type": "sc:Organization", "name": about["publisher"]} if "publisher" in about else None,
        "keywords": about.get("keywords"),
        "inLanguage": about.get("language"),
        "distribution": [file],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "files", "name": "files", "field": fields}],
    }
    return known(values)


def _person(person: dict[str, str]) -> dict[str, Any]:
    url = f"https://orcid.org/{person['orcid']}" if "orcid" in person else None
    named = {"name": person["name"], "email": person.get("email"), "url": url}
    return known({"@type": "sc:Person", **named})


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
