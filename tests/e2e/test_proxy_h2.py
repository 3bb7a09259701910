"""The reverse proxy before servers that speak HTTP/2."""

import hashlib
import os
import threading

import h2.errors
import pytest

from support.certificates import Authority
from support.http2 import Http2Client
from support.http3 import Http3Client
from support.raw import Connection
from support.upstream import TlsUpstream
from support.upstream_h2 import Http2Upstream
from support.wait import PATIENCE, wait_until
from support.websocket import echo as websocket_echo
from support.wires import WIRES


def conf(address, *block):
    inside = "\n".join(f"    {line}" for line in block)
    return f"site localhost {{\n  proxy {address} {{\n{inside}\n  }}\n}}\n"


@pytest.fixture
def upstreams():
    """Starts servers that end with the test."""
    running = []

    def start_one(*arguments, **options):
        running.append(Http2Upstream(*arguments, **options))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


def digest(data):
    return hashlib.sha256(data).hexdigest().encode()


def echo(received, session):
    session.respond(received.stream, received.get(":path").encode() + b" " + digest(received.body),
                    fields=[("x-upstream", "yes")])


def test_a_request_reaches_the_server_and_its_response_the_client(start, upstreams, wire_type):
    upstream = upstreams(echo)
    wire = wire_type(start(conf(upstream.address)))
    answer = wire.request("GET", "/a%20b?c=%64", [("x-kept", "1"), ("te", "trailers")])
    assert (answer.status, answer.body) == (200, b"/a%20b?c=%64 " + digest(b""))
    assert answer.get("x-upstream") == "yes"
    received = upstream.received[0]
    assert received.get(":scheme") == "http" and received.get(":method") == "GET"
    assert received.get("x-kept") == "1" and received.get("te") == "trailers"
    assert received.get("via").endswith("gate443") and received.get("x-forwarded-for") == "127.0.0.1"


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
def test_bodies_arrive_whole_both_ways(start, upstreams, wire_type, size):
    def answer(received, session):
        session.respond(received.stream, received.body, fields=[("x-digest", digest(received.body).decode())])

    wire = wire_type(start(conf(upstreams(answer).address)))
    body = os.urandom(size)
    response = wire.request("POST", "/", body=body)
    assert response.get("x-digest") == digest(body).decode()
    assert response.body == body


def test_many_requests_share_one_connection(start, upstreams):
    upstream = upstreams(echo)
    server = start(conf(upstream.address), workers=1)
    with Http2Client(server) as client:
        streams = {client.start("GET", f"/{number}"): number for number in range(90)}
        for stream, number in streams.items():
            assert client.finish(stream).body.startswith(b"/%d " % number)
    assert upstream.connections == 1
    assert len(upstream.received) == 90


def test_a_slow_client_holds_up_nobody_else(start, upstreams):
    big = os.urandom(2_000_000)

    def answer(received, session):
        session.respond(received.stream, big if received.get(":path") == "/big" else b"small")

    upstream = upstreams(answer)
    server = start(conf(upstream.address), workers=1)
    slow = Connection(server.https, server.trust())
    slow.send(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert upstream.begun.get(timeout=PATIENCE).get(":path") == "/big"
    with Http2Client(server) as client:
        for _ in range(20):
            assert client.request("GET", "/").body == b"small"
    assert slow.read_response("GET").body == big
    assert upstream.connections == 1


@pytest.mark.parametrize("client_type", [Http2Client, Http3Client])
def test_trailers_pass_in_both_directions(start, upstreams, client_type):
    def answer(received, session):
        session.respond(received.stream, b"body", trailers=[("x-sum", dict(received.trailers)["x-sent"])])

    server = start(conf(upstreams(answer).address))
    with client_type(server) as client:
        stream = client.start("POST", "/", [("te", "trailers")], end=False)
        client.send_body(stream, b"abc", trailers=[("x-sent", "7")])
        response = client.finish(stream)
        assert response.body == b"body"
        assert ("x-sum", "7") in response.trailers


def test_a_reset_in_the_middle_of_a_body_is_an_end_the_client_notices(start, upstreams):
    def answer(received, session):
        if received.get(":path") == "/fine":
            return session.respond(received.stream, b"fine")
        session.head(received.stream)
        session.h2.send_data(received.stream, b"part")
        session.h2.reset_stream(received.stream, h2.errors.ErrorCodes.INTERNAL_ERROR)

    upstream = upstreams(answer)
    server = start(conf(upstream.address), workers=1)
    with Http2Client(server) as client:
        with pytest.raises(ConnectionError):
            client.finish(client.start("GET", "/cut"))
        assert client.request("GET", "/fine").body == b"fine"
    assert upstream.connections == 1


def test_a_refused_stream_is_tried_again(start, upstreams, wire_type):
    refused = []

    def at_head(received, session):
        if not refused:
            refused.append(received.stream)
            session.h2.reset_stream(received.stream, h2.errors.ErrorCodes.REFUSED_STREAM)

    def answer(received, session):
        if received.stream not in refused:
            echo(received, session)

    upstream = upstreams(answer, at_head)
    wire = wire_type(start(conf(upstream.address)))
    assert wire.request("POST", "/once").status == 200
    assert len(refused) == 1


def test_what_a_goaway_leaves_out_goes_to_another_connection(start, upstreams):
    """The server takes the first of its requests, and says so only when all have come."""
    waiting = []

    def answer(received, session):
        if session.number > 1:
            return echo(received, session)
        waiting.append(received)
        if len(waiting) < 5:
            return None
        session.h2.close_connection(last_stream_id=waiting[0].stream)
        # python-h2 says nothing more then; the first response is made by hand.
        session.flush()
        head = session.h2.encoder.encode([(":status", "200")])
        first = waiting[0].stream.to_bytes(4, "big")
        session.socket.sendall(len(head).to_bytes(3, "big") + b"\x01\x04" + first + head
                               + b"\x00\x00\x05\x00\x01" + first + b"first")
        return None

    upstream = upstreams(answer)
    server = start(conf(upstream.address), workers=1)
    with Http2Client(server) as client:
        streams = [client.start("POST", f"/{number}") for number in range(5)]
        answers = [client.finish(stream).body for stream in streams]
    assert sorted(answer[:6] for answer in answers).count(b"first") == 1
    assert all(answer == b"first" or answer.endswith(digest(b"")) for answer in answers)
    assert upstream.connections == 2


def test_a_client_that_gives_up_cancels_its_stream_alone(start, upstreams):
    def answer(received, session):
        if received.get(":path") == "/fine":
            session.respond(received.stream, b"fine")

    upstream = upstreams(answer)
    server = start(conf(upstream.address), workers=1)
    with Http2Client(server) as client:
        given_up = client.start("GET", "/never")
        stream = upstream.begun.get(timeout=PATIENCE).stream
        client.h2.reset_stream(given_up, h2.errors.ErrorCodes.CANCEL)
        client.flush()
        assert upstream.resets.get(timeout=PATIENCE) == (stream, h2.errors.ErrorCodes.CANCEL)
        assert client.request("GET", "/fine").body == b"fine"
    assert upstream.connections == 1


def test_a_server_over_tls_that_chooses_http2_is_spoken_with_in_it(start, upstreams, tmp_path, wire_type):
    authority = Authority(tmp_path / "authority")
    upstream = upstreams(echo, certificate=authority.issue("localhost"), alpn=("h2", "http/1.1"))
    wire = wire_type(start(conf(upstream.address, f"trust {authority.file}")))
    answer = wire.request("POST", "/a", body=b"abc")
    assert (answer.status, answer.body) == (200, b"/a " + digest(b"abc"))
    assert upstream.received[0].get(":scheme") == "https"


def said_back_over_tls(received, sock):
    answer = websocket_echo(received, sock)
    sock.unwrap()  # an end without close_notify would be one that is cut off
    return answer


def test_a_websocket_reaches_a_server_that_would_choose_http2(start, tmp_path):
    authority = Authority(tmp_path / "authority")
    # A server that prefers HTTP/2 where it is offered, and cannot speak it.
    upstream = TlsUpstream(said_back_over_tls, authority.issue("localhost"), alpn=("h2", "http/1.1"))
    server = start(conf(upstream.address, f"trust {authority.file}"))
    head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":authority", "localhost"),
            (":path", "/chat"), ("sec-websocket-version", "13"), ("origin", "https://localhost")]
    with Http2Client(server) as client:
        stream = client.start_with(head, end=False)
        wait_until_answered(client, stream)
        assert client.responses[stream].status == 200
        masked = bytes([0x82, 0x82, 0, 0, 0, 0]) + b"hi"
        closing = bytes([0x88, 0x80, 0, 0, 0, 0])
        client.send_body(stream, masked + closing)
        assert client.finish(stream).body == b"\x82\x02hi\x88\x00"
    assert upstream.chosen == ["http/1.1"]
    upstream.close()


def wait_until_answered(client, stream):
    while stream not in client.responses:
        client.step()


def test_a_websocket_to_an_h2c_server_is_refused_and_the_server_kept(start, upstreams):
    upstream = upstreams(echo)
    server = start(conf(upstream.address), workers=1)
    with Connection(server.https, server.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        answer = connection.read_response("GET")
    assert answer.status == 502
    assert answer.get("proxy-status") == "gate443; error=http_upgrade_failed"
    assert WIRES["h1"](server).request("GET", "/").status == 200


def test_a_server_that_floods_is_cut_off_and_harms_nobody_else(start, upstreams):
    def answer(received, session):
        if received.get(":path") != "/flood":
            return echo(received, session)
        for _ in range(1000):
            session.h2.ping(b"12345678")
        return None

    upstream = upstreams(answer)
    server = start(conf(upstream.address), workers=1)
    wire = WIRES["h2"](server)
    assert wire.request("POST", "/flood").status == 502
    assert wire.request("GET", "/").status == 200
    wait_until(lambda: upstream.connections == 2, "a second connection")


def test_concurrent_clients_never_get_each_others_answers(start, upstreams, wire_type):
    def answer(received, session):
        session.respond(received.stream, received.get("x-who").encode() * 1000)

    server = start(conf(upstreams(answer).address))
    wrong = []

    def client(name):
        wire = wire_type(server)
        for number in range(20):
            who = f"{name}-{number} "
            if wire.request("GET", "/", [("x-who", who.strip())]).body != who.strip().encode() * 1000:
                wrong.append(who)

    threads = [threading.Thread(target=client, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
