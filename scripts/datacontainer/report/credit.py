"""The license and the authors of a dataset, from its labels or from its BIDS description."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.fields import JSON_MARK
from datacontainer.config.dataset import OCI_LABEL
from datacontainer.report.counts import file_batches

# In the root folder of a BIDS dataset. Source: BIDS, section "Dataset description".
DESCRIPTION = b"dataset_description.json"
LABELS = {"License": "licenses", "Authors": "authors"}


def read_credit(labels: Mapping[str, str], catalog: Path) -> dict[str, str]:
    """Returns the texts of `License` and `Authors`, as far as they are known.

    labels: of the image; a label overrides the BIDS description. The catalog has the description's fields if a
    metadata function returned `License` and `Authors` for dataset_description.json.
    """
    credit = {key: labels.get(OCI_LABEL + label, "") for key, label in LABELS.items()}
    described = {} if all(credit.values()) else _bids_fields(catalog)
    credit = {key: text or _text(described.get(key)) for key, text in credit.items()}
    return {key: text for key, text in credit.items() if text}


def _bids_fields(catalog: Path) -> dict[str, Any]:
    """The values of License and Authors in the row of dataset_description.json."""
    schema = pq.read_schema(catalog)
    fields = [schema.field(name) for name in LABELS if name in schema.names]
    fields = [field for field in fields if pa.types.is_string(field.type)]
    for files in file_batches(catalog, ["path", *(field.name for field in fields)]) if fields else ():
        for row in files.filter(pc.equal(files["path"], DESCRIPTION)).to_pylist():
            return {field.name: _decoded(row[field.name], field) for field in fields}
    return {}


def _decoded(value: str | None, field: pa.Field) -> Any:
    is_json = JSON_MARK.items() <= (field.metadata or {}).items()
    return json.loads(value) if is_json and value is not None else value


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
