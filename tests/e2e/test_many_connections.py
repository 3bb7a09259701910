"""Ten thousand clients that have nothing to say: they cost little and stand in nobody's way."""

import json
import resource
import threading

import pytest

from support.http2 import Http2Client
from support.raw import Connection
from support.server import SANITIZED, run_command
from support.wait import wait_until

COUNT = 10_000
THREADS = 4
LIMITS = """
limits {
  connections-per-address 20000
  handshake-timeout 10m
  idle-timeout 10m
}
"""


@pytest.fixture
def many_descriptors():
    """Room for the clients here, and for the server, which raises its limit to the hard one that it inherits."""
    wanted = COUNT + 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError):
        pytest.skip(f"the hard limit of open files is {hard}, {wanted} are wanted, and only root may raise it")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect_all(server, count):
    """Opens the connections from a few threads, which leave the interpreter to each other during a handshake."""
    context, connections, failures = server.trust(), [], []

    def connect_some():
        try:
            for _ in range(count // THREADS):
                connections.append(Connection(server.https, context))
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=connect_some) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return connections


def open_connections(server):
    status = run_command("status", "--json", "--state", server.state)
    return json.loads(status.stdout)["connections"]["open"]


def test_ten_thousand_idle_connections_cost_little_and_stand_in_nobodys_way(start, many_descriptors):
    server = start("site localhost {\n respond 200 here\n}", settings=LIMITS)
    Connection(server.https, server.trust()).close()  # what is made once is not to be counted
    wait_until(lambda: open_connections(server) == 0, "the end of the first connection")
    before = server.proportional_memory_kb()
    connections = connect_all(server, COUNT)
    try:
        assert open_connections(server) == COUNT
        if not SANITIZED:
            assert (server.proportional_memory_kb() - before) / COUNT < 12, "kB a connection"
        busy = server.cpu_seconds()
        with Http2Client(server) as client:
            assert client.request("GET", "/").body == b"here"
        for idle in connections[:: COUNT // 10]:
            idle.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.read_response().body == b"here"
        assert server.cpu_seconds() - busy < 1
    finally:
        for connection in connections:
            connection.close()
    wait_until(lambda: open_connections(server) == 0, "the end of all connections")
    assert server.descriptors() < 100
