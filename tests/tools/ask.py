"""Asks a process of warm.py to run a program of Python: `ask.py ADDRESS ARGUMENT...` is like `python ARGUMENT...`.

Each such program starts this one, which imports as little as it can.
"""

import marshal
import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOL_SOCKET, socket

STANDARD_FILES = (0, 1, 2)
NUMBER_BYTES = 10


def main(address: str, *arguments: str) -> None:
    """Ends with the exit status of the program, which has the folder, files, umask and variables of this process."""
    os.umask(mask := os.umask(0))
    request = marshal.dumps((arguments, os.getcwd(), mask, dict(os.environb)))
    files = b"".join(one.to_bytes(4, sys.byteorder) for one in STANDARD_FILES)
    server = socket(AF_UNIX)
    server.connect(address)
    server.sendmsg([b"%*d" % (NUMBER_BYTES, len(request))], [(SOL_SOCKET, SCM_RIGHTS, files)])
    server.sendall(request)
    status = int(server.recv(NUMBER_BYTES))
    if status < 0:
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
