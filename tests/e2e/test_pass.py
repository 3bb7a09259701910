"""Connections that are passed on to other servers by the name they ask for, TLS unopened."""

import contextlib
import hashlib
import json
import os
import socket
import ssl
import subprocess
import threading

import pytest

from support.certificates import Authority
from support.nginx import Nginx
from support.raw import Connection
from support.server import run_command
from support.wait import PATIENCE, wait_until

HERE = "site localhost {\n  respond 200 here\n}\n"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


@pytest.fixture
def certificate(authority):
    return authority.issue("passed.test", "www.passed.test", "one.wild.test")


@pytest.fixture
def trust(authority):
    return lambda: ssl.create_default_context(cafile=str(authority.file))


@pytest.fixture
def nginx(tmp_path, certificate):
    statements = (f"ssl_certificate {certificate.certificate};\nssl_certificate_key {certificate.key};\n"
                  "ssl_protocols TLSv1.2 TLSv1.3;\n"
                  'location / { return 200 "there $ssl_server_name $proxy_protocol_addr"; }')
    with Nginx(tmp_path / "nginx", statements, "ssl http2") as server:
        yield server


class TlsServer:
    """Answers what `serve(sock)` says, over TLS; `certificate` is its own."""

    def __init__(self, certificate, serve):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.certificate, certificate.key)
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError):
            sock.settimeout(PATIENCE)
            with self.context.wrap_socket(sock, server_side=True) as tls:
                self.serve(tls)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def echo(tls):
    while data := tls.recv(65536):
        tls.sendall(data)


def pass_to(names, address, *block):
    inside = "".join(f"  {line}\n" for line in block)
    return f"pass {names} {address} {{\n{inside}}}\n"


def ask(port, context, name):
    with Connection(port, context, name) as connection:
        connection.send(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        return connection.read_response().body.decode()


def hello(context, name):
    """A ClientHello as a client would send it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return tls, incoming, outgoing, outgoing.read()


def test_names_are_passed_on_and_the_others_served(start, nginx, trust):
    server = start(pass_to("passed.test *.wild.test", nginx.address) + HERE)
    assert ask(server.https, trust(), "passed.test") == "there passed.test "
    assert ask(server.https, trust(), "one.wild.test") == "there one.wild.test "
    assert ask(server.https, server.trust(), "localhost") == "here"
    with pytest.raises(ssl.SSLError):
        ask(server.https, trust(), "www.passed.test")
    assert server.wait_for_audit("unknown_name")["code"] == "G4003"


def test_metrics_count_what_is_passed_on(start, certificate, trust):
    with TlsServer(certificate, echo) as behind:
        server = start(pass_to("passed.test", behind.address) + HERE)

        def passed():
            return [server.metrics()[f"gate443_passed_{what}"] for what in ("connections_total", "failures_total", "connections_open")]

        assert passed() == [0, 0, 0]
        with Connection(server.https, trust(), "passed.test") as client:
            client.send(b"1")
            assert client.read_exactly(1) == b"1"
            assert passed() == [1, 0, 1]
        wait_until(lambda: passed() == [1, 0, 0], "the connection to end")
    with pytest.raises(ssl.SSLError):
        ask(server.https, trust(), "passed.test")
    wait_until(lambda: passed() == [2, 1, 0], "the failure to be counted")


def test_without_a_site_of_its_own(start, nginx, trust):
    server = start(pass_to("passed.test", nginx.address))
    assert ask(server.https, trust(), "passed.test") == "there passed.test "


def test_curl_and_openssl(start, nginx, authority):
    server = start(pass_to("passed.test", nginx.address) + HERE)
    for version in ("--http1.1", "--http2"):
        got = subprocess.run(
            ["curl", "-sS", version, "--cacert", authority.file, "--resolve", f"passed.test:{server.https}:127.0.0.1",
             f"https://passed.test:{server.https}/"], capture_output=True, text=True, timeout=PATIENCE)
        assert got.stdout == "there passed.test ", got.stderr
    for version in ("-tls1_2", "-tls1_3"):
        got = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-servername", "passed.test", version,
             "-CAfile", authority.file, "-verify_return_error", "-quiet"],
            input="GET / HTTP/1.0\r\nHost: passed.test\r\n\r\n", capture_output=True, text=True, timeout=PATIENCE)
        assert "there passed.test" in got.stdout, got.stderr


@pytest.mark.parametrize("cut", ["bytes", "records"])
def test_a_hello_may_come_in_pieces(start, nginx, trust, cut):
    server = start(pass_to("passed.test", nginx.address) + HERE)
    tls, incoming, outgoing, first = hello(trust(), "passed.test")
    if cut == "records":
        message = first[5:]
        pieces = [message[at : at + 100] for at in range(0, len(message), 100)]
        first = b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)
    with socket.create_connection(("127.0.0.1", server.https)) as sock:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(first)):
            sock.sendall(first[at : at + 1])
        if cut == "records":  # the transcript is the same, so the handshake goes on
            incoming.write(sock.recv(65536))
        done = False
        while not done:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))
        tls.write(b"GET / HTTP/1.0\r\nHost: passed.test\r\n\r\n")
        sock.sendall(outgoing.read())
        data = b""
        while b"there" not in data:
            with contextlib.suppress(ssl.SSLWantReadError):
                data += tls.read(65536)
                continue
            incoming.write(sock.recv(65536))


def test_a_hello_for_a_site_may_come_in_pieces_too(start, nginx):
    server = start(pass_to("passed.test", nginx.address) + HERE)
    _, _, _, first = hello(server.trust(), "localhost")
    with socket.create_connection(("127.0.0.1", server.https)) as sock:
        sock.settimeout(PATIENCE)
        for at in range(len(first)):
            sock.sendall(first[at : at + 1])
        assert sock.recv(1) == b"\x16"


def test_bytes_arrive_whole_in_both_directions(start, certificate, trust):
    def count(tls):
        digest = hashlib.sha256()
        left = int(tls.recv(20).decode())
        while left:
            data = tls.recv(65536)
            digest.update(data)
            left -= len(data)
        tls.sendall(digest.digest() + body)

    body = os.urandom(8_000_000)
    with TlsServer(certificate, count) as behind:
        server = start(pass_to("passed.test", behind.address) + HERE)
        with Connection(server.https, trust(), "passed.test", receive_buffer=8192) as client:
            client.send(f"{len(body):20}".encode())
            client.send(body)
            assert client.read_exactly(32) == hashlib.sha256(body).digest()
            assert client.read_exactly(len(body)) == body


def test_a_slow_reader_fills_no_memory(start, certificate, trust):
    stuck = threading.Event()

    def flood(tls):
        tls.settimeout(2)
        try:
            for _ in range(4096):
                tls.sendall(bytes(65536))
        except TimeoutError:
            stuck.set()

    with TlsServer(certificate, flood) as behind:
        server = start(pass_to("passed.test", behind.address) + HERE)
        with Connection(server.https, trust(), "passed.test", receive_buffer=8192) as client:
            client.read_exactly(1)
            before = server.memory_kb()
            assert stuck.wait(PATIENCE), "the server behind could send all of it"
            assert server.memory_kb() - before < 4096


def test_a_direction_ends_by_itself(start):
    """Whatever is behind the ClientHello is none of our business, not even whether it is TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = start(pass_to("passed.test", f"127.0.0.1:{listener.getsockname()[1]}") + HERE)
        _, _, _, first = hello(ssl.create_default_context(), "passed.test")
        with socket.create_connection(("127.0.0.1", server.https)) as client:
            client.settimeout(PATIENCE)
            client.sendall(first + b"and more")
            client.shutdown(socket.SHUT_WR)
            behind, _ = listener.accept()
            behind.settimeout(PATIENCE)
            got = b""
            while data := behind.recv(65536):
                got += data
            assert got == first + b"and more"
            behind.sendall(b"an answer")
            assert client.recv(100) == b"an answer"
            behind.close()
            assert client.recv(100) == b""


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_server_is_told_for_whom_it_is(start, tmp_path, certificate, trust, version):
    statements = (f"ssl_certificate {certificate.certificate};\nssl_certificate_key {certificate.key};\n"
                  'location / { return 200 "for $proxy_protocol_addr:$proxy_protocol_port"; }')
    with Nginx(tmp_path / "nginx", statements, "ssl proxy_protocol") as behind:
        server = start(pass_to("passed.test", behind.address, f"proxy-protocol {version}") + HERE,
                       settings="proxy-protocol from 127.0.0.1")
        header = b"PROXY TCP4 203.0.113.5 10.0.0.1 50123 443\r\n"
        with Connection(server.https, trust(), "passed.test", preamble=header) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: passed.test\r\n\r\n")
            assert client.read_response().body == b"for 203.0.113.5:50123"


def test_a_server_that_is_down_is_an_alert_and_told(start, trust):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = start(pass_to("passed.test", f"127.0.0.1:{port}") + HERE)
    with pytest.raises(ssl.SSLError, match="INTERNAL_ERROR"):
        ask(server.https, trust(), "passed.test")
    event = server.wait_for_audit("pass_failed")
    assert (event["code"], event["site"], event["client"]) == ("G6050", "passed.test", "127.0.0.1")


def test_only_the_protocols_named_are_passed_on(start, nginx, trust):
    server = start(pass_to("localhost", nginx.address, "alpn acme-tls/1 xmpp-client") + HERE)
    assert ask(server.https, server.trust(), "localhost") == "here"
    context = trust()
    context.check_hostname = False
    with Connection(server.https, context, "localhost", alpn=("http/1.1", "xmpp-client")) as client:
        client.send(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert client.read_response().body.startswith(b"there localhost")


def test_a_reload_keeps_what_runs(start, certificate, trust):
    with TlsServer(certificate, echo) as behind:
        server = start(pass_to("passed.test", behind.address) + HERE)
        with Connection(server.https, trust(), "passed.test") as client:
            client.send(b"one")
            assert client.read_exactly(3) == b"one"
            server.reload(HERE)
            client.send(b"two")
            assert client.read_exactly(3) == b"two"
            with pytest.raises(ssl.SSLError):
                ask(server.https, trust(), "passed.test")


def test_silence_ends_it(start, certificate, trust):
    with TlsServer(certificate, echo) as behind:
        server = start(pass_to("passed.test", behind.address, "timeout idle 300ms") + HERE)
        with Connection(server.https, trust(), "passed.test") as client:
            client.send(b"one")
            assert client.read_exactly(3) == b"one"
            assert client.receive() == b""


def test_connections_that_are_passed_on_are_counted(start, certificate, trust):
    with TlsServer(certificate, echo) as behind:
        server = start(pass_to("passed.test", behind.address) + HERE,
                       settings="limits {\n  connections-per-address 2\n}")
        held = [Connection(server.https, trust(), "passed.test") for _ in range(2)]
        with socket.create_connection(("127.0.0.1", server.https)) as one_more:
            one_more.settimeout(PATIENCE)
            assert one_more.recv(1) == b""
        for client in held:
            client.close()

        def again():
            with contextlib.suppress(OSError):
                return ask(server.https, server.trust(), "localhost") == "here"

        wait_until(again, "room for one more")


def test_who_speaks_no_tls_is_answered_as_ever(start, nginx):
    server = start(pass_to("passed.test", nginx.address) + HERE)
    with Connection(server.https) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: passed.test\r\n\r\n")
        assert client.read_response().status == 400


def test_explain_says_that_a_site_never_sees_it(tmp_path):
    configuration = tmp_path / "gate443.conf"
    configuration.write_text("pass passed.test 127.0.0.1:1\n" + HERE)
    for name, passed in (("passed.test", True), ("localhost", False)):
        done = run_command("explain", "request", "GET", f"https://{name}/", "--config", configuration, "--json")
        assert ("passed_to" in json.loads(done.stdout)["site"]) == passed, done.stdout + done.stderr


@pytest.mark.parametrize("wrong, code", [
    ("pass localhost 127.0.0.1:1\n", "G0191"), ("pass a.test 1\npass a.test 2\n", "G0191"),
    ("pass a.test https://127.0.0.1:1\n", "G0160"), ("pass 127.0.0.1 127.0.0.1:1\n", "G0158"),
    ("pass a.test\n", "G0143"), ("pass a.test a/b\n", "G6000")])
def test_what_cannot_be_meant_is_refused(start, wrong, code):
    with pytest.raises(AssertionError, match=code):
        start(wrong + HERE)
