"""Data Package 2.0: datapackage.json. Source: https://datapackage.org/standard/data-package/."""

from collections.abc import Mapping
from typing import Any

from datacontainer.standards.facts import CATALOG, CATALOG_TEXT, CATALOG_TYPE, Ancestor, Column, Facts, known

PROFILES = "https://datapackage.org/profiles/2.0"
# The types of the Table Schema. JSON texts and names that are not UTF-8 have the type of every value. Readers that use
# pandas, such as frictionless, get the integers of a column with nulls as numbers, and the nulls as NaN.
TYPES = {"bool": "boolean", "int64": "integer", "double": "number", "string": "string"}


def document(facts: Facts) -> Any:
    """The dataset, with the catalog as its resource, and a field for each column of the catalog."""
    about = facts.about
    resource = {
        "name": "catalog",
        "type": "table",
        "path": CATALOG,
        "title": "Catalog of the files",
        "description": CATALOG_TEXT,
        "format": "parquet",
        "mediatype": CATALOG_TYPE,
        "hash": f"sha256:{facts.catalog.sha256}",
        "schema": {
            "$schema": f"{PROFILES}/tableschema.json",
            "fields": [_field(column) for column in facts.columns],
            "primaryKey": ["path"],
        },
    }
    values = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": facts.described["name"],
        "id": facts.doi,
        "title": facts.title,
        "description": facts.description,
        "version": facts.described["version"],
        "homepage": about.get("url"),
        "licenses": _licenses(facts),
        "contributors": [_contributor(one) for one in about.get("authors", [])],
        "keywords": about.get("keywords"),
        "sources": [*_source(about), *(_ancestor(one) for one in facts.ancestors)],
        "resources": [resource],
    }
    return known(values)


def _licenses(facts: Facts) -> list[dict[str, str]]:
    url = facts.license_url
    # A license must have a name or a path; a title alone is not enough.
    named = known({"name": facts.spdx, "path": url, "title": facts.about.get("license")})
    return [named] if facts.spdx or url else []


def _contributor(person: dict[str, str]) -> dict[str, Any]:
    values = {
        "title": person["name"],
        "path": f"https://orcid.org/{person['orcid']}" if "orcid" in person else None,
        "email": person.get("email"),
        "organization": person.get("affiliation"),
        "roles": ["creator"],
    }
    return known(values)


def _source(about: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"title": about["source"], "path": about["source"]}] if "source" in about else []


def _ancestor(one: Ancestor) -> dict[str, str]:
    # `path` must be a URL or a path, which a digest is not.
    title = f"{one.title} ({one.identifier})" if one.identifier != one.title else one.title
    return known({"title": title, "version": one.version})


def _field(column: Column) -> dict[str, Any]:
    kind = "number" if column.kind == "int64" and column.nulls else TYPES.get(column.kind, "any")
    return known({"name": column.name, "type": kind, "description": column.description})
