"""The reference table of the configuration, made from its schema."""

import json
from collections.abc import Mapping
from typing import Any

HEAD = """# Configuration

`config/config.yaml` says what to pack; it is checked against `workflow/schemas/config.schema.yaml`, from which this
page is generated (`make golden`). An unknown key is refused, with the nearest valid one. Every key but `path` has a
default.

A single dataset needs no file:

```sh
snakemake --cores 16 --config dataset=/big/folder
```
"""


def reference(schema: Mapping[str, Any]) -> str:
    """The text of config/README.md."""
    top = {key: about for key, about in schema["properties"].items() if key != "pathvars"}
    sections = [
        ("Top level", top),
        ("A dataset, under `datasets.NAME`", schema["$defs"]["dataset"]["properties"]),
    ]
    return HEAD + "".join(f"\n## {title}\n\n{_table(keys)}" for title, keys in sections)


def _table(keys: Mapping[str, Any]) -> str:
    rows = ["| key | default | what it is | example |", "|---|---|---|---|"]
    rows += [_row(key, about) for key, about in keys.items()]
    return "\n".join(rows) + "\n"


def _row(key: str, about: Mapping[str, Any]) -> str:
    default = f"`{json.dumps(about['default'])}`" if "default" in about else "none"
    example = f"`{json.dumps(about['examples'][0])}`" if "examples" in about else ""
    values = about.get("enum") or about.get("items", {}).get("enum")
    description = " ".join(about["description"].split()) + (f" One of: {', '.join(values)}." if values else "")
    return f"| `{key}` | {default} | {description} | {example} |".replace(" |  |", " | |")
