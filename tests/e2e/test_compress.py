"""The compress statement over every wire."""

import gzip
import subprocess

import pytest

from support.server import Server
from support.wait import PATIENCE

PAGE = b"<p>again and again</p>\n" * 4000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compress")
    (folder / "www").mkdir()
    (folder / "www" / "long.html").write_bytes(PAGE)
    (folder / "www" / "small.html").write_bytes(b"small")
    (folder / "www" / "picture.png").write_bytes(PAGE)
    with Server(folder / "server", "site localhost {\n compress\n files ../www\n}") as server:
        yield server


@pytest.fixture
def wire(site, wire_type):
    wire = wire_type(site)
    yield wire
    wire.close()


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
def test_curl_unpacks_what_it_gets(site, coding):
    url = f"https://localhost:{site.https}/long.html"
    command = ["curl", "-sS", "--compressed", "-H", f"Accept-Encoding: {coding}", "--cacert", site.authority_file, url]
    done = subprocess.run(command, capture_output=True, timeout=3 * PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == PAGE


@pytest.mark.parametrize("accepted, coding", [
    ("gzip", "gzip"), ("gzip, br, zstd", "zstd"), ("gzip, br", "br"), ("zstd;q=0.1, gzip;q=0.9", "gzip"), ("*", "zstd")])
def test_page_is_compressed_as_the_client_likes_it(wire, accepted, coding):
    response = wire.request("GET", "/long.html", [("Accept-Encoding", accepted)])
    assert response.status == 200
    assert response.get("content-encoding") == coding
    assert len(response.body) < len(PAGE) // 4
    assert coding != "gzip" or gzip.decompress(response.body) == PAGE
    assert "accept-encoding" in response.get("vary").lower()
    assert response.get("etag").startswith("W/")
    assert response.get("accept-ranges") is None


@pytest.mark.parametrize("accepted", [None, "identity", "gzip;q=0", "deflate"])
def test_page_is_plain_for_those_who_cannot(wire, accepted):
    response = wire.request("GET", "/long.html", [("Accept-Encoding", accepted)] if accepted else [])
    assert response.get("content-encoding") is None
    assert response.body == PAGE
    assert "accept-encoding" in response.get("vary").lower()


def test_small_and_packed_responses_are_left_alone(wire):
    for path in ("/small.html", "/picture.png"):
        assert wire.request("GET", path, [("Accept-Encoding", "gzip")]).get("content-encoding") is None


def test_range_is_not_compressed(wire):
    response = wire.request("GET", "/long.html", [("Accept-Encoding", "gzip"), ("Range", "bytes=0-99")])
    assert (response.status, response.get("content-encoding"), response.body) == (206, None, PAGE[:100])


def test_weak_etag_of_a_compressed_page_is_not_modified(wire):
    fields = [("Accept-Encoding", "gzip")]
    etag = wire.request("GET", "/long.html", fields).get("etag")
    assert wire.request("GET", "/long.html", [*fields, ("If-None-Match", etag)]).status == 304


def test_head_says_what_get_would(wire):
    head = wire.request("HEAD", "/long.html", [("Accept-Encoding", "gzip")])
    assert (head.status, head.body) == (200, b"")
    assert "accept-encoding" in head.get("vary").lower()
    assert wire.request("GET", "/small.html").body == b"small"
