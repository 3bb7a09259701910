"""What the server tells of itself: how servers behind were asked, in the log and the metrics, and `gate443 why`."""

import contextlib
import json
import re
import socket
import subprocess
import threading

import pytest

from support.server import run_command
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


def why(server, request, *options):
    return run_command("why", request, "--state", server.state, *options)


def story(server, request):
    """What is told of a request, which may just be ending."""
    return json.loads(wait_until(lambda: (done := why(server, request, "--json")).returncode == 0 and done.stdout,
                                 f"something to be known of {request}"))


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
        wait_until(lambda: server.metrics()[in_flight] == 2, "the second request to wait")
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
        told = server.metrics()
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
        assert any("gate443_upstream_up" in name for name in server.metrics())
        server.reload(site("respond 200"))
        assert not any("gate443_upstream_up" in name for name in server.metrics())


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


class TestWhy:
    def test_it_tells_who_asked_for_what_and_why_not(self, start, wire_type):
        server = start(site("respond /no/* 403"))
        wire = wire_type(server)
        wire.request("GET", "/no/way?a=b", [("authorization", "Bearer s3cret")])
        request = wire.request("GET", "/no/way?a=b", [("authorization", "Bearer s3cret")]).get("x-request-id")
        wire.close()
        server.wait_for_access(lambda line: line["request"] == request)
        told = story(server, request)
        assert told["request"] == request
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["time"])
        assert (told["client"], told["protocol"], told["method"]) == ("127.0.0.1", wire_type.name, "GET")
        assert told["url"] == f"https://localhost:{server.https}/no/way?a=b"
        assert (told["site"], told["rule"], told["status"]) == ("localhost", "respond /no/* 403", 403)
        assert (told["code"], told["outcome"]) == ("G5060", "complete")
        assert told["explanation"].startswith("G5060")
        text = why(server, request).stdout
        assert "403 Forbidden" in text and "G5060" in text and "respond /no/* 403" in text
        assert "s3cret" not in text + json.dumps(told)
        assert max(map(len, text.splitlines())) <= 80
        assert len(text.splitlines()) <= 24

    def test_it_names_the_servers_that_were_asked(self, start, upstreams, wire_type, closed_port):
        broken = upstreams(lambda *_: b"")
        server = start(site(f"proxy 127.0.0.1:{closed_port} {broken.address}"))
        wire = wire_type(server)
        answer = wire.request("GET", "/")
        wire.close()
        assert answer.status in (502, 503)
        server.wait_for_access(lambda _: True)
        told = story(server, answer.get("x-request-id"))
        errors = {each["server"]: each["error"] for each in told["servers"]}
        assert errors == {f"http://127.0.0.1:{closed_port}": "connection_refused",
                          f"http://{broken.address}": "connection_terminated"}
        assert all(each["reason"] and each["total_us"] >= 0 for each in told["servers"])
        assert told["attempts"] == 2
        text = why(server, answer.get("x-request-id")).stdout
        assert "connection_refused" in text and max(map(len, text.splitlines())) <= 80

    def test_it_tells_of_an_answer_that_broke_off(self, start, upstreams):
        def answer(_, sock):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            return b""

        server = start(site(f"proxy {upstreams(answer).address}"))
        wire = WIRES["h2"](server)
        with contextlib.suppress(Exception):
            wire.request("GET", "/")
        line = server.wait_for_access(lambda line: line["outcome"] == "response failed")[0]
        assert line["upstream"]["failed"][0]["error"] == "http_response_incomplete"
        told = story(server, line["request"])
        assert (told["status"], told["outcome"]) == (200, "response failed")
        assert told["servers"][0]["status"] == 200
        wire.close()

    def test_it_has_no_query_that_the_access_log_has_not(self, start):
        server = start("site localhost {\n access-log off\n respond 403\n}\n")
        wire = WIRES["h1"](server)
        request = wire.request("GET", "/a?token=s3cret").get("x-request-id")
        wire.close()
        assert story(server, request)["url"].endswith("/a?…")

    def test_it_knows_requests_that_no_site_took(self, start):
        server = start(site("respond 200"))
        wire = WIRES["h1"](server)
        request = wire.request("GET", "/", host="other.example").get("x-request-id")
        wire.close()
        told = story(server, request)
        assert (told["status"], told["code"]) == (421, "G5040")

    def test_failures_outlive_a_scan_of_the_site(self, start, closed_port):
        server = start(site(f"proxy /app 127.0.0.1:{closed_port}"), workers=1)
        wire = WIRES["h2"](server)
        failed = wire.request("GET", "/app").get("x-request-id")
        first = wire.request("GET", "/0").get("x-request-id")
        for number in range(300):
            wire.request("GET", f"/{number}")
        wire.close()
        assert story(server, failed)["status"] == 503
        assert why(server, first).returncode == 2

    def test_an_unknown_id_is_an_error_that_says_what_to_do(self, start):
        server = start(site("respond 200"))
        done = why(server, "0123456789abcdef")
        assert done.returncode == 2
        assert "G0137" in done.stderr and "0123456789abcdef" in done.stderr and "fix:" in done.stderr
        assert json.loads(why(server, "0123456789abcdef", "--json").stdout)["error"]["code"] == "G0137"
        for wrong in ["x", "", "0123456789abcdef0"]:
            done = why(server, wrong)
            assert done.returncode == 2 and "G0135" in done.stderr
