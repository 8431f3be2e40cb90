"""A process that has imported Snakemake, and forks for each run: the imports take most of the time of a short run.

`warm.py ADDRESS ARGUMENT...` asks it for a run, with the folder, files, umask and environment of the asking process.
That process ends with the status of the run.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys

STANDARD_FILES = (0, 1, 2)
LENGTH_BYTES = 10
# Snakemake and the Snakefile import these in each run. The modules of this project are not among them.
LIBRARIES = ("snakemake.cli", "snakemake.storage", "smart_open", "jsonschema", "pathspec", "yaml", "yte")


def request(address: str, arguments: list[str]) -> int:
    """Asks the listening process for a run; returns its exit status."""
    os.umask(mask := os.umask(0))
    environment = {name.decode("latin-1"): value.decode("latin-1") for name, value in os.environb.items()}
    words = json.dumps([arguments, os.getcwd(), mask, environment]).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [b"%*d" % (LENGTH_BYTES, len(words))], STANDARD_FILES)
        server.sendall(words)
        status = int(server.recv(LENGTH_BYTES))
    if status < 0:
        os.kill(os.getpid(), -status)
    return status


def listen(listener: int) -> int:
    """Forks for each connection to a socket that listens, a descriptor, until the standard input ends."""
    for library in LIBRARIES:
        importlib.import_module(library)
    # It finds and imports the installed plugins.
    sys.modules["snakemake.cli"].get_argument_parser()
    with socket.socket(fileno=listener) as server:
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            client, _ = server.accept()
            first = os.fork()
            if first == 0:
                server.close()
                return answer(client)
            client.close()
            # `answer` forks again at once; its own process needs no parent.
            os.waitpid(first, 0)
    return 0


def answer(client: socket.socket) -> int:
    """Runs what the client asks for, and sends its status; ends the run if the client ends before."""
    if os.fork():
        os._exit(0)
    length, files, _, _ = socket.recv_fds(client, LENGTH_BYTES, len(STANDARD_FILES))
    words = bytearray()
    while len(words) < int(length):
        words += client.recv(1 << 20)
    child = os.fork()
    if child == 0:
        client.close()
        become(files, *json.loads(words))
    ended = os.pidfd_open(child)
    if ended not in select.select([ended, client], [], [])[0]:
        stop(child)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    client.send(b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(files: list[int], arguments: list[str], folder: str, mask: int, environment: dict[str, str]) -> None:
    """Makes this process what `python -m snakemake` would be; ends with its status."""
    import runpy
    import tempfile
    import time

    for file, standard in zip(files, STANDARD_FILES, strict=True):
        os.dup2(file, standard)
        os.close(file)
    os.umask(mask)
    os.chdir(folder)
    os.environb.clear()
    os.environb.update({name.encode("latin-1"): value.encode("latin-1") for name, value in environment.items()})
    time.tzset()
    tempfile.tempdir = None
    sys.path[0], sys.argv = folder, ["", *arguments]
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)


def stop(process: int) -> None:
    """Kills a process and those that it started."""
    import psutil

    first = psutil.Process(process)
    for one in [first, *first.children(recursive=True)]:
        one.send_signal(signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(listen(int(sys.argv[1])) if len(sys.argv) == 2 else request(sys.argv[1], sys.argv[2:]))
