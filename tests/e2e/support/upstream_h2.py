"""A server behind the proxy that speaks HTTP/2: clear with prior knowledge, or over TLS with ALPN."""

import contextlib
import queue
import socket
import ssl
import threading
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from support.wait import PATIENCE


@dataclass
class Received:
    stream: int
    fields: list
    connection: int
    body: bytes = b""
    trailers: list = field(default_factory=list)

    def get(self, name):
        values = [value for key, value in self.fields if key == name]
        assert len(values) <= 1, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None


class Session:
    """One connection. Everything happens on its own thread; bodies go out as fast as the windows allow."""

    def __init__(self, server, sock, number):
        self.server = server
        self.socket = sock
        self.number = number
        self.requests = {}
        self.unsent = {}  # stream: (bytes, trailers)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        while data := self.socket.recv(65536):
            for event in self.h2.receive_data(data):
                self.note(event)
            self.send_bodies()
            self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def note(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.requests[event.stream_id] = Received(event.stream_id, list(event.headers), self.number)
            self.server.begun.put(self.requests[event.stream_id])
            if self.server.at_head:
                self.server.at_head(self.requests[event.stream_id], self)
        elif isinstance(event, h2.events.DataReceived):
            self.requests[event.stream_id].body += event.data
            if event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.requests[event.stream_id].trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamReset):
            self.unsent.pop(event.stream_id, None)
            self.server.resets.put((event.stream_id, event.error_code))
        elif isinstance(event, h2.events.StreamEnded):
            received = self.requests[event.stream_id]
            self.server.received.append(received)
            if self.server.answer:
                self.server.answer(received, self)

    def head(self, stream, status=200, fields=(), end=False):
        self.h2.send_headers(stream, [(":status", str(status)), *fields], end_stream=end)

    def respond(self, stream, body=b"", status=200, fields=(), trailers=()):
        self.head(stream, status, fields)
        self.unsent[stream] = (body, list(trailers))

    def send_bodies(self):
        for stream, (body, trailers) in list(self.unsent.items()):
            with contextlib.suppress(h2.exceptions.StreamClosedError):
                while body and (room := min(self.h2.local_flow_control_window(stream), 16384, len(body))) > 0:
                    self.h2.send_data(stream, body[:room])
                    body = body[room:]
                self.unsent[stream] = (body, trailers)
                if body:
                    continue
                del self.unsent[stream]
                if trailers:
                    self.h2.send_headers(stream, trailers, end_stream=True)
                else:
                    self.h2.end_stream(stream)


class Http2Upstream:
    """`answer(received, session)` is called with each whole request, `at_head(received, session)` with each head."""

    def __init__(self, answer=None, at_head=None, certificate=None, alpn=("h2",)):
        self.answer = answer
        self.at_head = at_head
        self.received = []
        self.begun = queue.Queue()
        self.resets = queue.Queue()
        self.connections = 0
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate.certificate, certificate.key)
            self.context.set_alpn_protocols(list(alpn))
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"https://localhost:{self.port}" if self.context else f"h2c://127.0.0.1:{self.port}"

    def close(self):
        # Ends the accept and the reads that other threads are in, which closing would not.
        for sock in (self.listener, *self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                sock.settimeout(PATIENCE)
                self.connections += 1
                self.open.append(sock)
                threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock, number):
        with contextlib.suppress(OSError), contextlib.closing(sock):
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            with contextlib.closing(sock):
                Session(self, sock, number).run()
