"""HTTP/3 read frame by frame (RFC 9114). For the agent, whose Python has pylsqpack.

Says each frame as it comes; what a server may not send is said as "problem".
"""

import pylsqpack
from aioquic.buffer import Buffer, BufferReadError
from aioquic.h3.connection import encode_frame, encode_settings, validate_response_headers, validate_trailers

DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 0, 1, 3, 4, 5, 7, 13
CONTROL, PUSH, QPACK_ENCODER, QPACK_DECODER = range(4)
QPACK_TABLE_CAPACITY, FIELD_SECTION_MAX, QPACK_BLOCKED_STREAMS = 1, 6, 7

# Of a client, in the order in which its streams are opened here.
CONTROL_STREAM, ENCODER_STREAM, DECODER_STREAM = 2, 6, 10

TABLE_BYTES, BLOCKED_STREAMS = 4096, 16


def opening(settings=None):
    """What a client begins with, by stream."""
    own = {QPACK_TABLE_CAPACITY: TABLE_BYTES, QPACK_BLOCKED_STREAMS: BLOCKED_STREAMS, **(settings or {})}
    return {CONTROL_STREAM: bytes([CONTROL]) + encode_frame(SETTINGS, encode_settings(own)),
            ENCODER_STREAM: bytes([QPACK_ENCODER]), DECODER_STREAM: bytes([QPACK_DECODER])}


def text_of(fields):
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


class Incoming:
    """One stream of the server's, or the server's side of a request."""

    def __init__(self):
        self.bytes = b""
        self.kind = None  # of a stream in one direction
        self.data_left = 0
        self.head_seen = self.trailers_seen = False
        self.blocked = False
        self.ended = False


class Framing:
    """`say(event, stream, **more)` is told what comes; `send(stream, bytes)` sends on the QPACK streams."""

    def __init__(self, say, send):
        self.say = say
        self.send = send
        self.encoder = pylsqpack.Encoder()
        self.decoder = pylsqpack.Decoder(TABLE_BYTES, BLOCKED_STREAMS)
        self.streams = {}
        self.settings_seen = False

    def encode(self, stream, fields):
        """A HEADERS frame."""
        instructions, section = self.encoder.encode(
            stream, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields])
        if instructions:
            self.send(ENCODER_STREAM, instructions)
        return encode_frame(HEADERS, section)

    def receive(self, stream, data, ended):
        incoming = self.streams.setdefault(stream, Incoming())
        incoming.bytes += data
        incoming.ended = incoming.ended or ended
        if stream % 4 == 0:
            self._read_response(stream, incoming)
        elif stream % 4 == 3:
            self._read_one_way(stream, incoming)
        else:
            self.say("problem", stream, text="a server may not open streams in both directions (RFC 9114 6.1)")

    def _read_one_way(self, stream, incoming):
        if incoming.kind is None:
            incoming.kind = take_number(incoming)
            if incoming.kind is None:
                return
            self.say("opened", stream, kind=incoming.kind)
        if incoming.ended and incoming.kind in (CONTROL, QPACK_ENCODER, QPACK_DECODER):
            self.say("problem", stream, text="a critical stream was closed (RFC 9114 6.2.1)")
        data = incoming.bytes
        if incoming.kind == CONTROL:
            while frame := take_frame(incoming):
                self._control_frame(stream, *frame)
            return
        incoming.bytes = b""
        if incoming.kind == QPACK_ENCODER:
            for unblocked in self.decoder.feed_encoder(data):
                self._resume(unblocked)
        elif incoming.kind == QPACK_DECODER:
            self.encoder.feed_decoder(data)
        elif incoming.kind == PUSH:
            self.say("problem", stream, text="a push, though no MAX_PUSH_ID allows one (RFC 9114 4.6)")

    def _control_frame(self, stream, kind, payload):
        if (kind == SETTINGS) == self.settings_seen:
            self.say("problem", stream, text="SETTINGS must be the first frame and come once (RFC 9114 6.2.1)")
        if kind == SETTINGS:
            self.settings_seen = True
            values = read_settings(payload)
            self.say("settings", stream, values=values)
            instructions = self.encoder.apply_settings(
                min(values.get(QPACK_TABLE_CAPACITY, 0), TABLE_BYTES), values.get(QPACK_BLOCKED_STREAMS, 0))
            if instructions:
                self.send(ENCODER_STREAM, instructions)
        elif kind == GOAWAY:
            self.say("goaway", stream, id=Buffer(data=payload).pull_uint_var())
        elif kind in (DATA, HEADERS, PUSH_PROMISE, MAX_PUSH_ID, 2, 6, 8, 9):
            self.say("problem", stream, text=f"frame {kind} may not be on the control stream (RFC 9114 7.2)")

    def _read_response(self, stream, incoming):
        while not incoming.blocked:
            if incoming.data_left:
                piece, incoming.bytes = incoming.bytes[: incoming.data_left], incoming.bytes[incoming.data_left :]
                if not piece:
                    break
                incoming.data_left -= len(piece)
                self.say("data", stream, data=piece)
                continue
            start = incoming.bytes
            kind, length = take_number(incoming), None
            if kind is not None:
                length = take_number(incoming)
            if length is None or kind != DATA and len(incoming.bytes) < length:
                incoming.bytes = start
                break
            if kind == DATA:
                if not incoming.head_seen or incoming.trailers_seen:
                    self.say("problem", stream, text="DATA before the header or behind the trailers (RFC 9114 4.1)")
                incoming.data_left = length
                continue
            payload, incoming.bytes = incoming.bytes[:length], incoming.bytes[length:]
            if kind == HEADERS:
                self._headers(stream, incoming, payload)
            elif kind in (CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID, 2, 6, 8, 9):
                self.say("problem", stream, text=f"frame {kind} may not be in a response (RFC 9114 7.2)")
        if incoming.ended and not incoming.blocked:
            if incoming.bytes or incoming.data_left:
                self.say("problem", stream, text="the stream ends within a frame (RFC 9114 7.1)")
            self.say("end", stream)

    def _headers(self, stream, incoming, section):
        try:
            instructions, fields = self.decoder.feed_header(stream, section)
        except pylsqpack.StreamBlocked:
            incoming.blocked = True
            return
        self._fields(stream, incoming, instructions, fields)

    def _resume(self, stream):
        incoming = self.streams[stream]
        incoming.blocked = False
        self._fields(stream, incoming, *self.decoder.resume_header(stream))
        self._read_response(stream, incoming)

    def _fields(self, stream, incoming, instructions, fields):
        if instructions:
            self.send(DECODER_STREAM, instructions)
        if incoming.head_seen:
            validate_trailers(fields)
            incoming.trailers_seen = True
            self.say("trailers", stream, fields=text_of(fields))
            return
        validate_response_headers(fields)
        text = text_of(fields)
        status = int(text[0][1])
        incoming.head_seen = status >= 200
        self.say("head" if incoming.head_seen else "interim", stream, status=status, fields=text[1:])


def take_number(incoming):
    """The variable-length integer in front; None when it is not all there yet."""
    buffer = Buffer(data=incoming.bytes)
    try:
        number = buffer.pull_uint_var()
    except BufferReadError:
        return None
    incoming.bytes = incoming.bytes[buffer.tell() :]
    return number


def take_frame(incoming):
    start = incoming.bytes
    kind = take_number(incoming)
    length = None if kind is None else take_number(incoming)
    if length is None or len(incoming.bytes) < length:
        incoming.bytes = start
        return None
    payload, incoming.bytes = incoming.bytes[:length], incoming.bytes[length:]
    return kind, payload


def read_settings(payload):
    buffer, values = Buffer(data=payload), {}
    while not buffer.eof():
        name = buffer.pull_uint_var()
        assert name not in values, f"setting {name} stands twice (RFC 9114 7.2.4)"
        values[name] = buffer.pull_uint_var()
    return values
