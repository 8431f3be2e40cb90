"""Findings in a report: files on which metadata functions failed, and the verdict of the BIDS validator."""

from collections.abc import Iterator, Mapping
from typing import Any

MOST_CODES = 30


def findings(described: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yields a heading, and pairs of a name and a number. described: dataset.json."""
    if errors := described.get("errors"):
        yield "Files on which a metadata function failed", list(errors.items())
    bids = described["metadata"].get("bids")
    verdict = bids.get("validator") if isinstance(bids, dict) else None
    if not isinstance(verdict, dict) or "version" not in verdict:
        return
    title = f"BIDS validator {verdict['version']}"
    if "error" in verdict:
        yield f"{title}: no verdict, as {verdict['error']}", []
        return
    for kind in ("errors", "warnings"):
        counts = sorted(verdict[kind].items(), key=lambda pair: (-pair[1], pair[0]))
        yield f"{title}: {sum(number for _, number in counts):,} {kind}", counts[:MOST_CODES]
