"""A WebSocket server behind the proxy: says back what it hears (RFC 6455)."""

import base64
import hashlib

from support.upstream import Reader

TEXT, CLOSE = 1, 8


def frame(kind, payload):
    assert len(payload) < 126
    return bytes([0x80 | kind, len(payload)]) + payload


def read_frame(reader):
    first, second = reader.exactly(2)
    assert second & 0x80, "a client's frames are masked"
    length = second & 0x7F
    if length == 126:
        length = int.from_bytes(reader.exactly(2), "big")
    mask = reader.exactly(4)
    return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(reader.exactly(length)))


def echo(received, sock):
    """An answer of Upstream."""
    key = received.get("sec-websocket-key")
    assert len(base64.b64decode(key)) == 16 and received.get("sec-websocket-version") == "13"
    accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    sock.sendall((
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
    reader = Reader(sock)
    while True:
        kind, payload = read_frame(reader)
        sock.sendall(frame(kind, payload))
        if kind == CLOSE:
            return b""
