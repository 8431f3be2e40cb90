"""Rules: the number of the rule that cuts a dataset into shards, and the minimum size of a shard; needs no library."""

from pathlib import Path

from datacontainer.config.dataset import Dataset

# Files and bytes.
Minimum = tuple[int, int]
# If the configuration contains only one of the limits, the other is from here.
FIRST: Minimum = (2048, 256 << 20)
# The minimum under each rule, if the configuration contains none; None for the strongest borders. Results keep their
# rule, so that a new version of the program does not make all layers new.
RULES: dict[int, Minimum | None] = {1: FIRST, 2: None}
NEWEST = max(RULES)
# The name of the file, next to the table of shards.
RULE = "rule"


def minimum_of(dataset: Dataset) -> Minimum | None:
    """The configured minimum of a shard; None if the configuration contains no limit."""
    if dataset.shard_files is None and dataset.shard_bytes is None:
        return None
    return dataset.shard_files or FIRST[0], dataset.shard_bytes or FIRST[1]


def read_rule(table: Path) -> int:
    """The number of the rule that cut the shards of `table`; the newest rule without a table or a valid number."""
    path = table.with_name(RULE)
    if path.is_file():
        text = path.read_text(errors="replace")
        return next((number for number in RULES if str(number) == text), NEWEST)
    # Versions before the second rule wrote a table with three columns.
    first = table.read_text(errors="replace").partition("\n")[0] if table.is_file() else ""
    return 1 if first.count("\t") == 2 else NEWEST
