"""`python -m datacontainer`, and `python scripts/datacontainer` where the package is not installed."""

import sys
from pathlib import Path

if not __package__:
    # Python puts this folder first in its search path: `hash` and others would hide modules of the same names.
    sys.path[0] = str(Path(__file__).parents[1])

from datacontainer.command.main import main

if __name__ == "__main__":
    sys.exit(main())
