"""Find: prints the data containers of a registry."""

import argparse
import sys

from datacontainer.compare.find import Search
from datacontainer.compare.lineage import digests_of
from datacontainer.compare.shown import write_records
from datacontainer.runtime.interrupt import stop_with_a_line


def find(given: argparse.Namespace) -> int:
    """Prints the data containers that match, and on standard error those that were left out.

    Returns 1 if there is none, else 0.

    Raises:
        DataContainerError: see `compare.find.Search.containers` and `compare.lineage.digests_of`.
    """
    stop_with_a_line()
    count = None
    if given.where is not None:
        from datacontainer.compare.condition import Condition

        count = Condition(given.where).count
    made_from = digests_of(given.made_from, plain_http=given.plain_http)
    options = {"made_from": made_from, "with_results": given.results, "plain_http": given.plain_http}
    search = Search(given.words, count, **options)
    write_records(search.containers(given.registry), given.format)
    notes = list(search.notes())
    for line in notes if notes or search.found else [f"no data container found in {given.registry}"]:
        print(line, file=sys.stderr)
    return 0 if search.found else 1
