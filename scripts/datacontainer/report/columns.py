"""What a catalog says of its columns without its rows being read."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq


class Column(NamedTuple):
    """A column: its type, how many rows have a value, and the least and greatest where they are numbers."""

    name: str
    type: str
    values: int
    least: int | float | None = None
    greatest: int | float | None = None


def columns(catalog: Path) -> list[Column]:
    """The catalog's columns, from the statistics that Parquet keeps of each row group."""
    with pq.ParquetFile(catalog) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        return [_column(field, [group.column(i) for group in groups]) for i, field in enumerate(file.schema_arrow)]


def _column(field: pa.Field, chunks: list[Any]) -> Column:
    # A chunk without rows has no statistics.
    known = [(chunk.num_values, chunk.statistics) for chunk in chunks if chunk.statistics is not None]
    values = sum(rows - one.null_count for rows, one in known)
    bounds = [one for _, one in known if one.has_min_max]
    # Times are left out: they are in no image, and a report is made anew when the images are.
    if not bounds or not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
        return Column(field.name, str(field.type), values)
    least, greatest = min(one.min for one in bounds), max(one.max for one in bounds)
    finite = math.isfinite(least) and math.isfinite(greatest)
    return Column(field.name, str(field.type), values, *((least, greatest) if finite else ()))
