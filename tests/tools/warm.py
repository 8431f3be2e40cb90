"""A process that has imported libraries, and forks for each program: the imports take most of the time of a short one.

ask.py asks it for a program.
"""

import atexit
import gc
import importlib
import marshal
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import threading
import time

import psutil
from ask import NUMBER_BYTES, STANDARD_FILES

# Snakemake, the Snakefile and the stages import these. The modules of this project are not among them.
LIBRARIES = ("snakemake.cli", "snakemake.storage", "smart_open", "jsonschema", "pathspec", "yaml", "yte")
LIBRARIES += ("pyarrow.parquet", "pyarrow.compute", "tarfile", "concurrent.futures.thread")


def listen(listener: int) -> None:
    """Forks for each connection to a socket that listens, a descriptor, until the standard input ends."""
    for library in LIBRARIES:
        importlib.import_module(library)
    # It finds and imports the installed plugins.
    sys.modules["snakemake.cli"].get_argument_parser()
    # A search for garbage would copy all of these objects in each fork.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=listener) as server:
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            client, address = server.accept()[0], server.getsockname()
            first = os.fork()
            if first == 0:
                server.close()
                answer(client, address)
            client.close()
            # `answer` forks again at once; its own process needs no parent.
            os.waitpid(first, 0)


def answer(client: socket.socket, address: str) -> None:
    """Runs what the client asks for, and sends its status; ends the program if the client ends before."""
    if os.fork():
        os._exit(0)
    length, files, _, _ = socket.recv_fds(client, NUMBER_BYTES, len(STANDARD_FILES))
    request = bytearray()
    while len(request) < int(length):
        request += client.recv(1 << 20)
    child = os.fork()
    if child == 0:
        client.close()
        become(address, files, marshal.loads(request))
    ended = os.pidfd_open(child)
    if ended not in select.select([ended, client], [], [])[0]:
        stop(child)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    client.send(b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(address: str, files: list[int], request: tuple[tuple[str, ...], str, int, dict[bytes, bytes]]) -> None:
    """Makes this process what `python ARGUMENT...` would be, and runs it; ends with its status.

    request: the arguments, the folder, the umask and the environment.
    """
    arguments, folder, mask, environment = request
    for file, standard in zip(files, STANDARD_FILES, strict=True):
        os.dup2(file, standard)
        os.close(file)
    os.umask(mask)
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(environment)
    time.tzset()
    tempfile.tempdir = None
    try:
        if arguments[0] == "-m":
            # Snakemake starts each job with this program.
            sys.executable = f"{address}.bin/python"
            sys.path[0], sys.argv = folder, list(arguments[1:])
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            # `run_path` puts the program's folder first.
            del sys.path[0]
            sys.argv = list(arguments)
            runpy.run_path(arguments[0], run_name="__main__")
        sys.exit()
    except SystemExit as end:
        leave(end.code)


def leave(code: object) -> None:
    """Ends this process as Python does, but deletes no objects, which takes longer than a short run."""
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((code or 0) & 255)


def stop(process: int) -> None:
    """Kills a process and those that it started."""
    first = psutil.Process(process)
    for one in [first, *first.children(recursive=True)]:
        one.send_signal(signal.SIGKILL)


if __name__ == "__main__":
    listen(int(sys.argv[1]))
