"""Servers behind that are told, ahead of each connection, for whom it is."""

import socket
import threading

import pytest

from support.haproxy import HAProxy
from support.http2 import Http2Client
from support.nginx import Nginx
from support.raw import Connection
from support.upstream import Upstream, response
from support.wait import PATIENCE
from support.wires import WIRES

WHO = 'http-request return status 200 content-type text/plain lf-string "%ci"'


def proxy_to(address, version, *block):
    inside = "".join(f"    {line}\n" for line in (f"proxy-protocol {version}", *block))
    return f"site localhost {{\n  proxy {address} {{\n{inside}  }}\n}}\n"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_behind(start, wire_type, tmp_path, version):
    with HAProxy(tmp_path / "haproxy", WHO, bind="accept-proxy", mode="http") as behind:
        server = start(proxy_to(behind.address, version), settings="trusted-proxies 127.0.0.1")
        wire = wire_type(server)
        for client in ("203.0.113.5", "2001:db8::7", "203.0.113.5"):
            assert wire.request("GET", "/", [("x-forwarded-for", client)]).body.decode() == client
        assert wire.request("POST", "/", body=b"x" * 100_000).body == b"127.0.0.1"
        wire.close()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_nginx_behind(start, tmp_path, version):
    who = 'location / { return 200 "$proxy_protocol_addr $proxy_protocol_port"; }'
    with Nginx(tmp_path / "nginx", who, "proxy_protocol") as behind:
        server = start(proxy_to(behind.address, version))
        wire = WIRES["h1"](server)
        assert wire.request("GET", "/").body.split()[0] == b"127.0.0.1"
        logged = server.wait_for_access(lambda line: line["status"] == 200)[0]
        assert wire.request("GET", "/").body.decode() == f"127.0.0.1 {logged['client_port']}"
        wire.close()


def test_requests_at_once_are_each_of_their_own_client(start, tmp_path):
    with HAProxy(tmp_path / "haproxy", WHO, bind="accept-proxy", mode="http") as behind:
        server = start(proxy_to(behind.address, "v2", "connections 4"), settings="trusted-proxies 127.0.0.1")
        wrong = []

        def ask(number):
            client = Http2Client(server)
            for count in range(20):
                name = f"203.0.113.{number * 20 + count}"
                got = client.request("GET", "/", [("x-forwarded-for", name)]).body.decode()
                if got != name:
                    wrong.append((name, got))
            client.close()

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert not wrong


def read_head(sock):
    sock.settimeout(PATIENCE)
    data = b""
    while b"\r\n\r\n" not in data[16:]:  # version 2 begins with one
        data += sock.recv(65536)
    return data


@pytest.mark.parametrize("version, header", [("v1", b"PROXY UNKNOWN\r\n"),
                                             ("v2", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")])
def test_checks_say_that_they_are_for_nobody(start, version, header):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        start(proxy_to(f"127.0.0.1:{listener.getsockname()[1]}", version, "check /health"))
        listener.settimeout(PATIENCE)
        sock, _ = listener.accept()
        with sock:
            assert read_head(sock).startswith(header + b"GET /health HTTP/1.1\r\n")


def test_a_websocket_keeps_its_connection(start):
    """The connection that was opened for a request lives as long as what became of it."""
    heads = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        sock, _ = listener.accept()
        with sock:
            heads.append(read_head(sock))
            sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            while piece := sock.recv(65536):
                sock.sendall(piece)

    threading.Thread(target=serve, daemon=True).start()
    server = start(proxy_to(f"127.0.0.1:{listener.getsockname()[1]}", "v1"))
    with Connection(server.https, server.trust()) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        assert client.read_head().status == 101
        for word in (b"one", b"two"):
            client.send(word)
            assert client.read_exactly(3) == word
    assert heads[0].startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 ")
    listener.close()


def test_without_it_connections_are_shared_as_before(start):
    with Upstream(lambda *_: response(b"x")) as behind:
        server = start(f"site localhost {{\n  proxy {behind.address}\n}}")
        wire = WIRES["h1"](server)
        for _ in range(5):
            assert wire.request("GET", "/").status == 200
        wire.close()
        assert behind.connections == 1


def test_a_server_that_is_down_is_told_as_ever(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = start(proxy_to(f"127.0.0.1:{port}", "v2"))
    wire = WIRES["h2"](server)
    assert wire.request("GET", "/").status == 503
    wire.close()
