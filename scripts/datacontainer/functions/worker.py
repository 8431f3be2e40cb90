"""Worker: a program that calls users' functions, which may do anything to its process; process.py starts this file.

multiprocessing imports it in the processes of a pool that a function starts.
"""

import ctypes
import inspect
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

if __name__ == "__main__":
    # Python puts this folder first in its search path: it would hide modules of the same names.
    sys.path[:] = json.loads(sys.argv[1])[-1]

from datacontainer.functions.files import read_listed
from datacontainer.functions.load import UserFiles, load
from datacontainer.functions.reasons import reason
from datacontainer.functions.surroundings import Surroundings, high
from datacontainer.functions.values import RefusedError, plain_fields, shown
from datacontainer.functions.work import CHANGED, FAILED, PEAK, PIPE_CLOSED, STEP, UNLOADED, Work
from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.limits import peak_kilobytes

# Pools find the functions in users' files.
sys.meta_path.append(UserFiles)
PR_SET_PDEATHSIG = 1


def main(work: Work) -> None:
    """Calls the functions for each file of the list in the standard input, or for the catalog; sends the results."""
    _end_with(work.parent)
    listed = open(high(os.dup(0)), "rb", buffering=0)  # noqa: SIM115
    worker = Worker(work)
    if not worker.load():
        return
    if work.catalog:
        worker.call(worker.frame.copy if len(work.functions) > 1 else lambda: worker.frame)
    else:
        folder = high(os.open(work.root, os.O_RDONLY | os.O_DIRECTORY))
        for file in islice(read_listed(listed), work.first, None):
            worker.call(partial(os.path.join, work.root, os.fsdecode(file.path)), partial(file.difference, folder))
    worker.send(PEAK + b"%d" % peak_kilobytes())


class Worker:
    """Calls functions and sends the results."""

    def __init__(self, work: Work) -> None:
        """Nothing is loaded yet."""
        self._work, self._results = work, high(work.results)
        self._pid, self._surroundings = os.getpid(), Surroundings()
        self._functions: list[Callable[..., Any]] = []
        self._more: list[tuple[str, ...]] = []
        self.frame: Any = None
        self._traced: set[tuple[int, str, str]] = set()

    def load(self) -> bool:
        """Loads the catalog and the functions; sends an error and returns False if one cannot be loaded.

        The catalog is loaded first, because the time limit begins after the last function.
        """
        try:
            self.frame = _data_frame(self._work.catalog) if self._work.catalog else None
            for spec in self._work.functions:
                self._functions.append(load(spec, dataset=bool(self._work.catalog)))
                self._more.append((self._work.root,) if _takes_folder(self._functions[-1]) else ())
                self.send(STEP)
        except (DataContainerError, ImportError) as error:
            self.send(UNLOADED + json.dumps(str(error)).encode())
            return False
        return True

    def call(self, argument: Callable[[], Any], difference: Callable[[], str] = lambda: "") -> None:
        """Calls each function with the argument, sends failures and differences, and then the fields of all."""
        fields: dict[str, Any] = {}
        for number, function in enumerate(self._functions):
            if number:
                self.send(STEP)
            self._surroundings.restore()
            try:
                taken = {*self._work.taken, *fields} if number else self._work.taken
                fields |= plain_fields(
                    function(argument(), *self._more[number]), taken, in_json=bool(self._work.catalog)
                )
            except BaseException as error:  # noqa: BLE001
                self._fail(number, function, error)
            if found := difference():
                self.send(CHANGED + json.dumps([number, found]).encode())
        self.send(json.dumps(fields).encode())

    def _fail(self, number: int, function: Callable[..., Any], error: BaseException) -> None:
        """Sends a failure, with the trace of the first one of a function, a type and a line."""
        refused, place = isinstance(error, RefusedError), _place(error, function)
        problem = str(error) if refused else f"{shown(error)}{place}"
        cause = number, type(error).__name__, place
        untraced = cause in self._traced or (refused and not error.__cause__)
        self._traced.add(cause)
        trace = "" if untraced else "".join(traceback.format_exception(error))
        self.send(FAILED + json.dumps([number, problem, trace, reason(error, self._work.root)]).encode())

    def send(self, message: bytes) -> None:
        """Sends a message; ends a copy of this process that a function made with fork and that returned."""
        if os.getpid() != self._pid:
            os._exit(0)
        message += b"\n"
        try:
            while message:
                message = message[os.write(self._results, message) :]
        except OSError:
            os._exit(PIPE_CLOSED)


def _takes_folder(function: Callable[..., Any]) -> bool:
    """Whether a function needs the dataset's folder as its second argument."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in positional and one.default is inspect.Parameter.empty for one in parameters) == 2


def _place(error: BaseException, function: Callable[..., Any]) -> str:
    """The line of the user's file in which the error was raised."""
    code = getattr(function, "__code__", None)
    steps = [step for step in traceback.extract_tb(error.__traceback__) if code and step.filename == code.co_filename]
    return f", in line {steps[-1].lineno} of {os.path.basename(steps[-1].filename)!r}" if steps else ""


def _data_frame(catalog: str) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(catalog).to_pandas()


def _end_with(parent: int) -> None:
    """Lets the kernel end this process together with its parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    main(Work.decode(sys.argv.pop()))
