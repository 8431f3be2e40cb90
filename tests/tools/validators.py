"""The validators of the metadata standards, on a folder with the documents."""

from pathlib import Path
from typing import Any

import pytest

from tools.engines import require_library

# The term of the Workflow Run RO-Crates that the documents use.
RUN_TERMS = b'{"@context": {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}}'


def rocrate_problems(folder: Path, monkeypatch: pytest.MonkeyPatch, profile: str = "ro-crate-1.2") -> list[str]:
    """The requirements of RO-Crate 1.2, or of another profile, that a document violates.

    Requests for RO-Crate's context are answered with the one in the library rocrate, without a network.
    """
    requests, rocrate = require_library("requests"), require_library("rocrate")
    content = Path(rocrate.__file__).with_name("data").joinpath("ro-crate.jsonld").read_bytes()
    contexts = {f"https://w3id.org/ro/crate/{version}/context": content for version in ("1.1", "1.2")}
    contexts["https://w3id.org/ro/terms/workflow-run/context"] = RUN_TERMS

    def send(_: Any, request: Any, **__: Any) -> Any:
        response = requests.Response()
        response.status_code, response.url, response.request = 404, request.url, request
        if request.url in contexts:
            response.status_code, response._content = 200, contexts[request.url]
            response.headers["Content-Type"] = "application/ld+json"
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    services = require_library("rocrate_validator.services")
    models = require_library("rocrate_validator.models")
    settings = services.ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier=profile,
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
