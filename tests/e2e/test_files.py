"""The files statement, each test over every wire."""

import gzip
import hashlib
import os
import re
from email.utils import formatdate, parsedate_to_datetime

import pytest

from support.server import Server
from support.wait import PATIENCE, wait_until

LARGE = bytes(range(256)) * 40_000  # 10 MB
TEXT = b"".join(b"%04d\n" % n for n in range(200))


def fill(www):
    (www / "index.html").write_text("<!doctype html><title>Home</title>")
    (www / "text.txt").write_bytes(TEXT)
    (www / "large.bin").write_bytes(LARGE)
    (www / "empty.txt").write_bytes(b"")
    (www / "with space.txt").write_text("space")
    (www / "pre.css").write_text("body { color: black }\n" * 100)
    (www / "pre.css.gz").write_bytes(gzip.compress((www / "pre.css").read_bytes()))
    (www / "pre.css.br").write_bytes(b"\x0b\x02\x80not really brotli\x03")
    (www / "folder").mkdir()
    (www / "folder" / "index.html").write_text("in the folder")
    (www / "plain").mkdir()
    (www / "plain" / "<b>&.txt").write_text("odd name")
    (www / "plain" / "a.txt").write_text("a")
    (www / ".env").write_text("SECRET=1")
    (www / ".git").mkdir()
    (www / ".git" / "config").write_text("secret")
    (www / ".well-known").mkdir()
    (www / ".well-known" / "security.txt").write_text("Contact: mailto:a@example.com")
    (www / "inside").symlink_to("text.txt")
    (www / "escape").symlink_to("../outside/secret.txt")
    (www / "escape-folder").symlink_to("../outside")
    (www / "absolute").symlink_to("/etc/passwd")
    os.mkfifo(www / "pipe")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    www = folder / "www"
    www.mkdir()
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.txt").write_text("root:secret")
    fill(www)
    text = """
site localhost {
  error 404 "lost: {status} {request_id}"
  files /plain/* ../www { listing on }
  files ../www
}
site bare.localhost {
  files ../www
}
site app.localhost {
  files ../www {
    fallback /index.html
    type .bin application/x-own
    precompressed off
  }
}
"""
    with Server(folder / "server", text) as server:
        server.www = www
        yield server


@pytest.fixture
def wire(site, wire_type):
    wire = wire_type(site)
    yield wire
    wire.close()


def named(site, wire_type, name):
    wire = wire_type(site, f"{name}.localhost")
    return wire


def test_file_is_sent_with_its_type_length_and_validators(wire, site):
    response = wire.request("GET", "/text.txt")
    assert response.status == 200
    assert response.body == TEXT
    assert response.get("content-type").startswith("text/plain")
    assert response.get("content-length") == str(len(TEXT))
    assert re.fullmatch(r'"[^"]+"', response.get("etag"))
    assert response.get("accept-ranges") == "bytes"
    modified = parsedate_to_datetime(response.get("last-modified")).timestamp()
    assert modified == int((site.www / "text.txt").stat().st_mtime)
    assert parsedate_to_datetime(response.get("date"))


def test_head_has_the_fields_of_get_and_no_body(wire):
    get = wire.request("GET", "/text.txt")
    head = wire.request("HEAD", "/text.txt")
    assert head.body == b""
    assert head.status == 200
    without_date = lambda response: sorted(f for f in response.fields if f[0] != "date")
    assert without_date(head) == without_date(get)


def test_connection_serves_on_after_head(wire):
    wire.request("HEAD", "/large.bin")
    assert wire.request("GET", "/text.txt").body == TEXT


def test_large_file_arrives_byte_for_byte(wire):
    body = wire.request("GET", "/large.bin").body
    assert hashlib.sha256(body).digest() == hashlib.sha256(LARGE).digest()


def test_empty_file_is_an_empty_response(wire):
    response = wire.request("GET", "/empty.txt")
    assert (response.status, response.body, response.get("content-length")) == (200, b"", "0")


def test_escaped_name_finds_its_file(wire):
    assert wire.request("GET", "/with%20space.txt").body == b"space"
    assert wire.request("GET", "/t%65xt.txt").body == TEXT


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_not_allowed_and_the_allowed_are_named(wire, method):
    response = wire.request(method, "/text.txt", body=b"x")
    assert response.status == 405
    assert {m.strip() for m in response.get("allow").split(",")} >= {"GET", "HEAD"}
    assert wire.request("GET", "/text.txt").status == 200


def test_options_names_the_methods(wire):
    response = wire.request("OPTIONS", "/text.txt")
    assert response.status == 204
    assert "GET" in response.get("allow")


@pytest.mark.parametrize(
    "asked, first, last",
    [("0-9", 0, 9), ("5-5", 5, 5), ("990-", 990, 999), ("-10", 990, 999), ("990-99999", 990, 999),
     ("-99999", 0, 999), ("0-", 0, 999)])
def test_single_range(wire, asked, first, last):
    response = wire.request("GET", "/text.txt", [("Range", f"bytes={asked}")])
    assert response.status == 206
    assert response.get("content-range") == f"bytes {first}-{last}/{len(TEXT)}"
    assert response.body == TEXT[first : last + 1]
    assert response.get("content-length") == str(len(response.body))


def test_range_in_a_large_file(wire):
    response = wire.request("GET", "/large.bin", [("Range", "bytes=5000000-5999999")])
    assert response.status == 206
    assert response.body == LARGE[5_000_000:6_000_000]


@pytest.mark.parametrize("asked", ["1000-", "5000-6000", "-0"])
def test_range_outside_of_the_file_is_416_with_its_size(wire, asked):
    response = wire.request("GET", "/text.txt", [("Range", f"bytes={asked}")])
    assert response.status == 416
    assert response.get("content-range") == f"bytes */{len(TEXT)}"


@pytest.mark.parametrize("value", ["bytes=9-5", "bytes=a-b", "bytes=", "lines=0-5", "bytes 0-5", "bytes=--5",
                                   "bytes=0-5;", "bytes=99999999999999999999-"])
def test_malformed_or_unknown_range_is_ignored(wire, value):
    response = wire.request("GET", "/text.txt", [("Range", value)])
    # The last one is well-formed and lies behind the end.
    assert response.status == (416 if value.startswith("bytes=999") else 200)
    assert response.status == 416 or response.body == TEXT


def test_several_ranges_are_a_multipart(wire):
    response = wire.request("GET", "/text.txt", [("Range", "bytes=0-4,500-504,-5")])
    assert response.status == 206
    boundary = re.fullmatch(r'multipart/byteranges; ?boundary="?([^"]+)"?', response.get("content-type"))[1]
    parts = response.body.split(b"--" + boundary.encode())
    assert parts[0].strip() == b"" and parts[-1].strip() == b"--"
    found = []
    for part in parts[1:-1]:
        head, body = part.split(b"\r\n\r\n", 1)
        assert re.search(rb"(?i)content-type: text/plain", head)
        found.append((re.search(rb"(?i)content-range: (.*?)\r?$", head, re.M)[1].strip(), body[: -len(b"\r\n")]))
    assert found == [(b"bytes 0-4/1000", TEXT[:5]), (b"bytes 500-504/1000", TEXT[500:505]),
                     (b"bytes 995-999/1000", TEXT[-5:])]


def test_many_tiny_ranges_do_not_multiply_the_work(wire):
    asked = ",".join(f"{n}-{n}" for n in range(0, 900, 9))
    response = wire.request("GET", "/text.txt", [("Range", f"bytes={asked}")])
    assert response.status == 200
    assert response.body == TEXT


def test_head_ignores_the_range(wire):
    response = wire.request("HEAD", "/text.txt", [("Range", "bytes=0-4")])
    assert response.status == 200
    assert response.get("content-length") == str(len(TEXT))


class TestConditions:
    @pytest.fixture
    def etag(self, wire):
        return wire.request("GET", "/text.txt").get("etag")

    def status(self, wire, *fields, method="GET"):
        response = wire.request(method, "/text.txt", fields)
        if response.status == 304:
            assert response.body == b""
            assert response.get("etag")
        return response.status

    def test_known_etag_is_not_modified(self, wire, etag):
        assert self.status(wire, ("If-None-Match", etag)) == 304
        assert self.status(wire, ("If-None-Match", f'"other", W/{etag}')) == 304
        assert self.status(wire, ("If-None-Match", "*")) == 304
        assert self.status(wire, ("If-None-Match", etag), method="HEAD") == 304

    def test_other_etag_is_sent(self, wire, etag):
        assert self.status(wire, ("If-None-Match", '"other"')) == 200

    def test_if_match(self, wire, etag):
        assert self.status(wire, ("If-Match", etag)) == 200
        assert self.status(wire, ("If-Match", "*")) == 200
        assert self.status(wire, ("If-Match", '"other"')) == 412
        # RFC 9110 13.1.1: strong comparison
        assert self.status(wire, ("If-Match", f"W/{etag}")) == 412

    def test_dates(self, wire, site):
        modified = (site.www / "text.txt").stat().st_mtime
        at, before, later = (formatdate(modified + d, usegmt=True) for d in (0, -10, 10))
        assert self.status(wire, ("If-Modified-Since", at)) == 304
        assert self.status(wire, ("If-Modified-Since", before)) == 200
        assert self.status(wire, ("If-Unmodified-Since", at)) == 200
        assert self.status(wire, ("If-Unmodified-Since", before)) == 412
        assert self.status(wire, ("If-Modified-Since", "no date")) == 200
        assert self.status(wire, ("If-Unmodified-Since", later)) == 200

    def test_etag_wins_over_date(self, wire, etag, site):
        modified = formatdate((site.www / "text.txt").stat().st_mtime, usegmt=True)
        assert self.status(wire, ("If-None-Match", '"other"'), ("If-Modified-Since", modified)) == 200
        assert self.status(wire, ("If-None-Match", etag), ("If-Modified-Since", formatdate(0, usegmt=True))) == 304

    def test_if_range(self, wire, etag):
        asked = ("Range", "bytes=0-4")
        assert self.status(wire, asked, ("If-Range", etag)) == 206
        assert self.status(wire, asked, ("If-Range", '"other"')) == 200
        assert self.status(wire, asked, ("If-Range", f"W/{etag}")) == 200


class TestPrecompressed:
    def ask(self, wire, accepted, path="/pre.css"):
        return wire.request("GET", path, [("Accept-Encoding", accepted)] if accepted else [])

    def test_gzip_beside_the_file(self, wire, site):
        response = self.ask(wire, "gzip")
        assert response.get("content-encoding") == "gzip"
        assert response.body == (site.www / "pre.css.gz").read_bytes()
        assert "css" in response.get("content-type")
        assert "accept-encoding" in response.get("vary").lower()

    def test_brotli_when_liked_best(self, wire, site):
        assert self.ask(wire, "gzip;q=0.5, br").body == (site.www / "pre.css.br").read_bytes()
        assert self.ask(wire, "br;q=0.2, gzip;q=0.9").get("content-encoding") == "gzip"

    def test_plain_for_those_who_cannot(self, wire, site):
        for accepted in (None, "identity", "gzip;q=0, br;q=0", "deflate"):
            response = self.ask(wire, accepted)
            assert response.get("content-encoding") is None
            assert response.body == (site.www / "pre.css").read_bytes()
            assert "accept-encoding" in response.get("vary").lower()

    def test_forms_have_different_etags(self, wire):
        tags = {self.ask(wire, accepted).get("etag") for accepted in (None, "gzip", "br")}
        assert len(tags) == 3


@pytest.mark.parametrize("path", ["/.env", "/.git/config", "/.git/", "/%2eenv", "/folder/../.env", "/.%67it/config"])
def test_dotfiles_are_never_sent(wire, path):
    response = wire.request("GET", path)
    assert response.status == 404
    assert b"SECRET" not in response.body


def test_well_known_is_public(wire):
    assert wire.request("GET", "/.well-known/security.txt").status == 200


@pytest.mark.parametrize("path", [
    "/../outside/secret.txt", "/%2e%2e/outside/secret.txt", "/..%2foutside/secret.txt", "/%2e%2e%2foutside%2fsecret.txt",
    "/folder/../../outside/secret.txt", "/..%5coutside%5csecret.txt", "/....//outside/secret.txt",
    "/%252e%252e/outside/secret.txt", "/folder/%2e%2e/%2e%2e/outside/secret.txt", "/.%00./outside/secret.txt",
    "/..;/outside/secret.txt", "/%c0%ae%c0%ae/outside/secret.txt", "/..%c0%afoutside/secret.txt", "//../outside/secret.txt",
    "/escape", "/escape-folder/secret.txt", "/escape-folder/", "/absolute"])
def test_nothing_outside_of_the_folder_is_sent(wire, path):
    response = wire.request("GET", path)
    assert response.status in (400, 404)
    assert b"root:" not in response.body


def test_link_inside_the_folder_is_followed(wire):
    assert wire.request("GET", "/inside").body == TEXT


def test_pipe_is_not_opened(wire):
    assert wire.request("GET", "/pipe").status == 404


def test_folder_without_slash_is_redirected_with_its_query(wire):
    response = wire.request("GET", "/folder?a=b&c")
    assert response.status == 308
    assert re.fullmatch(r"(https://localhost(:\d+)?)?/folder/\?a=b&c", response.get("location"))
    assert wire.request("GET", "/folder/").body == b"in the folder"


def test_redirect_for_a_folder_never_leads_to_another_host(wire):
    response = wire.request("GET", "//folder")
    assert response.status in (308, 404)
    if response.status == 308:
        assert not response.get("location").startswith("//")


def test_file_with_a_slash_behind_is_not_found(wire):
    assert wire.request("GET", "/text.txt/").status == 404


def test_folder_without_index_is_not_listed_unless_asked_for(site, wire_type):
    wire = named(site, wire_type, "bare")
    assert wire.request("GET", "/plain/").status == 404
    wire.close()


def test_listing_escapes_names_and_hides_dotfiles(wire):
    response = wire.request("GET", "/plain/")
    assert response.status == 200
    assert response.get("content-type").startswith("text/html")
    assert b"a.txt" in response.body
    assert b"&lt;b&gt;&amp;.txt" in response.body
    assert b"<b>&" not in response.body
    links = re.findall(rb'href="([^"]+)"', response.body)
    odd = [link for link in links if b"amp" in link.lower() or b"%3c" in link.lower() or b"&" in link]
    assert odd, links
    assert wire.request("GET", "/plain/%3Cb%3E&.txt").body == b"odd name"


def test_listing_as_json_for_those_who_prefer_it(wire):
    import json

    response = wire.request("GET", "/plain/", [("Accept", "application/json")])
    assert "json" in response.get("content-type")
    assert "a.txt" in json.dumps(json.loads(response.body))


def test_own_error_page_names_the_request(wire, site):
    response = wire.request("GET", "/nowhere")
    assert response.status == 404
    found = re.fullmatch(rb"lost: 404 ([0-9a-f]{16})", response.body.strip())
    assert found, response.body
    assert response.get("cache-control") == "no-store"
    record = site.wait_for_access(lambda r: r["request"] == found[1].decode())[0]
    assert (record["path"], record["status"]) == ("/nowhere", 404)


def test_built_in_error_page_and_problem_document(site, wire_type):
    import json

    wire = named(site, wire_type, "bare")
    page = wire.request("GET", "/nowhere", [("Accept", "text/html")])
    assert page.status == 404 and b"404" in page.body and page.get("content-type").startswith("text/html")
    problem = wire.request("GET", "/nowhere", [("Accept", "application/json")])
    assert problem.get("content-type").startswith("application/problem+json")
    assert json.loads(problem.body)["status"] == 404
    wire.close()


def test_single_page_application_falls_back(site, wire_type):
    wire = named(site, wire_type, "app")
    response = wire.request("GET", "/some/route")
    assert response.status == 200 and b"<title>Home" in response.body
    assert wire.request("GET", "/text.txt").body == TEXT
    assert wire.request("GET", "/large.bin", [("Range", "bytes=0-0")]).get("content-type") == "application/x-own"
    assert wire.request("GET", "/pre.css", [("Accept-Encoding", "gzip")]).get("content-encoding") is None
    wire.close()


def test_replaced_file_is_seen(wire, site):
    # A name of its own for each wire: what another test wrote may still be trusted for a second.
    name = f"changing-{wire.name.removeprefix('HTTP/')}.txt"
    fresh = site.www / "fresh.tmp"
    (site.www / name).write_text("one")
    assert wire.request("GET", f"/{name}").body == b"one"
    fresh.write_text("the second")
    fresh.rename(site.www / name)
    wait_until(lambda: wire.request("GET", f"/{name}").body == b"the second", "the new file", seconds=PATIENCE / 4)


def test_file_replaced_while_it_is_sent_arrives_whole(site):
    from support.raw import Connection

    path = site.www / "replaced.bin"
    path.write_bytes(LARGE)
    with Connection(site.https, site.trust(), receive_buffer=16384) as connection:
        connection.send(b"GET /replaced.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = connection.read_head()
        first = connection.read_exactly(1000)
        other = site.www / "replaced.tmp"
        other.write_bytes(b"x" * len(LARGE))
        other.rename(path)
        rest = connection.read_exactly(int(head.get("content-length")) - 1000)
    assert hashlib.sha256(first + rest).digest() == hashlib.sha256(LARGE).digest()


def test_file_cut_while_it_is_sent_breaks_the_connection(site):
    from support.raw import Connection

    path = site.www / "cut.bin"
    path.write_bytes(LARGE)
    with Connection(site.https, site.trust(), receive_buffer=16384) as connection:
        connection.send(b"GET /cut.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = connection.read_head()
        connection.read_exactly(1000)
        os.truncate(path, 1000)
        rest = connection.receive_all()
    assert len(rest) + 1000 < int(head.get("content-length"))
