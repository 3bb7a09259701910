"""`gate443 explain request`: the way of a request through the configuration, with and without a running server."""

import contextlib
import json

import pytest

from support.server import run_command
from support.upstream import Upstream, response
from support.wires import WIRES


@pytest.fixture
def explain(tmp_path):
    """Explains a request to a site with these statements."""
    def run(lines, method, url, *options, settings="", as_json=True):
        configuration = tmp_path / "gate443.conf"
        statements = "".join(f"  {line}\n" for line in lines)
        configuration.write_text(f"state {tmp_path}/state\n{settings}\nsite localhost *.localhost {{\n{statements}}}\n")
        done = run_command("explain", "request", method, url, "--config", configuration, *options,
                           *(["--json"] if as_json else []))
        if not as_json:
            return done
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


def steps(told):
    return {step["statement"]: step for step in told["steps"]}


class TestWay:
    def test_each_statement_says_whether_it_was_asked_and_what_it_did(self, explain, tmp_path):
        (tmp_path / "page.html").write_text("hello")
        told = explain(["redirect /old /new", "header set X-A b", f"files {tmp_path}", "respond 403"],
                       "GET", "https://localhost/page.html")
        way = steps(told)
        assert way["redirect /old /new"]["unmet"] == "path /old"
        assert not way["redirect /old /new"]["asked"]
        assert way["header set X-A b"]["notes"] == ["may change the response"]
        assert way[f"files {tmp_path}"]["takes_it"]
        assert "respond 403" not in way, "it is never reached"
        assert told["answer"]["status"] == 200
        fields = dict(told["answer"]["fields"])
        assert fields["content-type"].startswith("text/html") and fields["x-a"] == "b"
        assert "strict-transport-security" in fields or "x-content-type-options" in fields

    def test_what_is_not_there_goes_on(self, explain, tmp_path):
        told = explain([f"files {tmp_path}"], "GET", "https://localhost/missing")
        assert steps(told)[f"files {tmp_path}"]["takes_it"] is False
        assert (told["answer"]["status"], told["answer"]["code"]) == (404, "G5041")

    def test_a_rewritten_path_is_what_later_statements_match(self, explain):
        told = explain(["rewrite /api/* strip-prefix /api", "respond /users 200 ok"], "GET", "https://localhost/api/users?a=1")
        assert steps(told)["rewrite /api/* strip-prefix /api"]["notes"] == ["the path is now /users"]
        assert steps(told)["respond /users 200 ok"]["takes_it"]

    def test_routes_are_told_with_what_stands_in_them(self, explain):
        told = explain(["route /a/* {", "  when method POST", "  respond 201", "}", "route {", "  when header Accept */json",
                        "  respond 202", "}", "respond 200"], "GET", "https://localhost/a/b", "-H", "Accept: text/json")
        assert [(step["statement"], step["depth"], step.get("unmet")) for step in told["steps"]][-3:] == [
            ("route /a/*", 0, "method POST"), ("route", 0, None), ("respond 202", 1, None)]
        assert told["answer"]["status"] == 202

    def test_conditions_go_by_the_clients_address(self, explain):
        statements = ["route {", "  when from 10.0.0.0/8", "  respond 200 inside", "}", "respond 403"]
        assert explain(statements, "GET", "https://localhost/", "--from", "10.1.2.3")["answer"]["status"] == 200
        assert explain(statements, "GET", "https://localhost/", "--from", "192.0.2.1")["answer"]["status"] == 403

    def test_it_tells_the_same_as_the_server_does(self, explain, start, tmp_path):
        (tmp_path / "docs").mkdir()
        lines = ["redirect /old /new", f"files {tmp_path}", "route /api/* {", "  rewrite strip-prefix /api",
                 "  respond /yes 200 yes", "}", "respond /no/* 403"]
        server = start("site localhost {\n" + "".join(f"  {line}\n" for line in lines) + "}\n")
        wire = WIRES["h1"](server)
        for path in ["/old", "/docs", "/docs/", "/api/yes", "/api/no", "/no/a", "/no", "/a/%2e%2e/old", "/%", "/gate443.conf"]:
            served = wire.request("GET", path)
            told = explain(lines, "GET", f"https://localhost{path}")["answer"]
            assert told["status"] == served.status, path
            assert dict(told["fields"]).get("location") == served.get("location"), path
        wire.close()


class TestSite:
    def test_the_site_and_why_it_is_that_one(self, explain):
        assert explain(["respond 200"], "GET", "https://localhost/")["site"] == {
            "name": "localhost", "because": "its name localhost covers the host"}
        assert explain(["respond 200"], "GET", "https://a.localhost/")["site"]["because"] == "its name *.localhost covers the host"
        told = explain(["respond 200"], "GET", "https://other.example/")
        assert told["site"]["name"] is None
        assert (told["answer"]["status"], told["answer"]["code"]) == (421, "G5040")
        told = explain(["respond 200", "default"], "GET", "https://other.example/")
        assert told["site"]["name"] == "localhost" and "default" in told["site"]["because"]

    def test_plain_http_is_redirected_unless_the_site_allows_it(self, explain):
        told = explain(["respond 200"], "GET", "http://localhost/a")
        assert told["answer"]["status"] == 308 and "note" in told["site"]
        assert dict(told["answer"]["fields"])["location"] == "https://localhost/a"
        assert explain(["respond 200", "http allow"], "GET", "http://localhost/a")["answer"]["status"] == 200

    def test_the_listener_by_its_port(self, explain):
        settings = "https [::1]:8443 127.0.0.1:9443"
        assert explain(["respond 200"], "GET", "https://localhost:9443/", settings=settings)["listener"] == {
            "address": "127.0.0.1:9443", "kind": "TLS"}
        assert "443" in explain(["respond 200"], "GET", "https://localhost/", settings=settings)["listener"]["note"]

    def test_a_request_that_breaks_the_rules_is_refused_before_any_site(self, explain):
        told = explain(["respond 200"], "GET", "https://localhost/", "-H", "Content-Length: x")
        assert told["answer"]["status"] == 400 and told["answer"]["code"].startswith("G50")
        assert told["steps"] == []


class TestServers:
    def test_all_are_taken_to_be_up_where_nobody_can_be_asked(self, explain):
        told = explain(["proxy a.internal:1 b.internal:2"], "GET", "https://localhost/")
        step = steps(told)["proxy a.internal:1 b.internal:2"]
        assert step["takes_it"] and "answer" not in told
        assert step["notes"][:2] == ["http://a.internal:1", "http://b.internal:2"]
        assert step["notes"][2].startswith("asks one of 2 that are up; random-two")

    def test_the_same_key_leads_to_the_same_server(self, explain):
        lines = ["proxy {", "  server a:1", "  server b:1", "  server c:1", "  balance hash path", "}"]
        chosen = {path: steps(explain(lines, "GET", f"https://localhost/{path}"))["proxy"]["notes"][-1] for path in "abcdefgh"}
        assert chosen == {path: steps(explain(lines, "GET", f"https://localhost/{path}"))["proxy"]["notes"][-1] for path in "abcdefgh"}
        assert len(set(chosen.values())) > 1

    def test_the_running_server_says_how_they_are(self, start):
        with contextlib.ExitStack() as running:
            both = [running.enter_context(Upstream(lambda *_: response(b"x"))).address for _ in range(2)]
            server = start(f"site localhost {{\n  proxy {both[0]} {both[1]}\n}}\n")
            assert run_command("upstream", "drain", both[0], "--state", server.state).returncode == 0
            done = run_command("explain", "request", "GET", "https://localhost/", "--config", server.configuration)
        assert done.returncode == 0, done.stderr
        assert f"http://{both[0]}, drained, 0 in flight" in done.stdout
        assert f"http://{both[1]}, up, 0 in flight" in done.stdout
        assert f"asks http://{both[1]}: no other is up" in " ".join(done.stdout.split())

    def test_a_script_is_found_and_not_run(self, explain, tmp_path):
        (tmp_path / "a.php").write_text("<?php echo 1;")
        lines = [f"php {tmp_path} unix:/run/nobody.sock", "respond 404"]
        step = steps(explain(lines, "GET", "https://localhost/a.php/more"))[lines[0]]
        assert step["notes"] == [f"runs {tmp_path}/a.php on unix:/run/nobody.sock"]
        assert steps(explain(lines, "GET", "https://localhost/b.php"))[lines[0]]["takes_it"] is False


class TestCommand:
    def test_the_text_fits_the_terminal(self, explain):
        done = explain(["redirect /old https://a-host-with-a-rather-long-name.example/and/a/rather/long/path/too",
                        "header set X-Long " + 60 * "x", "proxy one.internal:3000 two.internal:3000 three.internal:3000"],
                       "GET", "https://localhost/", as_json=False)
        assert done.returncode == 0
        assert [line for line in done.stdout.splitlines() if len(line) > 80 and "xxx" not in line and "a-host" not in line] == []
        assert "takes it  proxy one.internal:3000" in done.stdout

    @pytest.mark.parametrize("arguments, code", [
        (["GET", "localhost/"], "G0136"),
        (["GET", "https://"], "G0136"),
        (["GET", "https://localhost/a b"], "G0136"),
        (["GET", "https://localhost:x/"], "G0136"),
        (["G T", "https://localhost/"], "G0136"),
        (["GET", "https://localhost/", "-H", "no colon"], "G0136"),
        (["GET", "https://localhost/", "-H", "A: b\r\nInjected: x"], "G0136"),
        (["GET", "https://localhost/", "--from", "localhost"], "G0138"),
    ])
    def test_what_is_no_request_is_an_error(self, explain, arguments, code):
        method, url, *options = arguments
        done = explain(["respond 200"], method, url, *options, as_json=False)
        assert done.returncode == 2 and code in done.stderr and done.stdout == ""

    def test_a_configuration_with_errors_is_reported(self, explain):
        done = explain(["respnd 200"], "GET", "https://localhost/", as_json=False)
        assert done.returncode == 2 and "respnd" in done.stderr

    def test_codes_and_statements_are_explained_as_before(self):
        assert run_command("explain", "G5040").stdout.startswith("G5040")
        assert "redirect" in run_command("explain", "redirect").stdout
        assert run_command("explain", "nonsense").returncode == 2


class TestBeforeTheSite:
    def test_a_cache_says_what_it_would_do_and_the_request_goes_on(self, explain):
        way = explain(["cache", "respond 200 ok"], "GET", "https://localhost/")
        assert steps(way)["cache"]["notes"] == [
            "answers with a kept response where there is one, else keeps what comes if that may be kept"]
        assert steps(way)["respond 200 ok"]["takes_it"]
        assert "drops what is kept" in steps(explain(["cache", "respond 200 ok"], "POST", "https://localhost/"))["cache"]["notes"][0]

    def test_a_trusted_proxy_says_who_the_client_is(self, explain):
        options = ["--from", "198.51.100.1", "-H", "X-Forwarded-For: 192.0.2.7"]
        for trusted, client in (("", "198.51.100.1"), ("trusted-proxies 198.51.100.0/24", "192.0.2.7")):
            told = explain(["respond 200 ok"], "GET", "https://localhost/", *options, settings=trusted)
            assert told["client"] == client

    def test_two_clients_are_refused_as_the_server_does(self, explain):
        told = explain(["respond 200 ok"], "GET", "https://localhost/", "--from", "198.51.100.1", "-H", "X-Forwarded-For: 192.0.2.7",
                       "-H", "Forwarded: for=192.0.2.8", settings="trusted-proxies 198.51.100.0/24")
        assert told["answer"]["code"] == "G5016"

    def test_a_name_that_is_passed_on_is_not_opened_here(self, explain):
        told = explain(["respond 200 ok"], "GET", "https://vault.test/", settings="pass vault.test 192.0.2.1:443")
        assert told["site"]["passed_to"].endswith("192.0.2.1:443")
        assert told["steps"] == []
        shown = explain(["respond 200 ok"], "GET", "https://vault.test/", settings="pass vault.test 192.0.2.1:443", as_json=False)
        assert "passed to" in shown.stdout
