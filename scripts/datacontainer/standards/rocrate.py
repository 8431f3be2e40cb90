"""RO-Crate 1.2: ro-crate-metadata.json. Source: https://w3id.org/ro/crate/1.2."""

from typing import Any

from datacontainer.standards.facts import CATALOG, CATALOG_TEXT, CATALOG_TYPE, SUMMARY, Ancestor, Facts, File, known

VERSION = "https://w3id.org/ro/crate/1.2"
NO_LICENSE = "The dataset states no license."


def document(facts: Facts) -> Any:
    """The crate: the dataset, its people, its license, and the two files that describe its content."""
    about = facts.about
    people = about.get("authors", [])
    entities = [_person(person, number) for number, person in enumerate(people, 1)]
    authors = [entity["@id"] for entity in entities]
    entities += [
        {"@id": f"#affiliation-{number}", "@type": "Organization", "name": person["affiliation"]}
        for number, person in enumerate(people, 1)
        if "affiliation" in person
    ]
    entities += [{"@id": f"#funder-{n}", "@type": "Organization", "name": one} for n, one in _numbered(about)]
    if "publisher" in about:
        entities.append({"@id": "#publisher", "@type": "Organization", "name": about["publisher"]})
    if facts.license_url:
        named = about["license"]
        entities.append({"@id": facts.license_url, "@type": "CreativeWork", "name": named, "description": named})
    if facts.doi:
        value = {"propertyID": "https://registry.identifiers.org/registry/doi", "value": f"doi:{about['doi']}"}
        entities.append({"@id": facts.doi, "@type": "PropertyValue", **value, "url": facts.doi})
    entities += [_ancestor(number, one) for number, one in enumerate(facts.ancestors, 1)]
    files = [
        _file(CATALOG, "Catalog of the files", CATALOG_TEXT, CATALOG_TYPE, facts.catalog),
        _file(
            SUMMARY,
            "Summary of the dataset",
            "Counts, digest and metadata of the whole dataset.",
            "application/json",
            facts.summary,
        ),
    ]
    descriptor = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "conformsTo": {"@id": VERSION}}
    root = _root(facts, [entity["@id"] for entity in files], authors)
    entities = list({entity["@id"]: entity for entity in entities}.values())
    graph = [descriptor | {"about": {"@id": "./"}}, root, *files, *entities]
    return {"@context": f"{VERSION}/context", "@graph": graph}


def _root(facts: Facts, files: list[str], authors: list[str]) -> dict[str, Any]:
    about = facts.about
    values = {
        "@id": "./",
        "@type": "Dataset",
        "name": facts.title,
        "description": facts.description,
        "datePublished": about["published"],
        "license": {"@id": facts.license_url} if facts.license_url else about.get("license", NO_LICENSE),
        "version": facts.described["version"],
        "author": _references(authors),
        "publisher": {"@id": "#publisher"} if "publisher" in about else None,
        "funder": _references([f"#funder-{number}" for number, _ in _numbered(about)]),
        "keywords": ", ".join(about.get("keywords", [])),
        "identifier": {"@id": facts.doi} if facts.doi else None,
        "cite-as": facts.doi,
        "url": about.get("url"),
        "isBasedOn": _based_on(facts),
        "inLanguage": about.get("language"),
        "size": str(facts.described["bytes"]),
        "hasPart": _references(files),
    }
    return known(values)


def _based_on(facts: Facts) -> Any:
    """The source and the ancestors; the source alone is a URL."""
    source = facts.about.get("source")
    ancestors = [{"@id": f"#made-from-{number}"} for number, _ in enumerate(facts.ancestors, 1)]
    return [*([source] if source else []), *ancestors] if ancestors else source


def _ancestor(number: int, one: Ancestor) -> dict[str, Any]:
    values = {"name": one.title, "version": one.version, "identifier": one.identifier}
    return known({"@id": f"#made-from-{number}", "@type": "CreativeWork", **values})


def _references(identifiers: list[str]) -> Any:
    """References to entities; a single one is no list."""
    found = [{"@id": one} for one in dict.fromkeys(identifiers)]
    return found[0] if len(found) == 1 else found


def _numbered(about: Any) -> list[tuple[int, str]]:
    return list(enumerate(about.get("funding", []), 1))


def _person(person: dict[str, str], number: int) -> dict[str, Any]:
    identifier = f"https://orcid.org/{person['orcid']}" if "orcid" in person else f"#author-{number}"
    affiliation = {"@id": f"#affiliation-{number}"} if "affiliation" in person else None
    named = {"name": person["name"], "email": person.get("email"), "affiliation": affiliation}
    return known({"@id": identifier, "@type": "Person", **named})


def _file(name: str, title: str, description: str, media_type: str, file: File) -> dict[str, Any]:
    values = {"name": title, "description": description, "encodingFormat": media_type}
    return {"@id": name, "@type": "File", **values, "contentSize": str(file.size_bytes), "sha256": file.sha256}
