"""`python -m datacontainer`, and `python scripts/datacontainer` where the package is not installed."""

import signal
import sys
from pathlib import Path

# Until a stage has opened its log, Ctrl-C ends a job without Python's trace.
signal.signal(signal.SIGINT, signal.SIG_DFL)

if not __package__:
    # Python puts this folder first in its search path: `hash` and others would hide modules of the same names.
    sys.path[0] = str(Path(__file__).parents[1])

from datacontainer.command.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
