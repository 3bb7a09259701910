"""HTTP/3 clients. The work is done by http3_agent.py in another Python; here it is a client like Http2Client."""

import atexit
import base64
import itertools
import json
import queue
import subprocess
import threading
from pathlib import Path

from support import clients
from support.raw import Response
from support.wait import PATIENCE, wait_until

CONTROL_STREAM, ENCODER_STREAM, DECODER_STREAM = 2, 6, 10
FIRST_FREE_ONE_WAY_STREAM = 14

VERSION_1, VERSION_2 = 1, 0x6B3343CF

H3_NO_ERROR, H3_GENERAL_PROTOCOL_ERROR, H3_INTERNAL_ERROR, H3_STREAM_CREATION_ERROR = 0x100, 0x101, 0x102, 0x103
H3_CLOSED_CRITICAL_STREAM, H3_FRAME_UNEXPECTED, H3_FRAME_ERROR, H3_EXCESSIVE_LOAD = 0x104, 0x105, 0x106, 0x107
H3_ID_ERROR, H3_SETTINGS_ERROR, H3_MISSING_SETTINGS, H3_REQUEST_REJECTED = 0x108, 0x109, 0x10A, 0x10B
H3_REQUEST_CANCELLED, H3_REQUEST_INCOMPLETE, H3_MESSAGE_ERROR = 0x10C, 0x10D, 0x10E
QPACK_DECOMPRESSION_FAILED, QPACK_ENCODER_STREAM_ERROR, QPACK_DECODER_STREAM_ERROR = 0x200, 0x201, 0x202

FLOW_CONTROL_ERROR, STREAM_LIMIT_ERROR, STREAM_STATE_ERROR, FINAL_SIZE_ERROR = 3, 4, 5, 6
FRAME_ENCODING_ERROR, CONNECTION_ID_LIMIT_ERROR, PROTOCOL_VIOLATION, CRYPTO_BUFFER_EXCEEDED = 7, 9, 10, 13
CRYPTO_ERROR = 0x100  # plus the alert

DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 0, 1, 3, 4, 5, 7, 13
PRIORITY_UPDATE = 0xF0700
HANDSHAKE_DONE = 0x1E


def encoded(data):
    return base64.b64encode(data).decode()


def number(value):
    """A variable-length integer (RFC 9000 16)."""
    for bits, length in ((6, 1), (14, 2), (30, 4), (62, 8)):
        if value < 1 << bits:
            return (value | (length.bit_length() - 1) << bits).to_bytes(length, "big")
    raise ValueError(value)


def frame(kind, payload=b""):
    return number(kind) + number(len(payload)) + payload


class Agent:
    """The other process, one for all tests on this machine's own network, and what it says by connection."""

    def __init__(self, prefix=()):
        self.process = clients.python(
            Path(__file__).with_name("http3_agent.py"), prefix, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.numbers = itertools.count(1)
        self.queues = {0: queue.SimpleQueue()}
        self.lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        atexit.register(self.end)
        # Its libraries take seconds to load on a busy machine, which no connection's patience is for.
        event = self.queues[0].get(timeout=3 * PATIENCE)
        assert event["event"] == "ready", event
        del self.queues[0]

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if waiting := self.queues.get(event["connection"]):
                waiting.put(event)
        for waiting in list(self.queues.values()):
            waiting.put({"event": "problem", "text": "the process of the HTTP/3 clients has ended"})

    def connect(self):
        """A new connection's number and what will be said of it."""
        fresh = next(self.numbers)
        self.queues[fresh] = queue.SimpleQueue()
        return fresh, self.queues[fresh]

    def send(self, what, connection, **arguments):
        line = json.dumps({"do": what, "connection": connection, **arguments}) + "\n"
        with self.lock:
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


_agent = None


def common_agent():
    """Started by the first test that wants it."""
    global _agent
    if _agent is None:
        _agent = Agent()
    return _agent


def target_of(server, server_name, options):
    roots = [path.read_text() for path in sorted((server.state / "ca").glob("*.crt"))]
    return {"host": "127.0.0.1", "port": server.https, "server_name": server_name, "roots": roots, **options}


def first_flights(server, count, server_name="localhost", **options):
    """The first datagrams of as many clients, which have sent nothing."""
    connection, said = common_agent().connect()
    common_agent().send("first_flights", connection, count=count, options=target_of(server, server_name, options))
    event = said.get(timeout=PATIENCE)
    assert event["event"] == "first_flights", event
    return [[base64.b64decode(datagram) for datagram in flight] for flight in event["flights"]]


class Closed(ConnectionError):
    """The connection has ended: by which `side` (server, client, reset, timeout), and why."""

    def __init__(self, event):
        super().__init__(f"closed by {event['side']} with {event['code']:#x}: {event['reason']}")
        self.side = event["side"]
        self.code = event["code"]
        self.reason = event["reason"]
        self.application = event["application"]


class Http3Client:
    """A connection. Flow control windows open as data is read, unless told to `hold`.

    Options: window, connection_window, hold, versions, alpn, bare (no HTTP/3 streams are opened), resume (a connection
    whose ticket and token to use), early (requests in early data: arguments of head(), and whether that is all),
    idle_timeout, long_hello (of several packets), recording (as in behave()), wait (for the handshake); host and port to
    go to, and the agent that does, where it is not straight to the server.
    """

    def __init__(self, server, server_name="localhost", wait=True, resume=None, early=(), agent=None, **options):
        self.server_name = server_name
        self.server_port = server.https
        self.authority = f"{server_name}:{server.https}"
        self.agent = agent or common_agent()
        self.connection, self.said = self.agent.connect()
        self.next_stream = 0
        self.responses = {}
        self.interim = {}
        self.ended = set()
        self.resets = {}
        self.stops = {}
        self.settings = None
        self.goaway = None
        self.closed = None
        self.facts_of_handshake = None
        self.others = []  # events of other kinds, in order
        first = [{"stream": self._new_stream(), "fields": self.head(**head), "end": end} for head, end in early]
        self.agent.send("open", self.connection, early=first, resume=resume and resume.connection,
                        **target_of(server, server_name, options))
        if wait:
            self.wait_for("connected")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def do(self, what, **arguments):
        self.agent.send(what, self.connection, **arguments)

    def close(self, code=H3_NO_ERROR, reason=""):
        if not self.closed:
            self.do("close", code=code, reason=reason)
        self.agent.queues.pop(self.connection, None)

    def drop(self):
        """Gone without a word to the server."""
        self.do("drop")
        self.agent.queues.pop(self.connection, None)

    # Requests.

    def _new_stream(self):
        self.next_stream += 4
        return self.next_stream - 4

    def head(self, method="GET", path="/", fields=(), authority=None):
        head = [(":method", method), (":scheme", "https"), (":authority", authority or self.authority), (":path", path)]
        return head + [(name.lower(), value) for name, value in fields]

    def start(self, method, path, fields=(), end=True, authority=None):
        return self.start_with(self.head(method, path, fields, authority), end)

    def start_with(self, fields, end=True):
        """A request of just these fields, pseudo-fields included."""
        stream = self._new_stream()
        self.do("headers", stream=stream, fields=list(fields), end=end)
        return stream

    def send_body(self, stream, body, trailers=None):
        self.do("data", stream=stream, data=encoded(body), end=not trailers)
        if trailers:
            self.do("headers", stream=stream, fields=list(trailers), end=True)

    def send_piece(self, stream, piece):
        """Of a body that goes on."""
        self.do("data", stream=stream, data=encoded(piece), end=False)

    def send(self, stream, data, end=False):
        """Bytes on a stream, frames or not."""
        self.do("bytes", stream=stream, data=encoded(data), end=end)

    def start_raw(self, data, end=True):
        """A request's stream with these bytes on it."""
        stream = self._new_stream()
        self.send(stream, data, end)
        return stream

    def reset(self, stream, code=H3_REQUEST_CANCELLED):
        self.do("reset", stream=stream, code=code)

    def stop(self, stream, code=H3_REQUEST_CANCELLED):
        self.do("stop", stream=stream, code=code)

    def finish(self, stream):
        while stream not in self.ended:
            if stream in self.resets:
                raise ConnectionError(f"stream {stream} was reset with {self.resets[stream]:#x}")
            self.step()
        return self.responses[stream]

    def outcome(self, stream):
        """The status, or ("reset", code) of a stream that ends without one."""
        while stream not in self.responses and stream not in self.resets:
            self.step()
        return self.responses[stream].status if stream in self.responses else ("reset", self.resets[stream])

    def request(self, method, path, fields=(), body=None, authority=None):
        stream = self.start(method, path, fields, end=body is None, authority=authority)
        if body is not None:
            self.send_body(stream, body)
        return self.finish(stream)

    # What is said.

    def step(self, seconds=PATIENCE):
        """Takes the next event and returns it; raises Closed at the end of the connection."""
        if self.closed:
            raise self.closed
        try:
            event = self.said.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError(f"nothing was heard for {seconds:g} s") from None
        self._note(event)
        return event

    def wait_for(self, kind, seconds=PATIENCE):
        while (event := self.step(seconds))["event"] != kind:
            pass
        return event

    def wait_for_end(self):
        """How the connection ends."""
        try:
            while True:
                self.step()
        except Closed as closed:
            return closed

    def _note(self, event):
        kind, stream = event["event"], event.get("stream")
        if kind == "problem":
            raise AssertionError(event["text"])
        if kind == "head":
            self.responses[stream] = Response(event["status"], [tuple(field) for field in event["fields"]])
        elif kind == "interim":
            self.interim.setdefault(stream, []).append(Response(event["status"], event["fields"]))
        elif kind == "data":
            self.responses[stream].body += base64.b64decode(event["data"])
        elif kind == "trailers":
            self.responses[stream].trailers = [tuple(field) for field in event["fields"]]
        elif kind == "end":
            self.ended.add(stream)
        elif kind == "reset":
            self.resets[stream] = event["code"]
        elif kind == "stop":
            self.stops[stream] = event["code"]
        elif kind == "settings":
            self.settings = {int(name): value for name, value in event["values"].items()}
        elif kind == "goaway":
            self.goaway = event["id"]
        elif kind == "connected":
            self.facts_of_handshake = event
        elif kind == "closed":
            self.closed = Closed(event)
            raise self.closed
        else:
            self.others.append(event)

    def ask(self, what, answer, **arguments):
        self.do(what, **arguments)
        return self.wait_for(answer)

    def behave(self, **how):
        """From now on: deaf (hears nothing), mute (says nothing), hold (opens no window), recording (keeps what it sends)."""
        self.do("behave", **how)

    def facts(self):
        """Numbers of the connection; `frames` counts what the server has sent by its type, `requests_on_the_way` the
        requests that it has not acknowledged to their end."""
        facts = self.ask("facts", "facts")
        facts["frames"] = {int(kind): count for kind, count in facts["frames"].items()}
        return facts

    def ping(self):
        """There and back."""
        self.ask("ping", "pong", uid=1)

    def wait_for_confirmation(self):
        """RFC 9001 4.1.2. Whoever renews keys or moves sooner may be stuck after a single loss: this client keeps no old
        keys, and until a HANDSHAKE_DONE comes it repeats its handshake alone."""
        wait_until(lambda: self.facts()["frames"].get(HANDSHAKE_DONE), "the handshake's confirmation")

    def update_keys(self):
        """RFC 9001 6.1: not "prior to having confirmed the handshake"."""
        self.wait_for_confirmation()
        self.do("update_keys")

    def rebind(self, fresh_id=True, address="127.0.0.1"):
        """Goes on from another port; the new one. With a fresh id it moves itself, which RFC 9000 9 forbids "before the
        handshake is confirmed"."""
        if fresh_id:
            self.wait_for_confirmation()
        return self.ask("rebind", "rebound", fresh_id=fresh_id, address=address)["port"]

    def recorded(self):
        return [base64.b64decode(each) for each in self.ask("recorded", "recorded")["datagrams"]]

    def frames(self, *payloads, streams=()):
        """QUIC frames of any kind, a packet for each payload. What comes back on these streams is ignored."""
        self.do("frames", payloads=[encoded(each) for each in payloads], streams=list(streams))

    def put(self, *datagrams):
        """Bytes from this connection's socket."""
        self.do("put", datagrams=[encoded(each) for each in datagrams])


class Http3Wire:
    name = "HTTP/3"

    def __init__(self, server, server_name="localhost"):
        self.client = Http3Client(server, server_name)

    def request(self, method, path, fields=(), body=None, host=None):
        return self.client.request(method, path, fields, body, authority=host)

    def close(self):
        self.client.close()
