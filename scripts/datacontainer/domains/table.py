"""Tables: rows, columns and types of CSV, TSV and Parquet, with PyArrow; of large texts, the first part."""

import csv
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow

from datacontainer.domains import bounds
from datacontainer.domains.bounds import Many, read_start

MOST_COLUMNS, HEADER_BYTES, BLOCK_BYTES, BOM = 1000, 1 << 20, 1 << 22, "\ufeff"
# Values of a column that have no type of their own.
NULLS = ["", "n/a", "N/A", "NA", "null", "NULL", "NaN", "nan"]
# The types to try, from the narrowest on.
TYPES = {"int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_(), "timestamp": pa.timestamp("s")}


def metadata(path: str) -> dict[str, Any]:
    """Number of rows, names and types of the columns, and the rows of a text with another number of columns.

    Raises:
        ArrowInvalid, ValueError: if the file is no table.
    """
    if not path.lower().endswith(".parquet"):
        return _text(path, "\t" if path.lower().endswith((".tsv", ".tsv.gz")) else ",")
    with pq.ParquetFile(path) as file:
        columns = list(file.schema_arrow)[:MOST_COLUMNS]
        names, types = Many(one.name for one in columns), Many(str(one.type) for one in columns)
        return {"rows": file.metadata.num_rows, "columns": names, "types": types}


def _text(path: str, delimiter: str) -> dict[str, Any]:
    content, partial = read_start(path, bounds.MOST_TEXT_BYTES)
    line = content[:HEADER_BYTES].decode("utf-8", "backslashreplace").removeprefix(BOM)
    names = next(csv.reader(line.splitlines(), delimiter=delimiter), [])
    if not names:
        return {"rows": 0}
    header, ragged, rows = not all(map(_is_number, names)), [0], 0
    types: list[set[str]] = [set() for _ in names]

    def skip(_: Any) -> str:
        ragged[0] += 1
        return "skip"

    numbers = [str(number) for number in range(len(names))]
    texts = dict.fromkeys(numbers, pa.string())
    convert = arrow.ConvertOptions(column_types=texts, null_values=NULLS, strings_can_be_null=True, check_utf8=False)
    read = arrow.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=numbers, skip_rows=int(header))
    parse = arrow.ParseOptions(delimiter=delimiter, invalid_row_handler=skip)
    with arrow.open_csv(pa.BufferReader(content), read, parse, convert) as batches:
        for batch in batches:
            rows += batch.num_rows
            for found, column in zip(types, batch.columns, strict=True):
                if "string" not in found and column.null_count < len(column):
                    found.add(_type(column))
    return {
        # The last row of a part is incomplete.
        "rows": rows - int(partial),
        "columns": Many(names[:MOST_COLUMNS]) if header else None,
        "types": Many(map(_widest, types[:MOST_COLUMNS])),
        "ragged_rows": ragged[0] or None,
        "partial": partial or None,
    }


def _type(column: Any) -> str:
    """The narrowest type to which all texts of a column can be converted."""
    for name, arrow_type in TYPES.items():
        try:
            column.cast(arrow_type)
        except pa.ArrowInvalid:
            continue
        return name
    return "string"


def _widest(types: set[str]) -> str:
    if len(types) <= 1:
        return next(iter(types), "null")
    return "double" if types == {"int64", "double"} else "string"


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
