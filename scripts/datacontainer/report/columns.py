"""The columns of a catalog in a report: how many rows have a value, the bounds, and the most frequent values."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.catalog.fields import BUILT_IN
from datacontainer.report.counts import Count, count_values

Bound = int | float | datetime


class Column(NamedTuple):
    """A column of the catalog.

    rows: how many have a value. minimum, maximum: of numbers and times; None for other types and if one is not finite.
    distinct: number of distinct values of a user's text or boolean column; None for other columns.
    frequent: the most frequent of these values; empty if the column has too many distinct values to count.
    """

    name: str
    type: str
    rows: int
    minimum: Bound | None = None
    maximum: Bound | None = None
    distinct: int | None = None
    frequent: Sequence[Count] = ()


def read_columns(catalog: Path, most_values: int) -> list[Column]:
    """Returns the columns in the catalog's order. Reads the users' text and boolean columns; others have statistics."""
    with pq.ParquetFile(catalog) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        fields = list(file.schema_arrow)
    found = [_column(field, [group.column(i) for group in groups]) for i, field in enumerate(fields)]
    return [_with_values(one, field, catalog, most_values) for one, field in zip(found, fields, strict=True)]


def _column(field: pa.Field, chunks: list[Any]) -> Column:
    # A chunk without rows has no statistics.
    known = [(chunk.num_values, chunk.statistics) for chunk in chunks if chunk.statistics is not None]
    column = Column(field.name, str(field.type), sum(rows - one.null_count for rows, one in known))
    bounds = [one for _, one in known if one.has_min_max]
    if bounds and pa.types.is_timestamp(field.type):
        # The raw value is the number of nanoseconds; pyarrow imports pandas to convert it.
        least, greatest = min(one.min_raw for one in bounds), max(one.max_raw for one in bounds)
        return column._replace(minimum=_time(least), maximum=_time(greatest))
    if not bounds or not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
        return column
    least, greatest = min(one.min for one in bounds), max(one.max for one in bounds)
    finite = math.isfinite(least) and math.isfinite(greatest)
    return column._replace(minimum=least, maximum=greatest) if finite else column


def _with_values(column: Column, field: pa.Field, catalog: Path, most: int) -> Column:
    if field.name in BUILT_IN or not (pa.types.is_string(field.type) or pa.types.is_boolean(field.type)):
        return column
    frequent, distinct = count_values(catalog, field.name, most)
    return column._replace(distinct=distinct, frequent=frequent)


def _time(mtime_ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=mtime_ns // 1000)
