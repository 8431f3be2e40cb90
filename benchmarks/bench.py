"""Measures the workflow, its stages and the entrypoint in alternating runs with other programs; prints one table.

docs/performance.md contains the last table. All rows take about 25 minutes on two quiet cores, and 30 GB of disk.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import machine
from engines import engines
from entrypoint import entrypoint
from measure import CLOCKS, MissingProgramError
from pipeline import Bench, archive, data, edit, million, orchestration, sif
from registry import registry
from serve import serve
from table import HEAD, Figure

ROWS: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    one.__name__: one
    for one in (orchestration, data, archive, sif, edit, million, entrypoint, serve, registry, engines)
}
# Spread of a short loop, and processes for each core.
QUIET_SPREAD, QUIET_LOAD = 0.1, 0.3
NOISY = " °"


def main() -> int:
    """Measures and prints the table, each row as soon as it is measured. Returns 1 if a row failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help="groups of rows to measure; default: %(default)s")
    parser.add_argument(
        "--times", type=int, default=5, help="runs of each command, 3 of the longest; default: %(default)s"
    )
    parser.add_argument("--quick", action="store_true", help="small datasets and one run, to try the benchmarks")
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    parser.add_argument("--clock", choices=CLOCKS, default="wall-clock", help="default: %(default)s")
    options = parser.parse_args()
    os.environ["CLOCK"] = options.clock
    names = options.rows.split(",")
    if unknown := set(names) - ROWS.keys():
        parser.error(f"--rows {','.join(unknown)}: choose of {', '.join(ROWS)}")
    bench = Bench(options.work.resolve(), 1 if options.quick else options.times, quick=options.quick)
    print(f"{machine.description(bench.work)} {_noise()} Seconds are {options.clock} seconds.\n\n{HEAD}", flush=True)
    good = [_print_rows(name, bench) for name in names]
    print(f"\n{NOISY.strip()}: the machine was not quiet before or after this row.")
    return 0 if all(good) else 1


def _print_rows(name: str, bench: Bench) -> bool:
    """Prints the rows of a group; returns whether none failed."""
    print(f"measuring {name}", file=sys.stderr)
    spread = machine.spread()
    try:
        for figure in ROWS[name](bench):
            spread, before = machine.spread(), spread
            print(figure.markdown(NOISY if max(before, spread) > QUIET_SPREAD else ""), flush=True)
    except MissingProgramError as error:
        print(f"| {name} | | | | | | not measured: {error} |", flush=True)
    except (RuntimeError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        print(f"| {name} | | | | | | **failed** |", flush=True)
        return False
    return True


def _noise() -> str:
    load, spread = machine.load(), machine.spread()
    quiet = load <= QUIET_LOAD and spread <= QUIET_SPREAD
    found = f"{load:.2f} processes for each core, and times of a short loop within {spread:.0%}"
    return f"Before the first row: {found}{'' if quiet else ': **not quiet**, the figures are not reliable'}."


if __name__ == "__main__":
    sys.exit(main())
