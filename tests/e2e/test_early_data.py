"""Requests with a returning client's first packet (0-RTT): which are taken, and that none is taken twice (RFC 8446 8, RFC
8470, RFC 9001 9.2)."""

import json
import socket

import pytest

from support.clocks import Clocks
from support.http3 import Http3Client
from support.server import Server, run_command
from support.upstream import Upstream, response
from support.wait import PATIENCE, wait_until

SITE = "site localhost {\n early-data safe\n respond 200 here\n}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """It has run for longer than the two minutes for which it cannot know what came before. Replays to another worker go
    unseen (the manual says so), so there is but one."""
    folder = tmp_path_factory.mktemp("early")
    clocks = Clocks(folder)
    with Server(folder / "server", SITE, workers=1, environment=clocks.environment) as server:
        clocks.pass_time(150)
        yield server


@pytest.fixture
def earlier(site):
    return visited(site)


def visited(server):
    """A connection that has ended, and left a ticket."""
    with Http3Client(server) as client:
        assert client.request("GET", "/").status == 200
        client.ping()
    return client


def returning(server, earlier, *requests, complete=True, **options):
    early = [(request, complete) for request in requests]
    return Http3Client(server, resume=earlier, early=early, wait=False, **options)


def taken_early(client):
    if not client.facts_of_handshake:
        client.wait_for("connected")
    return client.facts_of_handshake["early_data"]


def record(server, query, count=1):
    return server.wait_for_access(lambda line: line.get("query") == query, count)


def connections_open(server):
    return json.loads(run_command("status", "--json", "--state", server.state).stdout)["connections"]["open"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_safe_request_is_answered(site, earlier, method):
    with returning(site, earlier, {"method": method, "path": f"/?safe-{method}"}) as client:
        assert client.finish(0).status == 200
        assert taken_early(client)
        assert client.request("GET", "/").status == 200
    assert record(site, f"safe-{method}")[0]["quic"]["early_data"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_unsafe_request_is_too_early(site, earlier, method):
    """RFC 8470 5.2"""
    with returning(site, earlier, {"method": method, "path": "/"}) as client:
        assert client.outcome(0) == 425
        assert taken_early(client)


def test_request_with_a_body_is_too_early(site, earlier):
    with returning(site, earlier, {"path": "/", "fields": [("content-length", "4")]}, complete=False) as client:
        assert client.outcome(0) == 425
        assert taken_early(client)


def test_client_that_was_too_early_comes_again(site, earlier):
    with returning(site, earlier, {"method": "POST", "path": "/"}) as client:
        assert client.outcome(0) == 425
        assert client.request("POST", "/", body=b"x").status == 200


def test_many_requests_come_early(site, earlier):
    with returning(site, earlier, *({"path": f"/{n}"} for n in range(20))) as client:
        assert [client.finish(4 * n).status for n in range(20)] == [200] * 20
        assert taken_early(client)


def test_ticket_brings_early_data_once(site, earlier):
    with returning(site, earlier, {"path": "/?first"}) as client:
        assert client.finish(0).status == 200
        assert taken_early(client)
    with returning(site, earlier, {"path": "/?second"}) as client:
        assert client.finish(0).status == 200, "it comes again after the handshake"
        assert not taken_early(client)
        assert client.facts_of_handshake["resumed"]


def test_replayed_flight_is_not_served_again(site, earlier):
    """While its connection is there, and when it has gone."""
    with returning(site, earlier, {"path": "/?flight"}, recording=True) as client:
        assert client.finish(0).status == 200
        assert taken_early(client)
        flight = client.recorded()
        client.behave(recording=False)
        send_from_elsewhere(site, flight)
        assert client.request("GET", "/").status == 200
    wait_until(lambda: connections_open(site) == 0, "the end of the connection")
    assert send_from_elsewhere(site, flight, answered=True)
    with Http3Client(site) as client:
        assert client.request("GET", "/?marker").status == 200
    record(site, "marker")
    assert len(record(site, "flight")) == 1


def send_from_elsewhere(server, datagrams, answered=False):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", server.https))
        for each in datagrams:
            sock.send(each)
        sock.settimeout(PATIENCE)
        return answered and sock.recv(2000)


def test_nothing_is_taken_early_until_replays_would_be_known(tmp_path):
    with Server(tmp_path / "server", SITE, workers=1) as server:
        with returning(server, visited(server), {"path": "/"}) as client:
            assert client.finish(0).status == 200
            assert not taken_early(client)


def test_nothing_is_taken_early_unless_the_site_says_so(tmp_path):
    clocks = Clocks(tmp_path)
    text = SITE.replace(" early-data safe\n", "")
    with Server(tmp_path / "server", text, workers=1, environment=clocks.environment) as server:
        clocks.pass_time(150)
        with returning(server, visited(server), {"path": "/"}) as client:
            assert client.finish(0).status == 200
            assert not taken_early(client)


def test_a_server_behind_is_told_of_early_data(tmp_path):
    clocks = Clocks(tmp_path)
    with Upstream(lambda *_: response(b"behind")) as upstream:
        text = f"site localhost {{\n early-data safe\n proxy {upstream.address}\n}}\n"
        with Server(tmp_path / "server", text, workers=1, environment=clocks.environment) as server:
            clocks.pass_time(150)
            with returning(server, visited(server), {"method": "GET", "path": "/early"}) as client:
                assert client.finish(0).status == 200
                assert taken_early(client)
                assert client.request("GET", "/late").status == 200
        told = {received.target: received.get("early-data") for received in upstream.received}
    assert told == {"/": None, "/early": "1", "/late": None}
