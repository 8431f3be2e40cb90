#!/usr/bin/env python3
"""Summarizes the events of a BIDS dataset. Usage: events.py DATA COLUMN LEAST SUMMARY.tsv; needs only Python."""

import csv
import statistics
import sys
from collections import defaultdict
from pathlib import Path


def values_of(file, column):
    """Yields the type of each event, and the number in the column; events without a number are left out."""
    with open(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            try:
                yield row.get("trial_type") or "all", float(row[column])
            except (KeyError, TypeError, ValueError):
                continue


def main(data, column, least, summary):
    """Writes a line for each type of event of each subject with at least `least` events."""
    found = defaultdict(list)
    files = sorted(Path(data).glob("sub-*/**/*_events.tsv"))
    for file in files:
        subject = file.name.partition("_")[0]
        for kind, value in values_of(file, column):
            found[subject, kind].append(value)
    with open(summary, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(["participant_id", "trial_type", "events", f"mean_{column}"])
        for (subject, kind), values in sorted(found.items()):
            if len(values) >= int(least):
                writer.writerow([subject, kind, len(values), f"{statistics.fmean(values):.4f}"])
    print(f"{len(files)} files with events")


main(*sys.argv[1:])
