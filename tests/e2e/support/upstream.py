"""A server behind the proxy that does what a test tells it, byte for byte."""

import contextlib
import queue
import socket
import ssl
import threading
from dataclasses import dataclass, field

from support.raw import Message
from support.wait import PATIENCE


@dataclass
class Received(Message):
    method: str
    target: str
    fields: list
    body: bytes
    connection: int
    trailers: list = field(default_factory=list)


class Reader:
    """A connection's bytes, read as a strict HTTP/1.1 server does."""

    def __init__(self, sock):
        self.socket = sock
        self.pending = b""

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.pending += data

    def until(self, mark):
        while mark not in self.pending:
            self.more()
        text, _, self.pending = self.pending.partition(mark)
        return text

    def exactly(self, count):
        while len(self.pending) < count:
            self.more()
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def fields(self, text):
        lines = [line.split(": ", 1) for line in text.split("\r\n") if line]
        return [(name.lower(), value) for name, value in lines]

    def request(self, number):
        line, _, rest = self.until(b"\r\n\r\n").decode("latin-1").partition("\r\n")
        method, target, version = line.split(" ")
        assert version == "HTTP/1.1", line
        received = Received(method, target, self.fields(rest), b"", number)
        if received.get("transfer-encoding"):
            assert received.get("transfer-encoding") == "chunked" and received.get("content-length") is None
            self.chunks(received)
        elif received.get("content-length"):
            received.body = self.exactly(int(received.get("content-length")))
        return received

    def chunks(self, received):
        while size := int(self.until(b"\r\n"), 16):
            received.body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        while line := self.until(b"\r\n"):
            received.trailers += self.fields(line.decode())


def response(body=b"", status="200 OK", fields=(), length=True):
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
    if length:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode("latin-1") + b"\r\n" + body


class Upstream:
    """`answer(received, sock)` gives the bytes of the response, or None after it has done everything by itself. An answer
    of b"" closes the connection."""

    def __init__(self, answer, port=0, address="127.0.0.1"):
        self.answer = answer
        self.received = []
        self.arrived = queue.Queue()
        self.connections = 0
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        self.open = set()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        # Ends the accept that another thread is in, which closing would not.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop_connections()

    def drop_connections(self):
        with self.lock:
            for sock in self.open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                sock.settimeout(PATIENCE)
                with self.lock:
                    self.connections += 1
                    self.open.add(sock)
                threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock, number):
        reader = Reader(sock)
        with contextlib.suppress(OSError, EOFError):
            while True:
                received = reader.request(number)
                self.received.append(received)
                self.arrived.put(received)
                answer = self.answer(received, sock)
                if answer == b"":
                    break
                if answer is not None:
                    sock.sendall(answer)
        with self.lock:
            self.open.discard(sock)
        sock.close()


class TlsUpstream(Upstream):
    """The same over TLS. `clients`: the authority's file that clients must have a certificate of; `chosen`: the
    protocols ALPN led to; `presented`: the serial numbers of the clients' certificates."""

    def __init__(self, answer, certificate, alpn=("http/1.1",), clients=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.certificate, certificate.key)
        self.context.set_alpn_protocols(list(alpn))
        if clients:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(clients)
        self.chosen = []
        self.presented = []
        super().__init__(answer)

    @property
    def address(self):
        return f"https://localhost:{self.port}"

    def _serve(self, sock, number):
        with contextlib.suppress(OSError), self.context.wrap_socket(sock, server_side=True) as secured:
            self.chosen.append(secured.selected_alpn_protocol())
            if certificate := secured.getpeercert():
                self.presented.append(int(certificate["serialNumber"], 16))
            super()._serve(secured, number)
