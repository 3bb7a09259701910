"""What the server tells of itself: how servers behind were asked, in the log and the metrics."""

import contextlib
import json
import re
import socket
import subprocess
import threading

import pytest

from support.upstream import Upstream, response
from support.wait import PATIENCE, wait_until
from support.wires import WIRES

ID = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def upstreams():
    with contextlib.ExitStack() as running:
        yield lambda answer: running.enter_context(Upstream(answer))


@pytest.fixture
def closed_port():
    """A port that nobody listens on, and that nobody else gets meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def site(*lines):
    return "site localhost {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def metrics(server):
    done = subprocess.run(["curl", "-s", "--unix-socket", server.state / "admin.sock", "http://localhost/metrics"],
                          capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in re.findall(r"^(gate443_\S+) (\S+)$", done.stdout, re.MULTILINE)}


class TestServersBehind:
    def test_the_log_says_which_server_answered_and_how_long_that_took(self, start, upstreams, wire_type):
        upstream = upstreams(lambda *_: response(b"x"))
        server = start(site(f"proxy /api/* {upstream.address}", "respond 200 own"))
        wire = wire_type(server)
        wire.request("GET", "/api/1")
        wire.request("GET", "/other")
        wire.close()
        lines = server.wait_for_access(lambda _: True, count=2)
        told = lines[0]["upstream"]
        assert told["server"] == f"http://{upstream.address}"
        assert (told["status"], told["attempts"], told["retries"]) == (200, 1, 0)
        assert told["queue_us"] >= 0 and told["first_byte_us"] > 0 and "failed" not in told
        assert told["connect_us"] > 0, "the connection was made for it"
        assert "upstream" not in lines[1]

    def test_a_connection_that_is_there_costs_no_time_to_connect(self, start, upstreams):
        upstream = upstreams(lambda *_: response(b"x"))
        server = start(site(f"proxy {upstream.address}"), workers=1)
        wire = WIRES["h2"](server)
        for _ in range(2):
            wire.request("GET", "/")
        wire.close()
        first, second = server.wait_for_access(lambda _: True, count=2)
        assert first["upstream"]["connect_us"] > 0
        assert (second["upstream"]["connect_us"], second["upstream"]["queue_us"]) == (0, 0)

    def test_the_log_names_servers_that_failed(self, start, upstreams, closed_port):
        busy = upstreams(lambda *_: response(b"", "503 Service Unavailable"))
        well = upstreams(lambda *_: response(b"x"))
        server = start(site("proxy {", f" server 127.0.0.1:{closed_port} weight 1000", f" server {busy.address} weight 900",
                            f" server {well.address}", " retry 3 503", " balance round-robin", "}"), workers=1)
        wire = WIRES["h1"](server)
        assert wire.request("GET", "/").status == 200
        wire.close()
        told = server.wait_for_access(lambda _: True)[0]["upstream"]
        assert (told["server"], told["attempts"], told["retries"]) == (f"http://{well.address}", 3, 2)
        assert {each["server"]: each.get("error", each.get("status")) for each in told["failed"]} == {
            f"http://127.0.0.1:{closed_port}": "connection_refused",
            f"http://{busy.address}": 503,
        }

    def test_the_time_in_the_queue_is_told_apart_from_the_servers(self, start, upstreams):
        go_on = threading.Event()

        def answer(received, _):
            if received.target == "/slow":
                go_on.wait(PATIENCE)
            return response(b"x")

        upstream = upstreams(answer)
        server = start(site(f"proxy {upstream.address} {{", " connections 1", "}"), workers=1)
        slow, quick = WIRES["h1"](server), WIRES["h1"](server)
        first = threading.Thread(target=slow.request, args=("GET", "/slow"))
        first.start()
        upstream.arrived.get(timeout=PATIENCE)
        second = threading.Thread(target=quick.request, args=("GET", "/quick"))
        second.start()
        # Only once the second one waits for the connection may the first one's be given back.
        in_flight = f'gate443_upstream_in_flight{{server="http://{upstream.address}"}}'
        wait_until(lambda: metrics(server)[in_flight] == 2, "the second request to wait")
        go_on.set()
        first.join()
        second.join()
        slow.close()
        quick.close()
        told = {line["path"]: line["upstream"] for line in server.wait_for_access(lambda _: True, count=2)}
        assert told["/quick"]["queue_us"] > 0 and told["/quick"]["connect_us"] == 0
        assert told["/slow"]["queue_us"] == 0 and told["/slow"]["first_byte_us"] > 0

    def test_the_metrics_count_by_server(self, start, upstreams, closed_port):
        upstream = upstreams(lambda *_: response(b"x", "201 Created"))
        server = start(site(f"proxy {upstream.address} 127.0.0.1:{closed_port} {{", " balance round-robin", " eject 2 1h", "}"),
                       workers=1)
        wire = WIRES["h2"](server)
        for _ in range(10):
            assert wire.request("GET", "/").status == 201
        wire.close()
        told = metrics(server)
        well, ill = f'server="http://{upstream.address}"', f'server="http://127.0.0.1:{closed_port}"'
        assert told[f"gate443_upstream_up{{{well}}}"] == 1
        assert told[f"gate443_upstream_up{{{ill}}}"] == 0
        assert told[f'gate443_upstream_requests_total{{{well},status="2xx"}}'] == 10
        assert told[f'gate443_upstream_requests_total{{{ill},status="none"}}'] == 2
        assert told[f'gate443_upstream_failures_total{{{ill},error="connection_refused"}}'] == 2
        assert told[f"gate443_upstream_retries_total{{{well}}}"] == 2
        assert told[f"gate443_upstream_in_flight{{{well}}}"] == 0
        assert told[f"gate443_upstream_first_byte_seconds_count{{{well}}}"] == 10
        assert told[f"gate443_upstream_queue_seconds_count{{{well}}}"] == 10
        assert told[f"gate443_upstream_connect_seconds_count{{{well}}}"] >= 1

    def test_a_server_that_a_reload_takes_out_has_no_metrics(self, start, upstreams):
        upstream = upstreams(lambda *_: response(b"x"))
        server = start(site(f"proxy {upstream.address}"))
        assert any("gate443_upstream_up" in name for name in metrics(server))
        server.reload(site("respond 200"))
        assert not any("gate443_upstream_up" in name for name in metrics(server))


class TestIds:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    def test_every_refusal_carries_its_id(self, start, wire_type, method):
        server = start(site("respond /no 403"))
        wire = wire_type(server)
        seen = set()
        for path, status in [("/no", 403), ("/missing", 404)]:
            answer = wire.request(method, path)
            assert answer.status == status
            assert ID.fullmatch(answer.get("x-request-id"))
            seen.add(answer.get("x-request-id"))
        assert len(seen) == 2
        wire.close()

    def test_the_page_the_json_and_the_field_have_the_same_id(self, start, wire_type):
        server = start(site("respond /no 403"))
        wire = wire_type(server)
        page = wire.request("GET", "/no")
        assert page.get("x-request-id").encode() in page.body
        document = wire.request("GET", "/no", [("accept", "application/json")])
        assert json.loads(document.body)["request_id"] == document.get("x-request-id")
        wire.close()

    def test_an_answer_that_is_no_refusal_has_none(self, start, wire_type):
        server = start(site("respond 200 hello"))
        wire = wire_type(server)
        assert wire.request("GET", "/").get("x-request-id") is None
        wire.close()
