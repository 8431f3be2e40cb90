"""The command line: `datacontainer pack FOLDER`, `datacontainer load NAME`, and each stage as a command."""

import gc
import sys
from collections.abc import Sequence

from datacontainer.command.stage import run_task
from datacontainer.runtime.errors import DataContainerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status: 0 done, 1 wrong data, 2 wrong usage, 3 a tool is missing.

    The command of a job of a workflow is: the name of a stage, the task as JSON, --log, and the log's path.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        match words:
            case [stage, task, "--log", log] if task.startswith("{"):
                return run_task(stage, task, log)
        return _run(words)
    except DataContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    finally:
        # The search for garbage at the end of Python takes up to a fifth of a short job's time.
        gc.freeze()


def _run(words: list[str]) -> int:
    # A job does not need this import, which costs time.
    from datacontainer.command.arguments import parser

    end = words.index("--") if "--" in words else len(words)
    given = parser().parse_args(words[:end])
    given.further = words[end + 1 :]
    status: int = given.run(given)
    return status
