"""HTTP/3 between two networks that lose, double, delay and reorder what goes from one to the other. Thousands of such
networks are simulated in the unit tests of quic; here are real sockets and the real program."""

import hashlib

import pytest

from support.http3 import Agent, Http3Client
from support.networks import Networks, Relay
from support.server import Server
from support.wait import wait_until

LARGE = bytes(range(256)) * 12_288  # 3 MiB
SITE = "site localhost {\n files /large.bin ../www\n respond 200 here\n}\n"
MILD = {"loss": 0.005, "doubling": 0.01, "delay": 0.002, "jitter": 0.002}
ROUGH = {"loss": 0.02, "doubling": 0.03, "delay": 0.002, "jitter": 0.006}
WEATHER = {"mild": MILD, "rough": ROUGH, "moving": {**MILD, "rebinding": 0.5}}
CONGESTION = {"mild": "cubic", "rough": "bbr", "moving": "cubic"}


@pytest.fixture(scope="module")
def networks():
    with Networks() as made:
        yield made


@pytest.fixture(scope="module", params=WEATHER)
def weather(request):
    return request.param


@pytest.fixture(scope="module")
def site(networks, weather, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    (folder / "www").mkdir()
    (folder / "www" / "large.bin").write_bytes(LARGE)
    settings = f"https {networks.SERVER}:0\nhttp off\ncongestion {CONGESTION[weather]}"
    with Server(folder / "server", SITE, settings=settings, prefix=networks.server.prefix) as server:
        yield server


@pytest.fixture(scope="module")
def agent(networks):
    made = Agent(networks.client.prefix)
    yield made
    made.end()


@pytest.fixture
def connect(networks, site, agent, weather):
    """Opens connections through the relay."""
    with Relay(networks.client, (networks.SERVER, site.https), **WEATHER[weather]) as relay:
        yield lambda **options: Http3Client(site, agent=agent, port=relay.port, **options)


def test_download_arrives_whole(connect):
    with connect() as client:
        body = client.finish(client.start("GET", "/large.bin")).body
        assert hashlib.sha256(body).digest() == hashlib.sha256(LARGE).digest()


def test_uploads_arrive_whole(connect):
    """No statement reads bodies, and an upload that is answered is stopped. So the answers find no open window until the
    server has acknowledged all of what it takes unread."""
    body = LARGE[:250_000]
    with connect(window=1, hold=True) as client:
        for _ in range(3):
            asked = [client.start("POST", "/", [("content-length", str(len(body)))], end=False) for _ in range(3)]
            for stream in asked:
                client.send_body(stream, body)
            wait_until(lambda: client.facts()["requests_on_the_way"] == 0, "the server to have them all")
            client.behave(hold=False)
            assert all(client.finish(stream).body == b"here" for stream in asked)
            client.behave(hold=True)
        assert not client.stops


def test_no_connection_is_stuck(connect):
    opened = [connect() for _ in range(8)]
    for _ in range(5):
        asked = [(client, client.start("GET", "/")) for client in opened for _ in range(4)]
        assert all(client.finish(stream).body == b"here" for client, stream in asked)
    for client in opened:
        client.close()
