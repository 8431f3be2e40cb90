"""The reference of the configuration, config/README.md, generated from the schema."""

import json
from collections.abc import Mapping
from typing import Any

HEAD = """# Configuration

`config/config.yaml` lists the datasets to pack and their settings. A run first checks it against the schema
`workflow/schemas/config.schema.yaml`, and prints one line for a wrong value or an unknown key. Every key except `path`
has a default. This page is generated from the schema (`make golden`).

A single dataset needs no configuration file:

```sh
snakemake --cores 16 --config dataset=/big/folder
snakemake --cores 16 verify --config dataset='{path: /big/folder, version: "1.10", symlinks: keep}'
```

A target, such as `verify`, comes before `--config` and `--configfile`: Snakemake reads all words after these options as
values. Write texts that look like numbers in quotes: YAML reads 1.10 as the number 1.1.
"""


def reference(schema: Mapping[str, Any]) -> str:
    """Returns the text of config/README.md."""
    top = {key: about for key, about in schema["properties"].items() if key != "pathvars"}
    sections = [
        ("Top level", top),
        ("Keys of a dataset, under `datasets.NAME`", keys := schema["$defs"]["dataset"]["properties"]),
        ("Keys of `about`", keys["about"]["properties"]),
        ("Keys of a command, under `commands.NAME`", schema["$defs"]["command"]["properties"]),
    ]
    return HEAD + "".join(f"\n## {title}\n\n{_table(keys)}" for title, keys in sections)


def _table(keys: Mapping[str, Any]) -> str:
    rows = ["| key | default | description | example |", "|---|---|---|---|"]
    rows += [_row(key, about) for key, about in keys.items()]
    return "\n".join(rows) + "\n"


def _row(key: str, about: Mapping[str, Any]) -> str:
    default = f"`{json.dumps(about['default'])}`" if "default" in about else "none"
    example = f"`{json.dumps(about['examples'][0])}`" if "examples" in about else ""
    values = ", ".join(map(str, about.get("enum") or about.get("items", {}).get("enum", ())))
    description = " ".join(about["description"].split()) + (f" One of: {values}." if values else "")
    return f"| `{key}` | {default} | {description} | {example} |".replace(" |  |", " | |")
