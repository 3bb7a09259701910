"""The PROXY protocol: whom a connection is of, by the word of the proxy that has opened it."""

import socket

import pytest

from support.haproxy import HAProxy
from support.raw import Connection
from support.wires import WIRES

SITE = "site localhost {\n  header set x-client {client}\n  respond 200 here\n  http allow\n}\n"
FROM_HERE = "proxy-protocol from 127.0.0.0/8"

V1 = b"PROXY TCP4 203.0.113.5 10.0.0.1 50123 443\r\n"
V1_UNKNOWN = b"PROXY UNKNOWN\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V2 = SIGNATURE + bytes.fromhex("2111000c cb007105 0a000001 c3cb 01bb")
V2_LOCAL = SIGNATURE + bytes.fromhex("20000000")


def connect(server, secure, preamble):
    if secure:
        return Connection(server.https, server.trust(), preamble=preamble)
    return Connection(server.http, preamble=preamble)


def ask(connection):
    connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = connection.read_response()
    assert answer.status == 200
    return answer.get("x-client")


@pytest.mark.parametrize("secure", [True, False], ids=["TLS", "clear"])
@pytest.mark.parametrize("header, client", [(V1, "203.0.113.5"), (V2, "203.0.113.5"), (V1_UNKNOWN, "127.0.0.1"),
                                            (V2_LOCAL, "127.0.0.1")], ids=["1", "2", "1 unknown", "2 local"])
def test_the_header_names_the_client(start, secure, header, client):
    server = start(SITE, settings=FROM_HERE)
    with connect(server, secure, header) as connection:
        assert ask(connection) == client
        assert ask(connection) == client
    logged = server.wait_for_access(lambda line: line["client"] == client)[0]
    if client != "127.0.0.1":
        assert logged["client_port"] == 50123


def test_a_header_may_come_byte_by_byte_and_with_the_request(start):
    server = start(SITE, settings=FROM_HERE)
    with connect(server, False, b"") as connection:
        for byte in V1:
            connection.send(bytes([byte]))
        assert ask(connection) == "203.0.113.5"
    with connect(server, False, V2 + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") as connection:
        assert connection.read_response().get("x-client") == "203.0.113.5"


@pytest.mark.parametrize("options", ["send-proxy", "send-proxy-v2",
                                     "send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl,authority"])
def test_haproxy_in_front(start, tmp_path, options):
    server = start(SITE, settings=FROM_HERE)
    with HAProxy(tmp_path / "haproxy", f"127.0.0.1:{server.https} {options}") as proxy:
        with Connection(proxy.port, server.trust()) as connection:
            mine = connection.socket.getsockname()
            assert ask(connection) == "127.0.0.1"
    server.wait_for_access(lambda line: line["client_port"] == mine[1])


@pytest.mark.parametrize("start_of", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
                                      b"PROXY TCP4 203.0.113.5\r\n", SIGNATURE + b"\x31\x11\x00\x00"])
def test_what_is_no_header_is_closed_and_told(start, start_of):
    server = start(SITE, settings=FROM_HERE)
    with connect(server, False, start_of) as connection:
        assert connection.receive_all() == b""
    event = server.wait_for_audit("connection_refused")
    assert (event["code"], event["client"]) == ("G2091", "127.0.0.1")


def test_a_proxy_that_goes_away_or_says_nothing_is_told(start):
    server = start(SITE, settings=f"{FROM_HERE}\nlimits {{\n  handshake-timeout 200ms\n}}")
    connect(server, False, b"PROXY TCP4").close()
    with connect(server, False, b"PROXY TCP4") as connection:
        assert connection.receive_all() == b""
    texts = {event["text"] for event in (server.wait_for_audit(
        "connection_refused", lambda e, word=word: word in e["text"]) for word in ("went away", "in time"))}
    assert len(texts) == 2
    assert {event["code"] for event in server.audit("connection_refused")} == {"G2092"}


def test_nobody_but_the_proxies_may_connect(start):
    server = start(SITE, settings="proxy-protocol from 192.0.2.1")
    with connect(server, False, b"") as connection:
        assert connection.receive_all() == b""
    assert server.wait_for_audit("connection_refused")["code"] == "G2090"


def test_connections_are_counted_by_client(start):
    limit = "limits {\n  connections-per-address 2\n}"
    server = start(SITE, settings=f"{FROM_HERE}\n{limit}")
    held = [connect(server, False, V1) for _ in range(2)]
    assert [ask(connection) for connection in held] == ["203.0.113.5"] * 2
    with connect(server, False, V1) as one_more:
        assert one_more.receive_all() == b""
    assert server.wait_for_audit("connection_refused")["code"] == "G8002"
    with connect(server, False, V1.replace(b"203.0.113.5", b"203.0.113.6")) as other:
        assert ask(other) == "203.0.113.6"
    for connection in held:
        connection.close()


def test_a_single_address_can_expect_it_and_http3_stays_on_the_others(start):
    server = start(SITE, settings="https 127.0.0.1:0\nhttp 127.0.0.2:0\nproxy-protocol 127.0.0.2:0 from 127.0.0.0/8")
    for name in ("h1", "h2", "h3"):
        wire = WIRES[name](server)
        assert wire.request("GET", "/").get("x-client") == "127.0.0.1"
        wire.close()
    with socket.create_connection(("127.0.0.2", server.http)) as sock:
        sock.sendall(V2 + b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert b"x-client: 203.0.113.5" in sock.recv(65536).lower()


def test_http3_is_not_served_past_the_proxies(start):
    server = start(SITE, settings=FROM_HERE)
    with connect(server, True, V1) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.read_response().get("alt-svc") is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", server.https))  # nobody has it


def test_a_reload_begins_and_ends_it(start):
    server = start(SITE)
    kept = connect(server, False, b"")
    assert ask(kept) == "127.0.0.1"
    server.settings = FROM_HERE
    assert server.reload(SITE)["event"] == "configuration_changed"
    assert ask(kept) == "127.0.0.1"
    with connect(server, True, V1) as connection:
        assert ask(connection) == "203.0.113.5"
    server.settings = ""
    server.reload(SITE)
    with connect(server, True, b"") as connection:
        assert ask(connection) == "127.0.0.1"
    kept.close()


def test_who_waits_for_a_header_holds_up_no_stop(start):
    server = start(SITE, settings=f"{FROM_HERE}\nlimits {{\n  handshake-timeout 300ms\n}}")
    with connect(server, False, b"PROXY"):
        with connect(server, False, V1) as connection:  # the one before has been accepted
            assert ask(connection) == "203.0.113.5"
        assert server.stop() == 0


@pytest.mark.parametrize("wrong, code", [
    ("proxy-protocol 127.0.0.1:0", "G0143"), ("proxy-protocol from", "G0143"), ("proxy-protocol from 10.0.0.1/8", "G0155"),
    ("proxy-protocol 127.0.0.1:9 from ::1", "G0170"), ("proxy-protocol nowhere from ::1", "G0156")])
def test_what_cannot_be_meant_is_refused(start, wrong, code):
    with pytest.raises(AssertionError, match=code):
        start(SITE, settings=wrong)


def test_a_trusted_proxy_behind_a_proxy_is_the_peer_that_the_header_names(start):
    server = start(SITE, settings=f"{FROM_HERE}\ntrusted-proxies 203.0.113.5")
    with connect(server, False, V1) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")
        assert connection.read_response().get("x-client") == "198.51.100.7"
    with connect(server, False, V1_UNKNOWN) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")
        assert connection.read_response().get("x-client") == "127.0.0.1"
