"""Peers that are slow, silent, many or gone: each is ended in time, and the others are served meanwhile."""

import socket
import struct
import time

import pytest

from support.http2 import ACK, SETTINGS, Http2Client, RawHttp2, frame
from support.raw import Connection
from support.server import Server
from support.wait import PATIENCE, wait_until

LIMITS = """
limits {
  handshake-timeout 400ms
  header-timeout 400ms
  idle-timeout 600ms
  stall-timeout 400ms
  body-rate 10KB
  body-grace 300ms
}
"""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    (folder / "www").mkdir()
    (folder / "www" / "large.bin").write_bytes(b"x" * 20_000_000)
    with Server(folder / "server", "site localhost {\n files /large.bin ../www\n respond 200 here\n}",
                settings=LIMITS) as server:
        yield server


def trickle(connection, pieces, pause=0.05):
    """Sends piece by piece until the server has had enough; returns what it said and how long it took."""
    began = time.monotonic()
    connection.socket.settimeout(pause)
    for piece in pieces:
        try:
            connection.socket.sendall(piece)
            data = connection.socket.recv(65536)
            return data, time.monotonic() - began
        except TimeoutError:
            continue
        except OSError:
            return b"", time.monotonic() - began
    raise AssertionError("the server took it all")


def test_silent_client_is_ended_in_the_handshake(hasty):
    with Connection(hasty.https) as connection:
        assert connection.is_closed()
    assert hasty.wait_for_audit("handshake_failed", lambda e: "time" in e["text"])


def test_slow_hello_is_ended(hasty):
    with Connection(hasty.https) as connection:
        data, seconds = trickle(connection, [b"\x16", b"\x03", b"\x01", b"\x02", b"\x00"] + [b"\x01"] * 500)
        assert seconds < PATIENCE / 4


def test_slow_header_gets_408(hasty):
    with Connection(hasty.https, hasty.trust()) as connection:
        head = [b"GET / HTTP/1.1\r\n", b"Host: localhost\r\n"] + [b"X-A: b\r\n"] * 200
        data, seconds = trickle(connection, head)
        assert data.startswith(b"HTTP/1.1 408")
        assert seconds < PATIENCE / 4


def test_slow_body_gets_408(hasty):
    with Connection(hasty.https, hasty.trust()) as connection:
        connection.send(b"POST /large.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
        data, seconds = trickle(connection, [b"x"] * 300)
        # 405 from the file, which is not to be posted to, or 408: either way it is over.
        assert data.startswith((b"HTTP/1.1 408", b"HTTP/1.1 405"))
        connection.socket.settimeout(PATIENCE)
        assert connection.receive_all() is not None


def test_slow_body_over_http_2_is_reset(hasty):
    with Http2Client(hasty) as client:
        stream = client.start("POST", "/", end=False)
        wait = time.monotonic() + PATIENCE
        while stream not in client.ended and stream not in client.resets:
            client.step()
            assert time.monotonic() < wait


def test_client_that_never_reads_is_ended(hasty):
    with Connection(hasty.https, hasty.trust(), receive_buffer=4096) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
        port = connection.socket.getsockname()[1]
        record = hasty.wait_for_access(lambda r: r["client_port"] == port)[0]
        assert record["outcome"] != "complete"
        assert record["response_bytes"] < 20_000_000


def test_http_2_client_that_never_opens_its_window_is_ended(hasty):
    with RawHttp2(hasty, window=0) as raw:
        raw.send(raw.get(1, "/large.bin"))
        for _ in raw.frames():
            pass
        port = raw.connection.socket.getsockname()[1]
        assert hasty.wait_for_access(lambda r: r["client_port"] == port)[0]["outcome"] != "complete"


def test_idle_connection_is_closed_without_a_word(hasty):
    with Connection(hasty.https, hasty.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.read_response()
        assert connection.is_closed()


def test_idle_http_2_connection_is_told_goodbye(hasty):
    with RawHttp2(hasty) as raw:
        raw.send(frame(SETTINGS, ACK))
        assert raw.goaway_code() == 0


def test_honest_download_at_an_honest_pace_is_not_cut(start, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "large.bin").write_bytes(b"x" * 20_000_000)
    server = start(f"site localhost {{\n files {tmp_path}/www\n}}",
                   settings="limits {\n body-rate 10KB\n body-grace 300ms\n}")
    with Connection(server.https, server.trust(), receive_buffer=65536) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert len(connection.read_response().body) == 20_000_000


def test_too_many_connections_of_one_address_are_refused(start):
    server = start("site localhost {\n respond 200 here\n}", settings="limits {\n connections-per-address 4\n}", workers=1)
    held = [Connection(server.https, server.trust()) for _ in range(4)]
    with pytest.raises((OSError, AssertionError)):
        Connection(server.https, server.trust())
    assert server.wait_for_audit("connection_refused")
    held.pop().close()

    def served():
        try:
            Connection(server.https, server.trust()).close()
            return True
        except OSError:
            return False

    wait_until(served, "a place for the next connection")
    for connection in held:
        connection.close()


def test_descriptor_limit_pauses_accepting_and_loses_nothing(start):
    server = start("site localhost {\n respond 200 here\n}", descriptors_max=64, workers=1)
    context = server.trust()
    # The kernel accepts further ones on the server's behalf; they wait in its queue.
    waiting = [socket.create_connection(("127.0.0.1", server.https), PATIENCE) for _ in range(80)]
    assert server.wait_for_audit("limit_hit")
    assert server.descriptors() <= 64
    busy = server.cpu_seconds()
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 0.5, "half a second")
    assert server.cpu_seconds() - busy < 0.3, "it spins while it can accept nobody"
    for each in waiting:
        each.close()
    with Connection(server.https, context) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.read_response().body == b"here"


def test_clients_that_vanish_leave_nothing_behind(start):
    server = start("site localhost {\n respond 200 here\n}")
    before = server.descriptors()
    for _ in range(200):
        sock = socket.create_connection(("127.0.0.1", server.https), PATIENCE)
        sock.send(b"\x16\x03\x01")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    with Connection(server.https, server.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.read_response().body == b"here"
    wait_until(lambda: server.descriptors() <= before + 2, "the descriptors of those who vanished")
