"""Reload, new certificates and the hand-over to a new process, under load: nothing is lost."""

import contextlib
import hashlib
import os
import signal
import ssl
import subprocess
import threading

import pytest

from support.certificates import Authority
from support.hand_over import runs, successor_of
from support.http2 import Http2Client
from support.raw import Connection
from support.server import BINARY, Server
from support.wait import PATIENCE, wait_until

LARGE = bytes(range(256)) * 40_000
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answering(text):
    return f"site localhost {{\n respond 200 {text}\n}}\n"


def get(server, name="localhost"):
    with Connection(server.https, server.trust(), name) as connection:
        connection.send(GET.replace(b"localhost", name.encode()))
        return connection.read_response().body.decode()


def test_reload_brings_the_new_configuration(start):
    server = start(answering("one"))
    assert get(server) == "one"
    assert server.reload(answering("two"))["event"] == "configuration_changed"
    assert get(server) == "two"


def test_open_connections_get_the_new_configuration(start):
    server = start(answering("one"))
    with Connection(server.https, server.trust()) as connection, Http2Client(server) as client:
        connection.send(GET)
        assert connection.read_response().body == b"one"
        assert client.request("GET", "/").body == b"one"
        server.reload(answering("two"))
        connection.send(GET)
        assert connection.read_response().body == b"two"
        assert client.request("GET", "/").body == b"two"


def test_bad_configuration_keeps_the_old_one_and_says_why(start):
    server = start(answering("one"))
    event = server.reload("site localhost {\n respnd 200 two\n}\n")
    assert event["event"] == "configuration_rejected"
    assert "G0" in str(event)
    assert get(server) == "one"
    assert "respnd" in event["text"], event
    assert server.reload(answering("three"))["event"] == "configuration_changed"
    assert get(server) == "three"


def test_configuration_that_cannot_be_honoured_keeps_the_old_one(start):
    server = start(answering("one"))
    assert server.reload("site localhost {\n files /nowhere/at/all\n}\n")["event"] == "configuration_rejected"
    assert get(server) == "one"


def test_new_site_gets_its_certificate_and_a_removed_one_goes(start):
    server = start(answering("one"))
    server.reload(answering("one") + "site new.localhost {\n respond 200 new\n}\n")
    assert get(server, "new.localhost") == "new"
    server.reload(answering("one"))
    with pytest.raises(ssl.SSLError):
        get(server, "new.localhost")


def test_watch_reloads_by_itself(start):
    server = start(answering("one"), arguments=["--watch"])
    server.write_configuration(answering("two"))
    wait_until(lambda: get(server) == "two", "the watched configuration")


def test_a_hundred_reloads_lose_nothing(start, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "large.bin").write_bytes(LARGE)
    text = f"site localhost {{\n files /large.bin {tmp_path}/www\n respond 200 %s\n}}\n"
    server = start(text % "one")
    with Connection(server.https, server.trust(), receive_buffer=16384) as download, \
            Connection(server.https, server.trust()) as pipeline, Http2Client(server, window=16384) as client:
        download.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        length = int(download.read_head().get("content-length"))
        digest = hashlib.sha256()
        stream = client.start("GET", "/large.bin")
        for round in range(100):
            pipeline.send(GET * 4)
            event = server.reload(text % f"round-{round}")
            assert event["event"] == "configuration_changed", event
            for _ in range(4):
                assert pipeline.read_response().status == 200
            # Most of it meanwhile: neither of the two may seem to have fallen asleep when it is the other's turn.
            piece = download.read_exactly(100_000)
            digest.update(piece)
            length -= len(piece)
            client.step()
        digest.update(download.read_exactly(length))
        assert digest.digest() == hashlib.sha256(LARGE).digest()
        assert client.finish(stream).body == LARGE
        pipeline.send(GET)
        assert pipeline.read_response().body == b"round-99"


def test_replaced_certificate_is_picked_up(start, tmp_path):
    authority = Authority(tmp_path / "pki")
    files = authority.issue("own.example", file="own")
    server = start(f"site own.example {{\n tls cert {files.certificate} key {files.key}\n respond 200 here\n}}\n")

    def serial():
        with Connection(server.https, ssl.create_default_context(cafile=authority.file), "own.example") as connection:
            return int(connection.socket.getpeercert()["serialNumber"], 16)

    assert serial() == files.serial
    fresh = authority.issue("own.example", file="own")
    assert fresh.serial != files.serial
    wait_until(lambda: serial() == fresh.serial, "the new certificate")
    assert server.wait_for_audit("certificate_loaded")


def test_broken_certificate_keeps_the_old_one(start, tmp_path):
    authority = Authority(tmp_path / "pki")
    files = authority.issue("own.example", file="own")
    server = start(f"site own.example {{\n tls cert {files.certificate} key {files.key}\n respond 200 here\n}}\n")
    authority.issue("other.example", file="own")
    assert server.wait_for_audit("certificate_problem", lambda event: event["code"] == "G4056")
    with Connection(server.https, ssl.create_default_context(cafile=authority.file), "own.example") as connection:
        assert int(connection.socket.getpeercert()["serialNumber"], 16) == files.serial


def test_certificate_changed_while_the_server_starts_is_seen(tmp_path):
    authority = Authority(tmp_path / "pki")
    files = authority.issue("own.example", file="own")
    server = Server(tmp_path / "server",
                    f"site own.example {{\n tls cert {files.certificate} key {files.key}\n respond 200 here\n}}\n")
    reading, writing = full_pipe()
    # Certificates are read before the first screen, for which there is no room yet, and watched after it.
    process = subprocess.Popen([BINARY, "run", server.configuration], stdout=writing, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        server.wait_for_audit("started")
        authority.issue("other.example", file="own")
        while b"  state" not in (said := os.read(reading, 65536)):
            assert said, "the server has ended"
        assert server.wait_for_audit("certificate_problem", lambda event: event["code"] == "G4056")
    finally:
        os.close(reading)
        process.terminate()
        assert process.wait(PATIENCE) == 0


def full_pipe():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    return reading, writing


def test_hand_over_to_a_new_process_loses_no_request(start, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "large.bin").write_bytes(LARGE)
    text = f"site localhost {{\n files /large.bin {tmp_path}/www\n respond 200 here\n}}\n"
    server = start(text)
    context = server.trust()
    port = server.https
    # The new process must ask for the port that the old one was given.
    server.settings = f"https 127.0.0.1:{port}"
    server.write_configuration(text)
    failures, count, stop = [], [0], threading.Event()

    def load():
        own = server.trust()
        while not stop.is_set():
            try:
                with Connection(port, own) as connection:
                    connection.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                    assert connection.read_response().body == b"here"
                count[0] += 1
            except Exception as error:  # whatever it is, a request was lost
                failures.append(repr(error))

    threads = [threading.Thread(target=load) for _ in range(2)]
    with Connection(port, context, receive_buffer=16384) as download:
        download.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = download.read_head()
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: count[0] > 5, "the load to begin")
            fresh = successor_of(server)
            reached = count[0]
            wait_until(lambda: count[0] > reached + 20, "requests behind the hand-over")
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        body = download.read_exactly(int(head.get("content-length")))
    try:
        assert failures == []
        assert hashlib.sha256(body).digest() == hashlib.sha256(LARGE).digest()
        assert server.wait() == 0
        with Connection(port, context) as connection:
            connection.send(GET)
            assert connection.read_response().body == b"here"
    finally:
        os.kill(fresh, signal.SIGTERM)
        wait_until(lambda: not runs(fresh), "the end of the new process")
