"""The files of a user's own template."""

from pathlib import Path

from datacontainer.runtime.sources import files_digest


def template_files(template: str | None) -> list[Path]:
    """The files of the user's template, sorted; none where none is configured or it is missing."""
    if template is None:
        return []
    path = Path(template)
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def template_digest(template: str | None) -> str:
    """A digest of the files of the user's template, with their names in it; an empty text where none is configured."""
    if template is None:
        return ""
    path = Path(template)
    return files_digest(template_files(template), path.parent if path.is_file() else path)
