"""Writes the tables of a survey of birds. Needs pyarrow: python generate.py FOLDER."""

import random
import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

SPECIES = {"TURMER": "Turdus merula", "ERIRUB": "Erithacus rubecula", "PARMAJ": "Parus major"}
SITES = {"A": "forest", "B": "park", "C": "farmland"}
YEARS = (2023, 2024, 2025)
README = """Counts of birds on three sites in three springs, invented for an example of datacontainer.
"""


def counts(year, chance):
    """Returns the rows of a year: date, site, species, count."""
    days = [f"{year}-{month:02}-{chance.randint(1, 28):02}" for month in (4, 5, 6)]
    return [(day, site, code, str(chance.randint(0, 9))) for day in days for site in SITES for code in SPECIES]


def generate(folder):
    """Fills the folder with the dataset."""
    chance = random.Random(15)
    (folder / "counts").mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(README)
    (folder / "species.tsv").write_text(
        "".join(f"{code}\t{name}\n" for code, name in {"code": "name", **SPECIES}.items())
    )
    (folder / "sites.csv").write_text(
        "".join(f"{site},{kind}\n" for site, kind in {"site": "habitat", **SITES}.items())
    )
    rows = []
    for year in YEARS:
        found = counts(year, chance)
        columns = ["date", "site", "species", "count"]
        if year == 2025:
            # In the last year, the observers also wrote their name, and one left a cell empty.
            columns.append("observer")
            found = [(*row, chance.choice(["ab", "cd"])) for row in found]
            found[4] = (*found[4][:3], "", found[4][4])
        (folder / f"counts/{year}.csv").write_text("".join(",".join(row) + "\n" for row in [columns, *found]))
        rows += [row[:4] for row in found if row[3]]
    table = pa.table(
        {
            "date": [row[0] for row in rows],
            "site": [row[1] for row in rows],
            "species": [row[2] for row in rows],
            "count": pa.array([int(row[3]) for row in rows], pa.int16()),
        }
    )
    parquet.write_table(table, folder / "all.parquet", compression="zstd")


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
