"""A socket, with or without TLS, and HTTP/1.1 read from it strictly."""

import socket
import ssl
from dataclasses import dataclass, field

from support.wait import PATIENCE


class Message:
    """What has `fields`: pairs of a name in lower case and a value."""

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def get(self, name):
        """The value of a field that stands at most once."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None


@dataclass
class Response(Message):
    status: int
    fields: list = field(default_factory=list)
    body: bytes = b""
    trailers: list = field(default_factory=list)


class Connection:
    """Bytes to and from the server; every wait ends."""

    def __init__(self, port, context=None, server_name="localhost", alpn=("http/1.1",), receive_buffer=None,
                 preamble=b""):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(PATIENCE)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock.connect(("127.0.0.1", port))
            sock.sendall(preamble)
            if context:
                context.set_alpn_protocols(list(alpn))
                sock = context.wrap_socket(sock, server_hostname=server_name)
        except BaseException:
            sock.close()
            raise
        self.socket = sock
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def end_sending(self):
        # SSLSocket's own method would forget the TLS session, and with it how to read.
        socket.socket.shutdown(self.socket, socket.SHUT_WR)

    def receive(self, most=65536):
        """What is there; b"" at the end, however the server has ended the connection."""
        if self.pending:
            data, self.pending = self.pending, b""
            return data
        try:
            return self.socket.recv(most)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def receive_all(self):
        pieces = []
        while piece := self.receive():
            pieces.append(piece)
        return b"".join(pieces)

    def _fill(self):
        data = self.receive()
        if not data:
            raise EOFError("the server has closed the connection")
        return data

    def read_until(self, mark):
        data, self.pending = self.pending, b""
        while mark not in data:
            data += self._fill()
        data, self.pending = data.split(mark, 1)
        return data

    def read_exactly(self, count):
        data = bytearray(self.pending)
        self.pending = b""
        while len(data) < count:
            data += self._fill()
        self.pending = bytes(data[count:])
        return bytes(data[:count])

    def read_head(self):
        lines = self.read_until(b"\r\n\r\n").split(b"\r\n")
        version, status, _ = (lines[0] + b" ").split(b" ", 2)
        assert version == b"HTTP/1.1", lines[0]
        return Response(int(status), read_fields(lines[1:]))

    def read_response(self, method="GET"):
        """The next final response; interim ones are passed over."""
        response = self.read_head()
        while response.status < 200:
            response = self.read_head()
        if method == "HEAD" or response.status in (204, 304):
            return response
        if response.get("transfer-encoding"):
            assert response.get("transfer-encoding") == "chunked"
            assert response.get("content-length") is None
            response.body = self._read_chunks(response)
        elif response.get("content-length") is not None:
            response.body = self.read_exactly(int(response.get("content-length")))
        else:
            response.body = self.receive_all()
        return response

    def _read_chunks(self, response):
        body = b""
        while size := int(self.read_until(b"\r\n").split(b";")[0], 16):
            body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"
        while line := self.read_until(b"\r\n"):
            response.trailers += read_fields([line])
        return body

    def is_closed(self):
        """Waits for the end of the connection; false when something else comes first."""
        return self.receive() == b""


def read_fields(lines):
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        assert colon and name and not name.endswith(b" "), line
        fields.append((name.decode().lower(), value.strip().decode("latin-1")))
    return fields


class Recording(Connection):
    """Reads what was received before."""

    def __init__(self, data):
        self.pending = data

    def receive(self, most=0):
        data, self.pending = self.pending, b""
        return data


def read_responses(data):
    """All final responses in the whole output of a connection."""
    recording = Recording(data)
    responses = []
    while recording.pending:
        responses.append(recording.read_response())
    return responses
