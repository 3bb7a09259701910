"""The statements of a site, each test over every wire; and which site a request gets."""

import re
import ssl

import pytest

from support.raw import Connection
from support.server import Server

SITES = """
site localhost {
  redirect /old /new
  redirect /moved https://{host}/elsewhere{uri} 302
  redirect /nowhere/* {path}/
  respond  /health 200 ok
  respond  /json 200 "{\\"version\\":7}" {
    type application/json
  }
  respond  /nothing 204
  respond  /gone 410
  error    410 "gone for good ({status})"
  rewrite  /feed /text.txt
  rewrite  /assets/* strip-prefix /assets
  route /only/* {
    when method POST
    respond 200 posted
  }
  route {
    when header X-Debug yes
    respond 200 debugged
  }
  route {
    when query secret=1
    respond 200 queried
  }
  route /from/* {
    when from 127.0.0.0/8
    respond 200 loopback
  }
  route /far/* {
    when not from 127.0.0.0/8
    respond 200 far
  }
  header /text.txt set X-Own "of {client} at {host}"
  header add Link "</a.css>; rel=preload"
  header add Link "</b.css>; rel=preload"
  header remove Permissions-Policy
  files ../www
}
site other.localhost {
  security off X-Frame-Options
  header set Referrer-Policy no-referrer
  respond 200 other
}
site framed.localhost {
  header set Content-Security-Policy "frame-ancestors 'none'"
  respond 200 framed
}
site off.localhost {
  security off
  respond 200 bare
}
site example.com {
  tls local
  hsts 30d
  respond 200 local-authority
}
site *.wild.localhost {
  respond 200 wild
}
site plain.localhost {
  http allow
  respond 200 "in clear"
}
"""


def folder_with_text(folder):
    (folder / "www").mkdir()
    (folder / "www" / "text.txt").write_text("text")
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = folder_with_text(tmp_path_factory.mktemp("sites"))
    with Server(folder / "server", SITES) as server:
        yield server


@pytest.fixture
def wire(site, wire_type):
    wire = wire_type(site)
    yield wire
    wire.close()


@pytest.fixture
def on(site, wire_type):
    """A wire to another site: on("other.localhost")."""
    wires = []

    def connect(name):
        wires.append(wire_type(site, name))
        return wires[-1]

    yield connect
    for wire in wires:
        wire.close()


class TestAnswers:
    def test_redirect_is_permanent_and_keeps_the_method_unless_told_otherwise(self, wire):
        response = wire.request("POST", "/old", body=b"x")
        assert (response.status, response.get("location")) == (308, "/new")

    def test_redirect_fills_in_host_path_and_query(self, wire):
        response = wire.request("GET", "/moved?a=b%20c")
        assert response.status == 302
        assert response.get("location") == "https://localhost/elsewhere/moved?a=b%20c"

    def test_path_never_becomes_a_host(self, wire):
        response = wire.request("GET", "//nowhere/a/../../evil.example")
        assert not (response.get("location") or "").startswith("//")
        response = wire.request("GET", "/nowhere//evil.example")
        assert response.get("location").startswith("/nowhere/")

    def test_line_break_in_a_target_stays_encoded(self, wire):
        response = wire.request("GET", "/nowhere/a%0d%0aSet-Cookie:%20x=y")
        assert response.all("set-cookie") == []
        assert "\r" not in response.get("location") and "\n" not in response.get("location")

    def test_respond(self, wire):
        response = wire.request("GET", "/health")
        assert (response.status, response.body) == (200, b"ok")
        assert response.get("content-type") == "text/plain; charset=utf-8"
        assert wire.request("GET", "/json").get("content-type") == "application/json"

    def test_no_content_has_neither_body_nor_length(self, wire):
        response = wire.request("GET", "/nothing")
        assert (response.status, response.body, response.get("content-length")) == (204, b"", None)
        assert wire.request("GET", "/health").body == b"ok"

    def test_error_page_of_ones_own(self, wire):
        response = wire.request("GET", "/gone")
        assert (response.status, response.body) == (410, b"gone for good (410)")

    def test_rewrite_is_invisible(self, wire):
        for path in ("/feed", "/assets/text.txt"):
            response = wire.request("GET", path)
            assert (response.status, response.body) == (200, b"text")

    def test_body_that_nobody_reads_does_not_spoil_the_next_request(self, wire):
        assert wire.request("POST", "/health", body=b"GET /old HTTP/1.1\r\n\r\n" * 100).body == b"ok"
        assert wire.request("GET", "/health").body == b"ok"


class TestConditions:
    def test_method(self, wire):
        assert wire.request("POST", "/only/x", body=b"").body == b"posted"
        assert wire.request("GET", "/only/x").status == 404

    def test_header(self, wire):
        assert wire.request("GET", "/", [("X-Debug", "yes")]).body == b"debugged"
        assert wire.request("GET", "/", [("X-Debug", "no")]).status == 404

    def test_query(self, wire):
        assert wire.request("GET", "/?secret=1").body == b"queried"
        assert wire.request("GET", "/?secret=2").status == 404
        assert wire.request("GET", "/?a=b&secret=1").body == b"queried"

    def test_client_address(self, wire):
        assert wire.request("GET", "/from/x").body == b"loopback"
        assert wire.request("GET", "/far/x").status == 404


class TestFields:
    def test_set_add_remove(self, wire, site):
        response = wire.request("GET", "/text.txt")
        assert response.get("x-own") == "of 127.0.0.1 at localhost"
        links = ", ".join(response.all("link"))
        assert "/a.css" in links and "/b.css" in links
        assert response.get("permissions-policy") is None

    def test_error_pages_have_them_too(self, wire):
        response = wire.request("GET", "/missing")
        assert response.status == 404
        assert response.all("link")
        assert response.get("x-content-type-options") == "nosniff"

    def test_security_fields_by_default(self, wire):
        response = wire.request("GET", "/health")
        assert response.get("x-content-type-options") == "nosniff"
        assert response.get("referrer-policy") == "strict-origin-when-cross-origin"
        assert response.get("x-frame-options") == "SAMEORIGIN"

    def test_no_version_is_told(self, wire):
        response = wire.request("GET", "/missing")
        assert not re.search(r"\d\.\d", response.get("server") or "")
        assert not re.search(rb"gate443[/ ]\d", response.body.lower())

    def test_security_fields_are_replaced_or_left_out(self, on):
        response = on("other.localhost").request("GET", "/")
        assert response.get("x-frame-options") is None
        assert response.get("referrer-policy") == "no-referrer"
        assert response.get("permissions-policy")

    def test_frame_options_give_way_to_the_content_security_policy(self, on):
        response = on("framed.localhost").request("GET", "/")
        assert response.get("x-frame-options") is None
        assert response.get("content-security-policy") == "frame-ancestors 'none'"

    def test_security_off(self, on):
        response = on("off.localhost").request("GET", "/")
        for name in ("x-content-type-options", "referrer-policy", "x-frame-options", "permissions-policy"):
            assert response.get(name) is None

    @pytest.mark.parametrize("name", ["localhost", "other.localhost", "example.com"])
    def test_hsts_is_not_for_localhost_nor_the_local_authority(self, on, name):
        path = "/health" if name == "localhost" else "/"
        assert on(name).request("GET", path).get("strict-transport-security") is None


class TestWhichSite:
    def test_each_name_has_its_site(self, on):
        assert on("other.localhost").request("GET", "/").body == b"other"
        assert on("a.wild.localhost").request("GET", "/").body == b"wild"
        assert on("example.com").request("GET", "/").body == b"local-authority"

    def test_name_is_compared_without_case(self, wire, site):
        assert wire.request("GET", "/health", host="LocalHost").body == b"ok"

    def test_trailing_dot_is_the_same_name(self, wire, site):
        assert wire.request("GET", "/health", host=f"localhost.:{site.https}").body == b"ok"

    def test_unknown_host_over_a_known_name_is_misdirected(self, wire):
        assert wire.request("GET", "/health", host="unknown.example").status == 421
        assert wire.request("GET", "/health").status == 200

    def test_wildcard_covers_one_label(self, site):
        with pytest.raises(ssl.SSLError):
            Connection(site.https, site.trust(), "a.b.wild.localhost")


def alert_of(failure):
    return failure.value.reason


class TestServerName:
    def test_unknown_name_gets_the_alert_and_an_audit_event(self, site):
        with pytest.raises(ssl.SSLError) as failure:
            Connection(site.https, site.trust(), "unknown.example")
        assert "UNRECOGNIZED_NAME" in alert_of(failure)
        event = site.wait_for_audit("unknown_name", lambda e: "unknown.example" in str(e))
        assert event["client"] == "127.0.0.1"

    def test_client_without_a_name_is_refused_unless_there_is_a_default(self, site):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with pytest.raises(ssl.SSLError):
            Connection(site.https, context, None)

    def test_default_site_answers_unknown_names_and_none(self, start, wire_type):
        server = start('site localhost {\n default\n respond 200 default\n}\nsite a.localhost {\n respond 200 a\n}')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for name in ("unknown.example", None):
            with Connection(server.https, context, name) as connection:
                connection.send(b"GET / HTTP/1.1\r\nHost: unknown.example\r\n\r\n")
                assert connection.read_response().body == b"default"
        wire = wire_type(server, "a.localhost")
        assert wire.request("GET", "/").body == b"a"
        wire.close()


class TestPort80:
    def ask(self, site, target, host="localhost", method="GET"):
        with Connection(site.http) as connection:
            head = f"{method} {target} HTTP/1.1\r\n" + (f"Host: {host}\r\n" if host is not None else "")
            connection.send(head.encode() + b"\r\n")
            return connection.read_response(method)

    def test_leads_to_the_same_host_path_and_query(self, site):
        response = self.ask(site, "/a%20b/c?d=e&f")
        assert response.status == 308
        assert response.get("location") == f"https://localhost:{site.https}/a%20b/c?d=e&f"
        assert response.get("strict-transport-security") is None

    def test_port_of_the_request_is_not_carried_over(self, site):
        response = self.ask(site, "/x", host=f"other.localhost:{site.http}")
        assert response.get("location") == f"https://other.localhost:{site.https}/x"

    def test_method_does_not_matter(self, site):
        assert self.ask(site, "/", method="POST").status == 308
        assert self.ask(site, "/", method="HEAD").status == 308

    def test_request_without_a_host_is_refused(self, site):
        assert self.ask(site, "/", host=None).status == 400

    def test_http_1_0_without_a_host_is_refused(self, site):
        with Connection(site.http) as connection:
            connection.send(b"GET / HTTP/1.0\r\n\r\n")
            assert connection.read_response().status == 400

    def test_http_allow_serves_in_clear(self, site):
        response = self.ask(site, "/", host="plain.localhost")
        assert (response.status, response.body) == (200, b"in clear")
        assert response.get("strict-transport-security") is None

    def test_challenge_that_is_not_open_is_not_found(self, site):
        assert self.ask(site, "/.well-known/acme-challenge/abc").status == 404

    def test_path_of_two_slashes_stays_on_this_host(self, site):
        response = self.ask(site, "//evil.example/a")
        assert response.get("location").startswith(f"https://localhost:{site.https}/")

    def test_off_opens_no_port(self, start):
        server = start("site localhost {\n respond 200\n}", settings="http off")
        assert not any("http (redirect)" in line for line in server.output)
