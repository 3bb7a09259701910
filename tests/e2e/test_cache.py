"""The cache: what is kept and given out over each version of HTTP, purged, shared by workers, and kept over reloads."""

import json
import threading

import pytest

from support.server import run_command
from support.upstream import Upstream, response
from support.wait import wait_until
from support.wires import WIRES


@pytest.fixture
def upstreams():
    """Starts servers that end with the test."""
    running = []

    def start_one(answer):
        running.append(Upstream(answer))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


def site(upstream, *block, behind=()):
    inside = "\n".join(f"    {line}" for line in block)
    more = "\n".join(f"  {line}" for line in behind)
    return f"site localhost {{\n  cache {{\n{inside}\n  }}\n{more}\n  proxy {upstream.address}\n}}\n"


def numbered(*fields, status="200 OK"):
    """Answers with its own count, so that a kept response is seen."""
    count = iter(range(1, 1000))
    return lambda received, _: response(str(next(count)).encode(), status, fields)


def cached(start, upstreams, wire_type, answer, *block):
    upstream = upstreams(answer)
    server = start(site(upstream, *block))
    return upstream, wire_type(server), server


def test_a_response_is_fetched_once_and_then_given_out(start, upstreams, wire_type):
    upstream, wire, server = cached(start, upstreams, wire_type,
                                    numbered(("Cache-Control", "max-age=60"), ("X-Own", "kept")))
    first = wire.request("GET", "/a?b")
    assert first.body == b"1" and first.get("cache-status") == "gate443; fwd=uri-miss; fwd-status=200; stored"
    second = wire.request("GET", "/a?b")
    assert second.body == b"1" and second.get("cache-status").startswith("gate443; hit; ttl=")
    assert second.get("x-own") == "kept" and second.get("age") is not None
    assert wire.request("GET", "/a?c").body == b"2"
    assert wire.request("HEAD", "/a?b").get("content-length") == "1"
    assert len(upstream.received) == 2
    wire.close()


def test_conditions_and_ranges_of_the_client_are_answered_from_what_is_kept(start, upstreams, wire_type):
    body = bytes(range(256)) * 1000
    upstream, wire, _ = cached(start, upstreams, wire_type, lambda received, _: response(
        body, fields=[("Cache-Control", "max-age=60"), ("ETag", '"v1"')]))
    assert wire.request("GET", "/").body == body
    assert wire.request("GET", "/", [("if-none-match", '"v1"')]).status == 304
    part = wire.request("GET", "/", [("range", "bytes=1000-1999")])
    assert part.status == 206 and part.body == body[1000:2000]
    assert part.get("content-range") == f"bytes 1000-1999/{len(body)}"
    assert len(upstream.received) == 1
    wire.close()


def test_what_is_stale_is_asked_about_and_then_good_again(start, upstreams, wire_type):
    def answer(received, _):
        if received.get("if-none-match") == '"v1"':
            return response(status="304 Not Modified", fields=[("ETag", '"v1"')], length=False)
        return response(b"whole", fields=[("Cache-Control", "no-cache"), ("ETag", '"v1"')])

    upstream, wire, _ = cached(start, upstreams, wire_type, answer)
    wire.request("GET", "/")
    again = wire.request("GET", "/")
    assert again.status == 200 and again.body == b"whole"
    assert again.get("cache-status") == "gate443; fwd=stale; fwd-status=304"
    assert [each.get("if-none-match") for each in upstream.received] == [None, '"v1"']
    wire.close()


@pytest.mark.parametrize("fields", [
    [("Cache-Control", "no-store, max-age=60")], [("Cache-Control", "private, max-age=60")], [],
    [("Cache-Control", "max-age=60"), ("Set-Cookie", "a=b")], [("Cache-Control", "max-age=60"), ("Vary", "*")]])
def test_what_is_not_for_everyone_is_never_kept(start, upstreams, wire_type, fields):
    upstream, wire, _ = cached(start, upstreams, wire_type, numbered(*fields))
    assert [wire.request("GET", "/account/x.css").body for _ in range(3)] == [b"1", b"2", b"3"]
    wire.close()


def test_requests_that_say_who_asks_neither_fill_the_cache_nor_are_answered_from_it(start, upstreams, wire_type):
    upstream, wire, _ = cached(start, upstreams, wire_type, numbered(("Cache-Control", "max-age=60")))
    assert wire.request("GET", "/", [("authorization", "Basic YTpi")]).body == b"1"
    assert wire.request("GET", "/", [("cookie", "session=1")]).body == b"2"
    assert wire.request("GET", "/").body == b"3"
    assert wire.request("GET", "/", [("cookie", "session=1")]).body == b"4"
    assert wire.request("GET", "/").body == b"3"
    wire.close()


def test_nothing_can_be_put_into_the_cache_by_what_stands_in_no_key(start, upstreams, wire_type):
    def reflecting(received, _):
        shown = [received.get(name) or "-" for name in ("x-forwarded-host", "x-forwarded-scheme", "x-original-url",
                                                        "x-http-method-override")]
        return response(" ".join(shown + [received.body.decode()]).encode(), fields=[("Cache-Control", "max-age=60")])

    upstream, wire, server = cached(start, upstreams, wire_type, reflecting)
    for evil in [("x-forwarded-host", "evil.example"), ("x-forwarded-scheme", "nothttps"), ("x-original-url", "/evil"),
                 ("x-http-method-override", "POST")]:
        wire.request("GET", "/", [evil])
    wire.request("GET", "/", body=b"evil")
    clean = wire.request("GET", "/")
    assert clean.body.decode() == f"localhost:{server.https} - - - "
    wire.close()


def test_a_successful_post_takes_out_what_is_kept_of_its_address(start, upstreams, wire_type):
    upstream, wire, _ = cached(start, upstreams, wire_type, numbered(("Cache-Control", "max-age=60")))
    assert wire.request("GET", "/a").body == b"1"
    assert wire.request("POST", "/a", body=b"x").body == b"2"
    assert wire.request("GET", "/a").body == b"3"
    wire.close()


def test_many_requests_make_one_fetch(start, upstreams, wire_type):
    go = threading.Event()

    def slow(received, _):
        go.wait()
        return response(b"once", fields=[("Cache-Control", "max-age=60")])

    upstream = upstreams(slow)
    server = start(site(upstream), workers=1)
    wires = [wire_type(server) for _ in range(6)]
    answers = []
    asking = [threading.Thread(target=lambda wire=wire: answers.append(wire.request("GET", "/"))) for wire in wires]
    for each in asking:
        each.start()
    upstream.arrived.get()
    go.set()
    for each in asking:
        each.join()
    assert [answer.body for answer in answers] == [b"once"] * 6
    assert len(upstream.received) == 1
    for wire in wires:
        wire.close()


def test_a_body_that_breaks_off_is_not_kept(start, upstreams, wire_type):
    count = iter(range(100))

    def answer(received, sock):
        if next(count) == 0:
            sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf")
            return b""
        return response(b"whole", fields=[("Cache-Control", "max-age=60")])

    upstream, wire, server = cached(start, upstreams, wire_type, answer)
    try:
        broken = wire.request("GET", "/").body
    except Exception:  # each client says in its own way that the response is not whole
        broken = None
    assert broken != b"half000000"
    fresh = wire_type(server)
    assert fresh.request("GET", "/").body == b"whole"
    fresh.close()


def test_a_stale_response_stands_in_for_a_server_that_is_gone(start, upstreams, wire_type):
    upstream, wire, _ = cached(start, upstreams, wire_type,
                               lambda received, _: response(b"old", fields=[("Cache-Control", "max-age=0, stale-if-error=60"),
                                                                            ("ETag", '"v1"')]))
    assert wire.request("GET", "/").body == b"old"
    upstream.close()
    answer = wire.request("GET", "/")
    assert answer.status == 200 and answer.body == b"old" and "stale-if-error" in answer.get("cache-status")
    wire.close()


def test_what_stands_before_the_cache_is_done_to_kept_responses_too(start, upstreams, wire_type):
    upstream = upstreams(lambda received, _: response(b"x" * 5000, fields=[("Cache-Control", "max-age=60"),
                                                                           ("Content-Type", "text/plain")]))
    server = start(f"site localhost {{\n  compress gzip\n  cache\n  proxy {upstream.address}\n}}\n")
    wire = wire_type(server)
    for _ in range(2):
        assert wire.request("GET", "/", [("accept-encoding", "gzip")]).get("content-encoding") == "gzip"
        assert wire.request("GET", "/").body == b"x" * 5000
    assert len(upstream.received) == 1
    wire.close()


def admin(server, *arguments):
    done = run_command("cache", *arguments, "--state", server.state, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_responses_are_purged_by_address_by_tag_and_all(start, upstreams):
    upstream, wire, server = cached(start, upstreams, WIRES["h1"],
                                    numbered(("Cache-Control", "max-age=60"), ("Cache-Tag", "news")))
    assert wire.request("GET", "/a?b").body == b"1"
    assert admin(server, "purge", f"https://localhost:{server.https}/other")["purged"] == 0
    assert admin(server, "purge", f"https://localhost:{server.https}/a?b")["purged"] == 1
    assert wire.request("GET", "/a?b").body == b"2"
    assert admin(server, "purge", "--tag", "sport")["purged"] == 0
    assert admin(server, "purge", "--tag", "news")["purged"] == 1
    assert wire.request("GET", "/a?b").body == b"3"
    assert admin(server, "purge", "--all")["purged"] == 1
    assert wire.request("GET", "/a?b").body == b"4"
    status = admin(server, "status")
    assert status["responses"] == 1 and status["stored"] == 4 and status["misses"] == 4 and status["bytes"] > 0
    wire.close()


def test_a_purge_of_something_else_than_an_address_is_refused(start, upstreams):
    server = start(site(upstreams(numbered())))
    done = run_command("cache", "purge", "/page", "--state", server.state)
    assert done.returncode != 0 and "G5142" in done.stderr
    assert run_command("cache", "purge", "--state", server.state).returncode == 2


def test_all_workers_keep_what_one_has_fetched_and_forget_what_one_invalidates(start, upstreams):
    upstream = upstreams(numbered(("Cache-Control", "max-age=60")))
    server = start(site(upstream), workers=3)

    def bodies(count=12):
        seen = set()
        for _ in range(count):  # each connection comes to some worker
            wire = WIRES["h1"](server)
            seen.add(wire.request("GET", "/").body)
            wire.close()
        return seen

    wait_until(lambda: len(bodies()) == 1, "one response on all workers")
    assert admin(server, "status")["responses"] == 1
    before = bodies()
    wire = WIRES["h1"](server)
    wire.request("POST", "/", body=b"")
    wire.close()
    wait_until(lambda: len(after := bodies()) == 1 and after != before, "another one on all of them")


def test_a_reload_keeps_what_is_kept_of_an_unchanged_site(start, upstreams):
    upstream, wire, server = cached(start, upstreams, WIRES["h1"], numbered(("Cache-Control", "max-age=60")))
    assert wire.request("GET", "/").body == b"1"
    text = server.configuration.read_text()
    server.configuration.write_text(text + "\nsite other.localhost {\n  respond 200 ok\n}\n")
    assert run_command("reload", "--state", server.state).returncode == 0
    assert wire.request("GET", "/").body == b"1"
    server.configuration.write_text(text.replace("  cache {", "  cache {\n    largest 1MiB"))
    assert run_command("reload", "--state", server.state).returncode == 0
    assert wire.request("GET", "/").body == b"2"
    wire.close()


def test_the_access_log_says_what_came_of_a_request_in_the_cache(start, upstreams):
    upstream, wire, server = cached(start, upstreams, WIRES["h1"], numbered(("Cache-Control", "max-age=60")))
    wire.request("GET", "/")
    wire.request("GET", "/")
    wire.request("POST", "/", body=b"x")
    wait_until(lambda: len(server.access_log()) == 3, "three lines")
    assert [line["cache"] for line in server.access_log()] == ["miss", "hit", "pass"]
    wire.close()


def restarted(server):
    assert server.stop() == 0
    server.start()
    return WIRES["h1"](server)


def test_what_is_on_the_disk_outlives_a_restart(start, upstreams):
    answer = numbered(("Cache-Control", "max-age=600"), ("Cache-Tag", "news"))
    upstream, wire, server = cached(start, upstreams, WIRES["h1"], answer, "disk kept 10MB")
    host = "localhost"
    assert wire.request("GET", "/a", host=host).body == b"1"
    assert wire.request("GET", "/b", host=host).body == b"2"
    wait_until(lambda: admin(server, "status")["disk"]["files"] == 2, "two files")
    wire.close()
    wire = restarted(server)
    wait_until(lambda: wire.request("GET", "/c", host=host) and admin(server, "status")["disk"]["files"] == 3,
               "the files taken in")
    again = wire.request("GET", "/a", host=host)
    assert again.body == b"1" and again.get("cache-status").startswith("gate443; hit")
    admin(server, "purge", "--tag", "news")
    wire.close()
    wire = restarted(server)
    assert wire.request("GET", "/b", host=host).body not in (b"1", b"2")
    wire.close()


def test_a_damaged_file_is_dropped_and_the_response_fetched(start, upstreams):
    upstream, wire, server = cached(start, upstreams, WIRES["h1"], numbered(("Cache-Control", "max-age=600")),
                                    "disk kept 10MB")
    assert wire.request("GET", "/a", host="localhost").body == b"1"
    wait_until(lambda: admin(server, "status")["disk"]["files"] == 1, "a file")
    wire.close()
    server.stop()
    (file,) = (server.folder / "kept").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"9")
    server.start()
    wire = WIRES["h1"](server)
    wait_until(lambda: wire.request("GET", "/x", host="localhost") and admin(server, "status")["disk"]["files"] == 2,
               "the file taken in")
    assert wire.request("GET", "/a", host="localhost").body not in (b"1", b"9")
    assert admin(server, "status")["disk"]["damaged"] == 1
    wire.close()
