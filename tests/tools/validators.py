"""The validators of the metadata standards, on a folder with the documents."""

from pathlib import Path
from typing import Any

import pytest

from tools.engines import require_library


def rocrate_problems(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requirements of RO-Crate 1.2 that a document violates.

    Requests for RO-Crate's context are answered with the one in the library rocrate, without a network.
    """
    requests, rocrate = require_library("requests"), require_library("rocrate")
    content = Path(rocrate.__file__).with_name("data").joinpath("ro-crate.jsonld").read_bytes()

    def send(_: Any, request: Any, **__: Any) -> Any:
        response = requests.Response()
        response.status_code, response.url, response.request = 404, request.url, request
        if request.url == "https://w3id.org/ro/crate/1.2/context":
            response.status_code, response._content = 200, content
            response.headers["Content-Type"] = "application/ld+json"
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    services = require_library("rocrate_validator.services")
    models = require_library("rocrate_validator.models")
    settings = services.ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier="ro-crate-1.2",
        requirement_severity=models.Severity.REQUIRED,
        no_cache=True,
    )
    result = services.validate(settings)
    problems = [issue.message for issue in result.get_issues()]
    assert result.passed() == (not problems)
    return problems


def croissant(folder: Path) -> Any:
    """The dataset that mlcroissant loads from a document without errors."""
    dataset = require_library("mlcroissant").Dataset(jsonld=str(folder / "croissant.json"))
    assert dataset.metadata.ctx.issues.errors == set()
    return dataset


def datapackage_problems(folder: Path) -> list[list[Any]]:
    """The problems of a Data Package and of its rows."""
    report = require_library("frictionless").validate(str(folder / "datapackage.json"))
    problems: list[list[Any]] = report.flatten(["type", "fieldName", "note"])
    return problems
