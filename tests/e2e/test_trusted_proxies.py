"""Who the client is, by the word of proxies in front of the server."""

import json

import pytest

from support.server import run_command
from support.upstream import Upstream, response
from support.wires import WIRES

WHOM = """
site localhost {
  header set x-client {client}
  route {
    when from 203.0.113.0/24
    respond 200 "from there"
  }
  respond 200 "from here"
}
"""


def who(answer):
    """The client that matchers have seen, and the one that templates name."""
    return answer.body.decode(), answer.get("x-client")


def ask(server, wire_type, *fields):
    wire = wire_type(server)
    answer = wire.request("GET", "/", list(fields))
    wire.close()
    return answer


def test_a_trusted_proxy_says_who_the_client_is(start, wire_type):
    server = start(WHOM, settings="trusted-proxies 127.0.0.0/8")
    assert who(ask(server, wire_type, ("x-forwarded-for", "127.0.0.9, 203.0.113.5"))) == ("from there", "203.0.113.5")
    assert who(ask(server, wire_type, ("forwarded", "for=203.0.113.6"))) == ("from there", "203.0.113.6")
    assert who(ask(server, wire_type)) == ("from here", "127.0.0.1")
    logged = server.wait_for_access(lambda line: line["client"] == "203.0.113.6")
    assert logged[0]["client_port"] == 0


def test_nobody_else_is_believed(start, wire_type):
    server = start(WHOM, settings="trusted-proxies 192.0.2.1")
    assert who(ask(server, wire_type, ("x-forwarded-for", "203.0.113.5"))) == ("from here", "127.0.0.1")


def test_requests_of_one_connection_are_of_their_own_clients(start, wire_type):
    server = start(WHOM, settings="trusted-proxies 127.0.0.1")
    wire = wire_type(server)
    for client in ("203.0.113.5", "203.0.113.6"):
        answer = wire.request("GET", "/", [("x-forwarded-for", client)])
        assert who(answer) == ("from there", client)
    assert who(wire.request("GET", "/")) == ("from here", "127.0.0.1")
    wire.close()


def test_two_clients_at_once_are_none(start, wire_type):
    server = start(WHOM, settings="trusted-proxies 127.0.0.1")
    both = ("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=127.0.0.1")
    assert ask(server, wire_type, *both).status == 400
    assert server.wait_for_audit("request_refused")["code"] == "G5016"


def test_the_field_that_is_the_proxys_can_be_named(start, wire_type):
    server = start(WHOM, settings="trusted-proxies 127.0.0.1 {\n  by x-forwarded-for\n}")
    both = ("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=127.0.0.1")
    assert who(ask(server, wire_type, *both)) == ("from there", "203.0.113.5")


def test_servers_behind_are_told_the_way_and_nothing_the_client_wrote(start, wire_type):
    with Upstream(lambda *_: response(b"done")) as upstream:
        server = start(f"site localhost {{\n  proxy {upstream.address}\n}}", settings="trusted-proxies 127.0.0.0/8")
        wire = wire_type(server)
        claimed = "10.0.0.1, 203.0.113.5, 127.0.0.3"
        wire.request("GET", "/", [("x-forwarded-for", claimed), ("x-forwarded-proto", "http")])
        wire.close()
        received = upstream.received[0]
    assert received.get("x-forwarded-for") == "203.0.113.5, 127.0.0.3, 127.0.0.1"
    assert received.get("x-forwarded-proto") == "http"
    assert received.get("forwarded").startswith("for=203.0.113.5;proto=http, for=127.0.0.3, for=127.0.0.1;host=")


def test_a_reload_changes_who_is_trusted(start):
    server = start(WHOM, settings="trusted-proxies 127.0.0.1")
    server.settings = ""
    server.reload(WHOM)
    assert who(ask(server, WIRES["h1"], ("x-forwarded-for", "203.0.113.5"))) == ("from here", "127.0.0.1")


def test_explain_hears_trusted_proxies(tmp_path):
    configuration = tmp_path / "gate443.conf"
    configuration.write_text("trusted-proxies 127.0.0.1\n" + WHOM.replace('200 "from there"', "410"))
    for fields, status in ((["-H", "X-Forwarded-For: 203.0.113.5"], 410), ([], 200)):
        done = run_command("explain", "request", "GET", "https://localhost/", *fields, "--config", configuration, "--json")
        assert json.loads(done.stdout)["answer"]["status"] == status, done.stdout + done.stderr


@pytest.mark.parametrize("wrong", ["trusted-proxies", "trusted-proxies 10.0.0.1/8", "trusted-proxies ::1 {\n by via\n}"])
def test_what_cannot_be_meant_is_refused(start, wrong):
    with pytest.raises(AssertionError, match="error G01"):
        start(WHOM, settings=wrong)
