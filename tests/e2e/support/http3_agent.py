"""HTTP/3 clients for the tests, in a process of their own: only the Python of tools/dev/clients.sh has aioquic.

Commands come as JSON lines on stdin: {"do": …, "connection": number, …}; what happens goes as JSON lines to stdout:
{"event": …, "connection": number, …}. Bytes are in base64. Ends with stdin. support/http3.py is the other side.
"""

import base64
import json
import logging
import os
import selectors
import socket
import sys
import time
import traceback

from aioquic.h3.connection import encode_frame
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection, QuicConnectionState
from aioquic.quic.events import (DatagramFrameReceived, HandshakeCompleted, PingAcknowledged, StopSendingReceived,
                                 StreamDataReceived, StreamReset)
from aioquic.quic.packet import QuicPacketType
from aioquic.quic.packet_builder import QuicPacketBuilder
from aioquic.tls import Epoch
from http3_framing import DATA, Framing, opening

SHORTEST_RESET = 21  # RFC 9000 10.3
TOKEN_BYTES = 16


def encoded(data):
    return base64.b64encode(data).decode()


class Session:
    """One connection with its socket."""

    def __init__(self, agent, number, command):
        self.agent = agent
        self.number = number
        self.server = (command["host"], command["port"])
        self.bare = command.get("bare", False)
        self.deaf = self.mute = False
        self.recording = command.get("recording", False)
        self.hold = command.get("hold", False)
        self.recorded = []
        self.pending_data = {}
        self.reset_tokens = set()
        self.frames = {}
        self.bytes_sent = self.bytes_received = self.datagrams_received = 0
        self.closed = False
        self.socket = None
        self.open_socket(command.get("from", "127.0.0.1"))
        self.quic = self.make_quic(command)
        self.count_frames()
        self.quic._write_stream_limits = self.unless_held(self.quic._write_stream_limits)
        self.quic._write_connection_limits = self.unless_held(self.quic._write_connection_limits)
        self.framing = Framing(self.say, self.quic.send_stream_data)
        self.quic.connect(self.server, self.now())
        if not self.bare:
            for stream, data in opening().items():
                self.quic.send_stream_data(stream, data)
        for request in command.get("early", ()):
            self.do_headers(**request)

    def make_quic(self, command):
        versions = command.get("versions") or [1, 0x6B3343CF]
        ticket, token = self.agent.remembered.get(command.get("resume"), (None, b""))
        configuration = QuicConfiguration(
            alpn_protocols=command.get("alpn", ["h3"]), server_name=command["server_name"],
            cadata="".join(command["roots"]).encode(), supported_versions=versions, token=token, session_ticket=ticket,
            idle_timeout=command.get("idle_timeout", 60), max_datagram_frame_size=65536,
            max_stream_data=command.get("window", 1 << 20), max_data=command.get("connection_window", 1 << 22),
            quantum_readiness_test=command.get("long_hello", False))
        return QuicConnection(configuration=configuration, session_ticket_handler=self.remember_ticket,
                              token_handler=self.remember_token)

    def count_frames(self):
        """How often each type of frame has come."""
        handlers = self.quic._QuicConnection__frame_handlers

        def counting(kind, handler):
            def count(context, frame_type, buffer):
                self.frames[kind] = self.frames.get(kind, 0) + 1
                handler(context, frame_type, buffer)
            return count

        for kind, (handler, epochs) in list(handlers.items()):
            handlers[kind] = (counting(kind, handler), epochs)

    def unless_held(self, write_limits):
        def write(*arguments, **named):
            if not self.hold:
                write_limits(*arguments, **named)
        return write

    def remember_ticket(self, ticket):
        _, token = self.agent.remembered.get(self.number, (None, b""))
        self.agent.remembered[self.number] = (ticket, token)
        self.say("ticket", early_data=bool(ticket.max_early_data_size))

    def remember_token(self, token):
        ticket, _ = self.agent.remembered.get(self.number, (None, b""))
        self.agent.remembered[self.number] = (ticket, token)
        self.say("token")

    def now(self):
        return time.monotonic()

    def say(self, event, stream=None, data=None, **more):
        if event == "data":
            # Said in one at the end of the turn: a large body comes in thousands of packets.
            self.pending_data.setdefault(stream, bytearray()).extend(data)
            return
        self.say_data(stream)
        if stream is not None:
            more["stream"] = stream
        if data is not None:
            more["data"] = encoded(data)
        self.agent.say({"event": event, "connection": self.number, **more})

    def say_data(self, stream):
        if data := self.pending_data.pop(stream, None):
            self.agent.say({"event": "data", "connection": self.number, "stream": stream, "data": encoded(data)})

    # The socket.

    def open_socket(self, address):
        old = self.socket
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.bind((address, 0))
        self.agent.selector.register(self.socket, selectors.EVENT_READ, self)
        if old:
            self.forget_socket(old)

    def forget_socket(self, old):
        self.agent.selector.unregister(old)
        old.close()

    def receive(self):
        for _ in range(64):
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                return
            self.bytes_received += len(data)
            self.datagrams_received += 1
            if self.deaf:
                continue
            if len(data) >= SHORTEST_RESET and data[-TOKEN_BYTES:] in self.reset_tokens:
                self.say_closed("reset", 0, "stateless reset", None)
            self.quic.receive_datagram(data, self.server, self.now())
            self.learn_reset_tokens()

    def learn_reset_tokens(self):
        for each in (self.quic._peer_cid, *self.quic._peer_cid_available):
            if each.stateless_reset_token:
                self.reset_tokens.add(bytes(each.stateless_reset_token))

    def transmit(self):
        for data, _ in self.quic.datagrams_to_send(self.now()):
            self.put(data)

    def put(self, data):
        if self.recording:
            self.recorded.append(data)
        if self.mute:
            return
        self.bytes_sent += len(data)
        try:
            self.socket.sendto(data, self.server)
        except OSError:
            pass  # lost, as datagrams may be

    # What QUIC says.

    def turn(self):
        """All that follows from what has been received or commanded."""
        self.events()
        self.transmit()
        self.events()
        for stream in list(self.pending_data):
            self.say_data(stream)
        self.look_for_the_end()

    def events(self):
        while event := self.quic.next_event():
            if isinstance(event, StreamDataReceived):
                self.framing.receive(event.stream_id, event.data, event.end_stream)
            elif isinstance(event, StreamReset):
                self.say("reset", event.stream_id, code=event.error_code)
            elif isinstance(event, StopSendingReceived):
                self.say("stop", event.stream_id, code=event.error_code)
            elif isinstance(event, HandshakeCompleted):
                self.say("connected", alpn=event.alpn_protocol, version=self.quic._version,
                         resumed=event.session_resumed, early_data=event.early_data_accepted,
                         retried=self.quic._retry_count > 0, port=self.socket.getsockname()[1],
                         negotiated=self.quic._version_negotiated_incompatible)
            elif isinstance(event, PingAcknowledged):
                self.say("pong", uid=event.uid)
            elif isinstance(event, DatagramFrameReceived):
                self.say("datagram", data=event.data)

    def look_for_the_end(self):
        if (end := self.quic._close_event) and not self.closed:
            if self.quic._state == QuicConnectionState.DRAINING:
                side = "server"
            elif end.reason_phrase == "Idle timeout":
                side = "timeout"
            else:
                side = "client"
            self.say_closed(side, end.error_code, end.reason_phrase, end.frame_type)
        if self.quic._state == QuicConnectionState.TERMINATED:
            self.drop()

    def say_closed(self, side, code, reason, frame_type):
        if not self.closed:
            self.closed = True
            self.say("closed", side=side, code=code, reason=reason, application=frame_type is None)

    def deadline(self):
        return self.quic.get_timer()

    def on_deadline(self):
        self.quic.handle_timer(self.now())

    def drop(self):
        """Gone without a word."""
        self.forget_socket(self.socket)
        del self.agent.sessions[self.number]

    def write(self, stream, data, end):
        """Nothing more goes onto a stream whose end the server has asked for, or that is over."""
        known = self.quic._streams.get(stream)
        stopped = known and known.sender._reset_error_code is not None
        if not stopped and stream not in self.quic._streams_finished:
            self.quic.send_stream_data(stream, data, end)

    # Commands.

    def do_headers(self, stream, fields, end=False):
        self.write(stream, self.framing.encode(stream, fields), end)

    def do_data(self, stream, data, end=False):
        data = base64.b64decode(data)
        self.write(stream, encode_frame(DATA, data) if data else b"", end)

    def do_bytes(self, stream, data, end=False):
        self.write(stream, base64.b64decode(data), end)

    def do_reset(self, stream, code):
        self.quic.reset_stream(stream, code)

    def do_stop(self, stream, code):
        self.quic.stop_stream(stream, code)

    def do_rebind(self, fresh_id, address):
        """Another port. With a fresh connection id it is a migration (RFC 9000 9.5), without one a NAT's doing."""
        self.open_socket(address)
        if fresh_id:
            assert self.quic._peer_cid_available, "the server has given no spare connection id"
            self.quic.change_connection_id()
        self.say("rebound", port=self.socket.getsockname()[1])

    def do_update_keys(self):
        self.quic.request_key_update()

    def do_ping(self, uid):
        self.quic.send_ping(uid)

    def do_datagram(self, data):
        self.quic.send_datagram_frame(base64.b64decode(data))

    def do_frames(self, payloads, streams):
        """Each one as the frames of a 1-RTT packet, whatever they are. Nothing is ever sent again.

        What comes back on `streams`, which QUIC's own state machine does not know, is ignored.
        """
        self.quic._streams_finished.update(streams)
        for payload in payloads:
            builder = QuicPacketBuilder(
                host_cid=self.quic.host_cid, is_client=True, max_datagram_size=1200,
                packet_number=self.quic._packet_number, peer_cid=self.quic._peer_cid.cid,
                peer_token=b"", spin_bit=False, version=self.quic._version)
            builder.start_packet(QuicPacketType.ONE_RTT, self.quic._cryptos[Epoch.ONE_RTT])
            builder._buffer.push_bytes(base64.b64decode(payload))
            datagrams, _ = builder.flush()
            self.quic._packet_number = builder.packet_number
            for each in datagrams:
                self.put(each)

    def do_put(self, datagrams):
        """Bytes as they are, from this connection's socket."""
        for each in datagrams:
            self.put(base64.b64decode(each))

    def do_behave(self, **how):
        """deaf: what comes is thrown away. mute: nothing is sent. hold: windows stay. recording: what is sent is kept."""
        for name, value in how.items():
            assert name in ("deaf", "mute", "hold", "recording")
            setattr(self, name, value)

    def do_recorded(self):
        self.say("recorded", datagrams=[encoded(each) for each in self.recorded])

    def do_facts(self):
        self.say("facts", frames=self.frames, bytes_sent=self.bytes_sent, bytes_received=self.bytes_received,
                 datagrams_received=self.datagrams_received, key_phase=self.quic._cryptos[Epoch.ONE_RTT].key_phase,
                 version=self.quic._version, port=self.socket.getsockname()[1],
                 streams_max=self.quic._remote_max_streams_bidi, one_way_streams_max=self.quic._remote_max_streams_uni,
                 datagram_bytes_max=self.quic._remote_max_datagram_frame_size, spare_ids=len(self.quic._peer_cid_available),
                 connection_id=encoded(self.quic._peer_cid.cid),
                 requests_on_the_way=sum(number % 4 == 0 and not stream.sender.is_finished
                                         for number, stream in self.quic._streams.items()))

    def do_close(self, code, reason):
        self.quic.close(error_code=code, reason_phrase=reason)

    def do_drop(self):
        self.drop()


class Agent:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.sessions = {}
        self.remembered = {}  # session ticket and address token, by the connection that got them
        self.input = b""
        self.output = []
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ, None)

    def say(self, event):
        self.output.append(json.dumps(event))

    def write(self):
        if self.output:
            sys.stdout.write("\n".join(self.output) + "\n")
            sys.stdout.flush()
            self.output.clear()

    def run(self):
        self.say({"event": "ready", "connection": 0})
        self.write()
        while True:
            ready = self.selector.select(self.patience())
            for key, _ in ready:
                if key.data is None:
                    if not self.read_commands():
                        return
                elif key.fileobj is key.data.socket:
                    self.guarded(key.data, key.data.receive)
            self.run_deadlines()
            for session in list(self.sessions.values()):
                self.guarded(session, session.turn)
            self.write()

    def patience(self):
        deadlines = [at for session in self.sessions.values() if (at := session.deadline()) is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def run_deadlines(self):
        now = time.monotonic()
        for session in list(self.sessions.values()):
            at = session.deadline()
            if at is not None and at <= now:
                self.guarded(session, session.on_deadline)

    def guarded(self, session, action, **arguments):
        """Runs it; a mistake ends the connection and is told."""
        try:
            action(**arguments)
        except Exception:
            session.say("problem", text=traceback.format_exc())
            if session.number in self.sessions:
                session.drop()

    def read_commands(self):
        data = os.read(0, 1 << 20)
        self.input += data
        *lines, self.input = self.input.split(b"\n")
        for line in lines:
            self.execute(json.loads(line))
        return bool(data)

    def execute(self, command):
        what, number = command.pop("do"), command.pop("connection")
        if what == "open":
            try:
                self.sessions[number] = Session(self, number, command)
            except Exception:
                self.say({"event": "problem", "connection": number, "text": traceback.format_exc()})
        elif what == "first_flights":
            flights = [first_flight(self, command["options"]) for _ in range(command["count"])]
            self.say({"event": "first_flights", "connection": number, "flights": flights})
        elif number in self.sessions:
            session = self.sessions[number]
            self.guarded(session, getattr(session, f"do_{what}"), **command)
        else:
            self.say({"event": "gone", "connection": number, "command": what})


def first_flight(agent, options):
    """What a client would send first; it is not sent."""
    session = Session(agent, 0, options)
    datagrams = [encoded(data) for data, _ in session.quic.datagrams_to_send(session.now())]
    session.forget_socket(session.socket)
    return datagrams


if __name__ == "__main__":
    logging.disable()
    Agent().run()
