"""Tables: rows, columns and types of CSV, TSV and Parquet, with PyArrow; of large texts, the first part."""

import csv
from io import BufferedReader
from typing import Any

from datacontainer.domains.bounds import Bounded, ends_with, read_start, text

TEXTS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
MOST_COLUMNS, HEADER_BYTES, BLOCK_BYTES = 1000, 1 << 20, 1 << 22
# Values of a column that have no type of their own.
NULLS = ["", "n/a", "N/A", "NA", "null", "NULL", "NaN", "nan"]
BOM = "\ufeff"
# The types to try, from the narrowest on.
TYPES = {"int64": "int64", "double": "float64", "bool": "bool", "timestamp": "timestamp[s]"}


def metadata(path: str) -> dict[str, Any]:
    """Number of rows, names and types of the columns, and the rows of a text with another number of columns.

    Raises:
        ArrowInvalid, ValueError: if the file is no table.
    """
    if ends_with(path, (".parquet",)):
        return _parquet(path)
    return _text(path) if ends_with(path, TEXTS) else {}


def _parquet(path: str) -> dict[str, Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = list(file.schema_arrow)[:MOST_COLUMNS]
        return {
            "table_rows": file.metadata.num_rows,
            "table_columns": [text(column.name) for column in columns],
            "table_types": [str(column.type) for column in columns],
        }


def _text(path: str) -> dict[str, Any]:
    line = read_start(path, HEADER_BYTES).decode("utf-8", "backslashreplace").removeprefix(BOM)
    delimiter = "\t" if ends_with(path, (".tsv", ".tsv.gz")) else ","
    names = next(csv.reader(line.splitlines(), delimiter=delimiter), [])
    if not names:
        return {"table_rows": 0}
    header = not all(map(_is_number, names))
    rows, types, ragged, partial = _rows(path, delimiter, len(names), header)
    found: dict[str, Any] = {"table_rows": rows, "table_types": types[:MOST_COLUMNS]}
    found |= {"table_columns": [text(name) for name in names[:MOST_COLUMNS]]} if header else {}
    return found | ({"table_ragged_rows": ragged} if ragged else {}) | ({"table_partial": True} if partial else {})


def _rows(path: str, delimiter: str, width: int, header: bool) -> tuple[int, list[str], int, bool]:
    """Rows, types of the columns, rows with another number of columns, and whether there are more rows."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    names, ragged, rows = [str(number) for number in range(width)], [0], 0
    types: list[set[str]] = [set() for _ in names]

    def skip(_: Any) -> str:
        ragged[0] += 1
        return "skip"

    convert = arrow.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=NULLS, strings_can_be_null=True, check_utf8=False
    )
    read = arrow.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows=int(header))
    parse = arrow.ParseOptions(delimiter=delimiter, invalid_row_handler=skip)
    with Bounded(path) as file:
        with arrow.open_csv(BufferedReader(file), read, parse, convert) as batches:
            for batch in batches:
                rows += batch.num_rows
                for found, column in zip(types, batch.columns, strict=True):
                    if "string" not in found and column.null_count < len(column):
                        found.add(_type(column))
        partial = file.partial
    # The last row of a part is incomplete.
    return rows - int(partial), [_widest(one) for one in types], ragged[0], partial


def _type(column: Any) -> str:
    """The narrowest type to which all texts of a column can be converted."""
    import pyarrow as pa

    for name, arrow_type in TYPES.items():
        try:
            column.cast(pa.type_for_alias(arrow_type) if "[" not in arrow_type else pa.timestamp("s"))
        except pa.ArrowInvalid:
            continue
        return name
    return "string"


def _widest(types: set[str]) -> str:
    if len(types) <= 1:
        return types.pop() if types else "null"
    return "double" if types == {"int64", "double"} else "string"


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
