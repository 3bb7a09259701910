"""`buffer` of a proxy: slow clients do not keep servers busy."""

import hashlib
import threading

import pytest

from support.raw import Connection
from support.server import run_command
from support.upstream import Upstream, response
from support.wait import PATIENCE


def site(*upstreams, block):
    servers = " ".join(each.address for each in upstreams)
    lines = "".join(f"    {line}\n" for line in block)
    return f"site localhost {{\n  proxy {servers} {{\n{lines}  }}\n}}\n"


def digest(received, _=None):
    return response(hashlib.sha256(received.body).hexdigest().encode())


def test_no_server_is_asked_until_a_slow_request_is_here(start, wire_type):
    with Upstream(digest) as upstream:
        server = start(site(upstream, block=["buffer request 1MiB"]))
        with Connection(server.https, server.trust()) as slow:
            slow.send(b"POST /slow HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            # Another one that is through tells that the first had its turn.
            assert wire_type(server).request("GET", "/").status == 200
            assert [each.method for each in upstream.received] == ["GET"]
            slow.send(b"4\r\nrest\r\n0\r\n\r\n")
            assert slow.read_response().body == hashlib.sha256(b"halfrest").hexdigest().encode()
        assert upstream.received[-1].get("content-length") == "8", "its length is known by now"


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
def test_a_body_of_any_size_arrives_whole(start, wire_type, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with Upstream(digest) as upstream:
        server = start(site(upstream, block=["buffer request 128KiB"]))
        answer = wire_type(server).request("POST", "/", body=body)
        assert answer.body == hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize("block, status", [(["buffer request 128KiB"], 200), ([], 502)])
def test_a_body_that_is_held_can_be_sent_to_another_server(start, wire_type, block, status):
    body = b"held" * 20_000
    with Upstream(lambda *_: b"") as broken, Upstream(digest) as well:
        server = start(site(broken, well, block=["balance round-robin", *block]))
        answer = wire_type(server).request("PUT", "/", body=body)
        assert answer.status == status
        assert len(broken.received) == 1 and broken.received[0].body == body
        assert len(well.received) == (1 if status == 200 else 0)
        if status == 200:
            assert answer.body == hashlib.sha256(body).hexdigest().encode()


def test_what_may_not_be_repeated_is_not_repeated_because_it_is_held(start, wire_type):
    with Upstream(lambda *_: b"") as broken, Upstream(digest) as well:
        server = start(site(broken, well, block=["balance round-robin", "buffer request 128KiB"]))
        assert wire_type(server).request("POST", "/", body=b"pay").status == 502
        assert len(well.received) == 0


def test_a_server_is_rid_of_a_response_that_nobody_reads_yet(start):
    body = b"y" * 24_000_000  # more than the sockets on the way take
    rid = threading.Event()

    def answer(_, sock):
        sock.sendall(response(body))
        rid.set()

    with Upstream(answer) as upstream:
        server = start(site(upstream, block=["buffer response 32MiB"]))
        with Connection(server.https, server.trust(), receive_buffer=4096) as slow:
            slow.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert rid.wait(PATIENCE), "the client reads nothing"
            assert slow.read_response().body == body


def test_a_client_that_goes_away_meanwhile_asks_no_server(start, wire_type):
    with Upstream(digest) as upstream:
        server = start(site(upstream, block=["buffer request 1MiB"]))
        with Connection(server.https, server.trust()) as gone:
            gone.send(b"POST /gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nhalf")
        server.wait_for_access(lambda line: line["path"] == "/gone")
        assert wire_type(server).request("GET", "/").status == 200
        assert [each.target for each in upstream.received] == ["/"]


@pytest.mark.parametrize("words", ["buffer request 1KiB", "buffer both 1MiB", "buffer response", "buffer request 2GiB"])
def test_what_makes_no_sense_is_refused(tmp_path, words):
    file = tmp_path / "gate443.conf"
    file.write_text(f"site localhost {{\n  proxy 3000 {{\n    {words}\n  }}\n}}\n")
    done = run_command("check", file)
    assert done.returncode == 2, done.stdout + done.stderr
