"""The files of a user's own template."""

from pathlib import Path

from datacontainer.runtime.sources import files_digest

# Names in the folder of the stage render: the facts about the dataset, its index, the folder with the user's Go source.
FACTS, INDEX, TEMPLATE = "facts.bin", "index.bin", "template"


def template_files(template: str | None) -> list[Path]:
    """Returns the files of the user's template, sorted; an empty list if it is missing or not configured."""
    if template is None:
        return []
    path = Path(template)
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def template_digest(template: str | None) -> str:
    """Returns a digest of the names and contents of the template's files; an empty text if not configured."""
    if template is None:
        return ""
    path = Path(template)
    return files_digest(template_files(template), path.parent if path.is_file() else path)
