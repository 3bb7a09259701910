"""The reverse proxy: what reaches a server, what comes back, and what happens when a server does not do its part."""

import hashlib
import json
import os
import socket
import threading

import pytest

from support.http2 import Http2Client
from support.http3 import Http3Client
from support.raw import Connection
from support.server import run_command
from support.upstream import Upstream, response
from support.wait import PATIENCE, wait_until
from support.wires import WIRES


def conf(*lines, block=()):
    inside = "\n".join(f"    {line}" for line in block)
    text = " ".join(lines)
    return f"site localhost {{\n  proxy {text} {{\n{inside}\n  }}\n}}\n"


@pytest.fixture
def upstreams():
    """Starts servers that end with the test."""
    running = []

    def start_one(answer, **options):
        running.append(Upstream(answer, **options))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


def echo(received, _):
    digest = hashlib.sha256(received.body).hexdigest()
    return response(f"{received.method} {received.target} {digest}".encode(), fields=[("X-Upstream", "yes")])


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def proxied(start, upstreams, wire_type, answer, block=()):
    upstream = upstreams(answer)
    server = start(conf(upstream.address, block=block))
    return upstream, wire_type(server)


def test_a_request_reaches_the_server_and_its_response_the_client(start, upstreams, wire_type):
    upstream, wire = proxied(start, upstreams, wire_type, echo)
    answer = wire.request("GET", "/a%20b?c=%64", [("x-kept", "1"), ("te", "trailers")])
    assert answer.status == 200
    assert answer.body.decode() == f"GET /a%20b?c=%64 {hashlib.sha256(b'').hexdigest()}"
    assert answer.get("x-upstream") == "yes"
    received = upstream.received[0]
    assert received.get("host").startswith("localhost:")
    assert received.get("x-kept") == "1"
    assert received.get("te") is None
    assert received.get("x-forwarded-for") == "127.0.0.1"
    assert received.get("x-forwarded-proto") == "https"
    assert received.get("content-length") is None
    wire.close()


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_body_arrives_whole(start, upstreams, wire_type, size):
    _, wire = proxied(start, upstreams, wire_type, echo)
    body = os.urandom(size)
    answer = wire.request("POST", "/upload", body=body)
    assert answer.body.decode().split(" ")[2] == hashlib.sha256(body).hexdigest()
    wire.close()


def test_requests_share_a_connection(start, upstreams, wire_type):
    upstream, wire = proxied(start, upstreams, wire_type, echo)
    for number in range(20):
        assert wire.request("GET", f"/{number}").body.decode().startswith(f"GET /{number} ")
    assert upstream.connections == 1
    wire.close()


BIG = os.urandom(2_000_000)


def chunked(received, sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
    for at in range(0, len(BIG), 60_001):
        piece = BIG[at : at + 60_001]
        sock.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    sock.sendall(b"0\r\nX-Sum: 42\r\n\r\n")


def until_close(received, sock):
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + BIG)
    return b""


@pytest.mark.parametrize("answer", [chunked, until_close, lambda *_: response(BIG)])
def test_a_response_arrives_whole_however_its_end_is_told(start, upstreams, wire_type, answer):
    _, wire = proxied(start, upstreams, wire_type, answer)
    result = wire.request("GET", "/")
    assert result.body == BIG
    if answer is chunked:
        assert ("x-sum", "42") in result.trailers
    wire.close()


def test_a_server_is_asked_for_the_path_that_statements_before_have_made(start, upstreams, wire_type):
    upstream = upstreams(echo)
    server = start(f"site localhost {{\n  rewrite strip-prefix /api\n  rewrite /q /x?a=b\n  proxy {upstream.address}\n}}\n")
    wire = wire_type(server)
    for asked in ["/api/users?id=%31", "/api", "/plain%2Fpath?", "/q?old"]:
        wire.request("GET", asked)
    wire.close()
    assert [each.target for each in upstream.received] == ["/users?id=%31", "/", "/plain%2Fpath?", "/x?a=b"]
    logged = server.wait_for_access(lambda _: True, count=4)
    assert [line["path"] for line in logged] == ["/api/users", "/api", "/plain%2Fpath", "/q"], "as they were asked for"
    assert [line.get("query") for line in logged] == ["id=%31", None, None, "old"]


def test_head_and_304_have_no_body_but_say_the_length(start, upstreams, wire_type):
    def answer(received, _):
        if received.target == "/304":
            return b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"

    _, wire = proxied(start, upstreams, wire_type, answer)
    head = wire.request("HEAD", "/")
    assert (head.status, head.get("content-length"), head.body) == (200, "1234", b"")
    assert wire.request("GET", "/304").status == 304
    wire.close()


BROKEN = {
    "both framings": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a coding nobody knows": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "chunked twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
    "chunked in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded line": b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a blank before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "a control character": b"HTTP/1.1 200 OK\r\nX-A: b\x00c\r\nContent-Length: 0\r\n\r\n",
    "a bare line feed": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "no status line": b"hello\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a version of its own": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a status that is none": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status out of range": b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
    "a switch nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    "interim responses without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50,
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
    "a huge field": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_response_that_breaks_the_rules_is_not_passed_on(start, upstreams, wire_type, name):
    def answer(received, sock):
        if received.target == "/well":
            return response(b"fine")
        sock.sendall(BROKEN[name])
        return b"" if name in ("nothing", "a head without end") else None

    _, wire = proxied(start, upstreams, wire_type, answer, block=["retry 0"])
    result = wire.request("GET", "/")
    assert result.status == 502
    assert "error=" in result.get("proxy-status")
    assert wire.request("GET", "/well").body == b"fine"
    wire.close()


def test_what_follows_a_response_is_never_taken_for_the_next(start, upstreams, wire_type):
    def answer(received, sock):
        if received.target == "/first":
            return response(b"first") + response(b"smuggled")
        return response(b"own")

    upstream, wire = proxied(start, upstreams, wire_type, answer)
    assert wire.request("GET", "/first").body == b"first"
    assert wire.request("GET", "/second").body == b"own"
    assert upstream.connections == 2
    wire.close()


def test_a_server_that_is_not_there_is_503_and_comes_back_without_a_restart(start, upstreams, wire_type):
    port = free_port()
    wire = wire_type(start(conf(f"127.0.0.1:{port}")))
    down = wire.request("GET", "/")
    assert (down.status, down.get("retry-after")) == (503, "5")
    assert down.get("proxy-status") == "gate443; error=connection_refused"
    upstreams(echo, port=port)
    assert wire.request("GET", "/").status == 200
    wire.close()


def test_a_server_that_says_nothing_is_504(start, upstreams, wire_type):
    released = threading.Event()
    _, wire = proxied(start, upstreams, wire_type, lambda *_: released.wait(PATIENCE) and None,
                      block=["timeout response 200ms"])
    result = wire.request("GET", "/")
    assert (result.status, result.get("proxy-status")) == (504, "gate443; error=http_response_timeout")
    released.set()
    wire.close()


def test_another_server_is_asked_where_one_is_down(start, upstreams, wire_type):
    well = upstreams(echo)
    wire = wire_type(start(conf(f"127.0.0.1:{free_port()}", well.address, block=["balance round-robin"])))
    for number in range(10):
        assert wire.request("POST", f"/{number}", body=b"x").status == 200
    assert len(well.received) == 10
    wire.close()


def test_what_may_have_been_done_is_not_asked_for_twice(start, upstreams, wire_type):
    one = upstreams(lambda *_: b"")
    two = upstreams(lambda *_: b"")
    wire = wire_type(start(conf(one.address, two.address)))
    assert wire.request("POST", "/pay", body=b"x").status == 502
    assert len(one.received) + len(two.received) == 1
    assert wire.request("GET", "/look").status == 502
    assert len(one.received) + len(two.received) == 3
    wire.close()


def test_a_connection_that_the_server_closes_while_idle_costs_no_request(start, upstreams, wire_type):
    upstream, wire = proxied(start, upstreams, wire_type, echo)
    for number in range(5):
        assert wire.request("POST", f"/{number}", body=b"x").status == 200
        upstream.drop_connections()
    wire.close()


def test_a_body_cut_short_is_an_end_the_client_notices(start, upstreams, wire_type):
    def answer(received, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        return b""

    _, wire = proxied(start, upstreams, wire_type, answer)
    with pytest.raises(Exception):
        wire.request("GET", "/")
    wire.close()


def test_an_answer_may_come_before_the_request_was_read(start, upstreams, wire_type):
    def answer(received, sock):
        return response(b"enough", status="413 Content Too Large")

    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        sock, _ = listener.accept()
        while b"\r\n\r\n" not in sock.recv(65536):
            pass
        sock.sendall(answer(None, sock))
        sock.recv(1)
        sock.close()

    threading.Thread(target=serve, daemon=True).start()
    wire = wire_type(start(conf(f"127.0.0.1:{listener.getsockname()[1]}")))
    assert wire.request("POST", "/", body=os.urandom(300_000)).status == 413
    listener.close()
    wire.close()


def test_the_host_a_server_sees_can_be_chosen(start, upstreams):
    for host, expected in (("server", None), ("app.example", "app.example")):
        upstream = upstreams(echo)
        wire = WIRES["h2"](start(conf(upstream.address, block=[f"host {host}"])))
        wire.request("GET", "/")
        assert upstream.received[0].get("host") == (expected or upstream.address)
        wire.close()


def test_a_unix_socket_can_be_asked(start, tmp_path, wire_type):
    path = tmp_path / "app.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve():
        sock, _ = listener.accept()
        sock.recv(65536)
        sock.sendall(response(b"from a file"))

    threading.Thread(target=serve, daemon=True).start()
    wire = wire_type(start(conf(f"unix:{path}")))
    assert wire.request("GET", "/").body == b"from a file"
    listener.close()
    wire.close()


def test_a_sticky_client_stays_with_its_server(start, upstreams):
    all_of_them = [upstreams(lambda received, _, number=number: response(str(number).encode())) for number in range(4)]
    server = start(conf(*(each.address for each in all_of_them), block=["balance sticky route"]))
    wire = WIRES["h1"](server)
    first = wire.request("GET", "/")
    cookie = first.get("set-cookie").split(";")[0]
    assert cookie.startswith("route=")
    assert {wire.request("GET", "/", [("cookie", cookie)]).body for _ in range(20)} == {first.body}
    wire.close()


def test_a_reload_keeps_connections_to_servers(start, upstreams):
    upstream = upstreams(echo)
    server = start(conf(upstream.address))
    wire = WIRES["h1"](server)
    wire.request("GET", "/")
    server.reload(conf(upstream.address, block=["header set x-new 1"]))
    wire.request("GET", "/")
    assert upstream.received[-1].get("x-new") == "1"
    assert upstream.connections <= 2  # one a worker
    wire.close()


def switching(received, sock):
    """Speaks an echo protocol after the switch, and ends when the client does."""
    assert received.get("connection") == "Upgrade" and received.get("upgrade") == "websocket"
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: b\r\n\r\nhi")
    while data := sock.recv(65536):
        sock.sendall(data)
    sock.sendall(b"bye")
    return b""


def test_an_upgrade_makes_a_tunnel(start, upstreams):
    upstream = upstreams(switching)
    server = start(conf(upstream.address))
    with Connection(server.https, server.trust()) as connection:
        connection.send(
            b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: x\r\n\r\nearly"
        )
        head = connection.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"x-a: b" in head.lower()
        assert connection.read_exactly(7) == b"hiearly"
        for _ in range(50):
            piece = os.urandom(20_000)
            connection.send(piece)
            assert connection.read_exactly(len(piece)) == piece
    assert upstream.received[0].get("sec-websocket-key") == "x"


CONNECT = [("sec-websocket-version", "13"), ("origin", "https://localhost")]


@pytest.mark.parametrize("client_type", [Http2Client, Http3Client])
def test_an_extended_connect_makes_a_tunnel(start, upstreams, client_type):
    upstream = upstreams(switching)
    server = start(conf(upstream.address))
    with client_type(server) as client:
        head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
                (":authority", client.authority), (":path", "/chat?a"), *CONNECT]
        stream = client.start_with(head, end=False)
        while stream not in client.responses:
            client.step()
        assert client.responses[stream].status == 200
        assert client.responses[stream].get("x-a") == "b"
        assert client.responses[stream].get("upgrade") is None
        big = os.urandom(300_000)
        client.send_body(stream, big)
        assert client.finish(stream).body == b"hi" + big + b"bye"
        # The connection goes on with other requests.
    received = upstream.received[0]
    assert (received.method, received.target) == ("GET", "/chat?a")
    assert len(received.get("sec-websocket-key")) == 24


def tunnel_over_http1(server):
    """Says what it is given into the tunnel and reads as much back."""
    with Connection(server.https, server.trust()) as connection:
        connection.send(b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        b"Sec-WebSocket-Key: x\r\n\r\n")
        connection.read_until(b"\r\n\r\n")
        said = yield connection.read_exactly(2)
        while True:
            connection.send(said)
            said = yield connection.read_exactly(len(said))


def tunnel_over_streams(client_type):
    def tunnel(server):
        with client_type(server) as client:
            head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
                    (":authority", client.authority), (":path", "/chat"), *CONNECT]
            stream = client.start_with(head, end=False)
            heard, said = 0, b"hi"
            while True:
                while stream not in client.responses or len(client.responses[stream].body) < heard + len(said):
                    client.step()
                back = bytes(client.responses[stream].body)[heard:]
                heard += len(back)
                said = yield back
                client.send_piece(stream, said)
    return tunnel


def test_a_hundred_reloads_keep_tunnels_over_every_wire(start, upstreams):
    upstream = upstreams(switching)

    def text(number):
        # Every other time it is the tunnels' own site that is another one.
        return conf(upstream.address, block=[f"queue {1 + number // 2}"]) + f"site b.localhost {{\n  respond 200 {number}\n}}\n"

    server = start(text(0))
    tunnels = [tunnel(server) for tunnel in
               (tunnel_over_http1, tunnel_over_streams(Http2Client), tunnel_over_streams(Http3Client))]
    for tunnel in tunnels:
        assert next(tunnel) == b"hi"
    for number in range(1, 101):
        assert server.reload(text(number))["event"] == "configuration_changed"
        for tunnel in tunnels:
            piece = os.urandom(100)
            assert tunnel.send(piece) == piece
    for tunnel in tunnels:
        tunnel.close()
    assert upstream.connections == len(tunnels)


@pytest.mark.parametrize("client_type", [Http2Client, Http3Client])
def test_a_server_that_does_not_switch_is_no_success_of_connect(start, upstreams, client_type):
    def answer(received, sock):
        return response(b"no", status="403 Forbidden" if received.target == "/403" else "200 OK")

    server = start(conf(upstreams(answer).address))
    with client_type(server) as client:
        for path, status in (("/403", 403), ("/200", 502)):
            head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
                    (":authority", client.authority), (":path", path), *CONNECT]
            assert client.finish(client.start_with(head, end=False)).status == status


def test_a_request_to_switch_may_be_answered_as_http(start, upstreams):
    upstream = upstreams(echo)
    server = start(conf(upstream.address))
    with Connection(server.https, server.trust()) as connection:
        for number in range(2):
            connection.send(
                b"GET /%d HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" % number
            )
            assert connection.read_response("GET").status == 200
    assert upstream.connections == 1


def test_interim_responses_are_passed_on(start, upstreams):
    def answer(received, sock):
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
        return response(b"x")

    server = start(conf(upstreams(answer).address))
    with Connection(server.https, server.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        hints = connection.read_until(b"\r\n\r\n")
        assert hints.startswith(b"HTTP/1.1 103 ") and b"</a.css>; rel=preload" in hints
        assert connection.read_response("GET").body == b"x"


def test_checks_find_out_which_servers_are_well(start, upstreams):
    well = [True, True]

    def server(number):
        def answer(received, _):
            if received.target == "/health":
                return response(b"ok" if well[number] else b"ill", status="200 OK")
            return response(str(number).encode())
        return upstreams(answer)

    both = [server(0), server(1)]
    front = start(conf(*(each.address for each in both), block=[
        "check /health {", "interval 100ms", "body ok", "rise 1", "fall 1", "}", "balance round-robin", "eject off"]), workers=1)
    wire = WIRES["h2"](front)

    def answers():
        return {(answer.status, answer.body) for answer in (wire.request("GET", "/") for _ in range(6))}

    assert answers() == {(200, b"0"), (200, b"1")}
    well[0] = False
    wait_until(lambda: answers() == {(200, b"1")}, "the server that is ill to be left alone")
    well[1] = False
    wait_until(lambda: {status for status, _ in answers()} == {503}, "503 when none is well")
    well[0] = well[1] = True
    wait_until(lambda: answers() == {(200, b"0"), (200, b"1")}, "both to come back")
    assert both[0].received[0].get("user-agent") == "gate443 check"
    wire.close()


def test_a_server_that_fails_again_and_again_is_left_alone_for_a_while(start, upstreams):
    ill = upstreams(lambda *_: b"")
    well = upstreams(echo)
    wire = WIRES["h2"](start(conf(ill.address, well.address, block=["balance round-robin", "eject 3 1h"]), workers=1))
    for _ in range(40):
        assert wire.request("GET", "/").status == 200
    assert len(ill.received) == 3
    wire.close()


def test_servers_are_steered_without_a_reload(start, upstreams):
    both = [upstreams(lambda received, _, number=number: response(str(number).encode())) for number in range(2)]
    server = start(conf(*(each.address for each in both), block=["balance round-robin"]))
    wire = WIRES["h1"](server)

    def upstream(*words):
        done = run_command("upstream", *words, "--state", server.state)
        return done

    def answers(count=12):
        return sorted(wire.request("GET", "/").body for _ in range(count))

    assert answers() == [b"0"] * 6 + [b"1"] * 6
    assert upstream("drain", both[0].address).returncode == 0
    assert answers() == [b"1"] * 12
    server.reload(conf(*(each.address for each in both), block=["balance round-robin", "header set x-a b"]))
    assert answers() == [b"1"] * 12, "a reload forgets nothing"
    listed = {each["server"]: each for each in json.loads(upstream("list", "--json").stdout)}
    assert listed[f"http://{both[0].address}"]["state"] == "drained"
    assert listed[f"http://{both[1].address}"]["state"] == "up"
    assert listed[f"http://{both[1].address}"]["requests"] == 30
    assert upstream("up", both[0].address).returncode == 0
    assert upstream("set-weight", f"http://{both[0].address}", "3").returncode == 0
    assert answers().count(b"0") == 9
    unknown = upstream("drain", "nobody:1")
    assert unknown.returncode == 2
    assert "G6003" in unknown.stderr and both[0].address in unknown.stderr
    assert upstream("set-weight", both[0].address, "0").returncode == 2
    wire.close()
