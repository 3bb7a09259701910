"""Streams that a test stands in the middle of."""

import contextlib
import socket
import threading

from support.wait import PATIENCE


def carry(ours, address):
    """Both directions of an accepted connection, to and from a server, until both have ended."""
    with contextlib.suppress(OSError), socket.create_connection(address) as theirs:
        back = threading.Thread(target=_pump, args=(theirs, ours), daemon=True)
        back.start()
        _pump(ours, theirs)
        back.join(PATIENCE)


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
