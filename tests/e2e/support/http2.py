"""HTTP/2 clients: python-h2 for well-behaved requests, and frames made by hand for everything else."""

import struct
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
import h2.settings
import hpack

from support.raw import Connection, Response

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY_FLAG = 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = 5, 6, 7, 8, 9
ENHANCE_YOUR_CALM = 11


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(**values):
    numbers = {"header_table": 1, "push": 2, "streams": 3, "window": 4, "frame": 5, "header_list": 6}
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", numbers[k], v) for k, v in values.items()))


@dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes
    fields: list = None  # of a whole header section

    @property
    def error_code(self):
        start = 4 if self.kind == GOAWAY else 0
        return struct.unpack(">I", self.payload[start : start + 4])[0]


class RawHttp2:
    """A connection whose frames are written by hand and read one by one."""

    def __init__(self, server, preface=True, **own_settings):
        self.connection = Connection(server.https, server.trust(), alpn=("h2",))
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.authority = f"localhost:{server.https}"
        if preface:
            self.send(PREFACE + settings(**own_settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, data):
        """False when the server has gone, which is what many a test is about."""
        try:
            self.connection.send(data)
            return True
        except OSError:
            return False

    def head(self, method="GET", path="/", **more):
        fields = [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", path)]
        return self.encoder.encode(fields + list(more.items()))

    def get(self, stream, path="/"):
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, self.head(path=path))

    def read_frame(self):
        """The next frame, None at the end of the connection."""
        try:
            head = self.connection.read_exactly(9)
            length = struct.unpack(">I", b"\0" + head[:3])[0]
            payload = self.connection.read_exactly(length)
        except (EOFError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            return None
        each = Frame(head[3], head[4], struct.unpack(">I", head[5:9])[0] & 0x7FFFFFFF, payload)
        if each.kind == HEADERS and each.flags & END_HEADERS:
            # Each one, in order: they share a table.
            each.fields = self.decoder.decode(payload)
        return each

    def frames(self):
        while each := self.read_frame():
            yield each

    def wait_for(self, kind, stream=None):
        """The next frame of a kind; others are passed over."""
        seen = []
        for each in self.frames():
            seen.append(each)
            if each.kind == kind and stream in (None, each.stream) and not (kind == SETTINGS and each.flags & ACK):
                return each
        raise AssertionError(f"no frame of kind {kind} before the end: {seen}")

    def goaway_code(self):
        """The error of the connection's GOAWAY; None when it ends without one."""
        code = None
        for each in self.frames():
            if each.kind == GOAWAY:
                code = each.error_code
        return code

    def still_serves(self, stream):
        """Whether the connection takes another request."""
        self.send(self.get(stream))
        answer = self.wait_for(HEADERS, stream)
        return (":status", "200") in answer.fields


class Http2Client:
    """Requests over one connection through python-h2. Flow control windows open as data is read."""

    def __init__(self, server, server_name="localhost", context=None, window=None):
        self.server_name = server_name
        self.authority = f"{server_name}:{server.https}"
        self.connection = Connection(server.https, context or server.trust(), server_name, alpn=("h2",))
        assert self.connection.socket.selected_alpn_protocol() == "h2"
        configuration = h2.config.H2Configuration(
            client_side=True, header_encoding="latin-1", validate_outbound_headers=False,
            normalize_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(configuration)
        if window is not None:
            self.h2.local_settings = h2.settings.Settings(
                client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.h2.initiate_connection()
        self.responses = {}
        self.ended = set()
        self.resets = {}
        self.goaway = None
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.connection.send(data)

    def start(self, method, path, fields=(), end=True, authority=None):
        head = [(":method", method), (":scheme", "https"), (":authority", authority or self.authority), (":path", path)]
        return self.start_with(head + [(k.lower(), v) for k, v in fields], end)

    def start_with(self, fields, end=True):
        """A request of just these fields, pseudo-fields included."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields, end_stream=end)
        self.flush()
        return stream

    def send_body(self, stream, body, trailers=None):
        """As fast as the server's windows allow; no further than until the server has answered and wants no more."""
        while body and self.wants_upload(stream):
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(body))
            if room <= 0:
                self.step()
                continue
            self.h2.send_data(stream, body[:room])
            body = body[room:]
            self.flush()
        if not self.wants_upload(stream):
            return
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
        else:
            self.h2.end_stream(stream)
        self.flush()

    def send_piece(self, stream, piece):
        """Of a body that goes on; no more than the windows allow."""
        self.h2.send_data(stream, piece)
        self.flush()

    def wants_upload(self, stream):
        # RFC 9113 8.1: a complete response may be followed by RST_STREAM with NO_ERROR.
        return not (stream in self.ended and self.resets.get(stream) == NO_ERROR)

    def step(self):
        data = self.connection.receive()
        if not data:
            raise EOFError("the server has closed the connection")
        for event in self.h2.receive_data(data):
            self._note(event)
        self.flush()

    def _note(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            fields = list(event.headers)
            status = int(dict(fields)[":status"])
            self.responses[event.stream_id] = Response(status, [f for f in fields if not f[0].startswith(":")])
        elif isinstance(event, h2.events.DataReceived):
            self.responses[event.stream_id].body += event.data
            if event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.responses[event.stream_id].trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.resets[event.stream_id] = event.error_code
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code

    def finish(self, stream):
        while stream not in self.ended:
            if stream in self.resets:
                raise ConnectionError(f"stream {stream} was reset with {self.resets[stream]}")
            self.step()
        return self.responses[stream]

    def request(self, method, path, fields=(), body=None, authority=None):
        stream = self.start(method, path, fields, end=body is None, authority=authority)
        if body is not None:
            self.send_body(stream, body)
        return self.finish(stream)
