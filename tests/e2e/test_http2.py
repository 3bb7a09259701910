"""HTTP/2 as frames: what ends a stream, what ends the connection, and that floods end soon."""

import struct

import pytest

from support.http2 import *  # noqa: F403: the names of RFC 9113
from support.http2 import Http2Client, RawHttp2, frame, settings
from support.malformed import MALFORMED_REQUESTS, without
from support.server import Server

LARGE = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http2")
    (folder / "www").mkdir()
    (folder / "www" / "large.bin").write_bytes(LARGE)
    with Server(folder / "server", "site localhost {\n files /large.bin ../www\n respond 200 here\n}") as server:
        yield server


@pytest.fixture
def raw(site):
    with RawHttp2(site) as raw:
        yield raw


@pytest.fixture
def client(site):
    with Http2Client(site) as client:
        yield client


class TestGoodBehaviour:
    def test_many_streams_at_once(self, client):
        streams = [client.start("GET", "/") for _ in range(100)]
        assert [client.finish(s).body for s in streams] == [b"here"] * 100

    def test_small_responses_overtake_a_large_one(self, site):
        with Http2Client(site, window=16_000) as client:
            large = client.start("GET", "/large.bin")
            assert client.request("GET", "/").body == b"here"
            assert large not in client.ended
            assert client.finish(large).body == LARGE

    @pytest.mark.parametrize("window", [1, 100, 16_384, 1 << 20])
    def test_flow_control_with_windows_of_any_size(self, site, window):
        with Http2Client(site, window=window) as client:
            body = client.request("GET", "/large.bin" if window > 1000 else "/").body
            assert body == (LARGE if window > 1000 else b"here")

    def test_window_that_shrinks_below_zero_and_grows_again(self, raw):
        raw.wait_for(SETTINGS)
        raw.send(raw.get(1, "/large.bin"))
        raw.wait_for(DATA, 1)
        raw.send(settings(window=0))
        raw.send(frame(PING, 0, 0, b"12345678"))
        raw.wait_for(PING)
        raw.send(settings(window=1 << 20) + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24)))
        ended = False
        while not ended:
            ended = bool(raw.wait_for(DATA, 1).flags & END_STREAM)

    def test_upload_with_trailers(self, client):
        stream = client.start("POST", "/", end=False)
        client.send_body(stream, b"x" * 200_000, trailers=[("x-check", "abc")])
        assert client.finish(stream).body == b"here"

    def test_upload_without_an_end_does_not_block_others(self, client):
        client.start("POST", "/", end=False)
        assert client.request("GET", "/").body == b"here"

    def test_cancelled_download_leaves_the_connection_usable(self, raw):
        raw.send(raw.get(1, "/large.bin"))
        raw.wait_for(DATA, 1)
        raw.send(frame(RST_STREAM, 0, 1, struct.pack(">I", CANCEL)))
        assert raw.still_serves(3)

    def test_head_has_a_length_and_no_data(self, raw):
        raw.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, raw.head("HEAD", "/large.bin")))
        head = raw.wait_for(HEADERS, 1)
        assert head.flags & END_STREAM
        assert ("content-length", str(len(LARGE))) in head.fields

    def test_ping_is_answered_with_its_bytes(self, raw):
        raw.send(frame(PING, 0, 0, b"abcdefgh"))
        answer = raw.wait_for(PING)
        assert (answer.flags, answer.payload) == (ACK, b"abcdefgh")

    def test_settings_are_acknowledged(self, raw):
        for each in raw.frames():
            if each.kind == SETTINGS and each.flags & ACK:
                assert each.payload == b""
                return
        pytest.fail("no acknowledgement")

    def test_limits_are_announced(self, raw):
        payload = raw.wait_for(SETTINGS).payload
        values = dict(struct.unpack(">HI", payload[i : i + 6]) for i in range(0, len(payload), 6))
        assert 100 <= values[3] <= 1000
        assert values.get(2, 0) == 0

    def test_unknown_frames_and_settings_are_ignored(self, raw):
        raw.send(frame(0xBB, 0xFF, 0, b"whatever") + frame(SETTINGS, 0, 0, struct.pack(">HI", 0xABCD, 7)))
        assert raw.still_serves(1)

    def test_padding_and_priority_are_accepted(self, raw):
        head = raw.head()
        payload = bytes([5]) + struct.pack(">IB", 0, 15) + head + b"\0" * 5
        raw.send(frame(HEADERS, END_HEADERS | END_STREAM | PADDED | PRIORITY_FLAG, 1, payload))
        assert raw.wait_for(HEADERS, 1)
        assert raw.still_serves(3)

    def test_header_in_continuations(self, raw):
        head = raw.head(**{"x-long": "v" * 500})
        pieces = [head[i : i + 200] for i in range(0, len(head), 200)]
        data = frame(HEADERS, END_STREAM, 1, pieces[0])
        for piece in pieces[1:-1]:
            data += frame(CONTINUATION, 0, 1, piece)
        raw.send(data + frame(CONTINUATION, END_HEADERS, 1, pieces[-1]))
        assert raw.wait_for(HEADERS, 1)


@pytest.mark.parametrize("name", MALFORMED_REQUESTS)
def test_malformed_request_is_refused_and_the_connection_lives(raw, name):
    raw.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, raw.encoder.encode(MALFORMED_REQUESTS[name])))
    for answer in raw.frames():
        if answer.stream == 1:
            break
    else:
        pytest.fail("the connection was closed")
    if answer.kind == HEADERS:
        status = int(dict(answer.fields)[":status"])
        # RFC 9113 8.1.1: "Servers MAY send an HTTP response prior to closing or resetting the stream."
        assert 400 <= status < 500
    else:
        assert answer.kind == RST_STREAM
        assert answer.error_code == PROTOCOL_ERROR
    assert raw.still_serves(3)


@pytest.mark.parametrize("length, sent", [(3, b"12345"), (10, b"12345")])
def test_body_of_another_length_than_announced_is_an_error(raw, length, sent):
    fields = [(":method", "POST"), *without(":method"), ("content-length", str(length))]
    head = raw.encoder.encode(fields)
    raw.send(frame(HEADERS, END_HEADERS, 1, head) + frame(DATA, END_STREAM, 1, sent))
    assert raw.wait_for(RST_STREAM, 1).error_code == PROTOCOL_ERROR
    assert raw.still_serves(3)


def word(number):
    return struct.pack(">I", number)


# Each ends the connection with this error.
BROKEN = {
    "data-on-stream-0": (frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    "data-on-an-idle-stream": (frame(DATA, 0, 5, b"x"), PROTOCOL_ERROR),
    "data-padding-too-long": (frame(DATA, PADDED, 1, b"\x09abc"), PROTOCOL_ERROR),
    "headers-on-stream-0": (frame(HEADERS, END_HEADERS, 0, b"\x82"), PROTOCOL_ERROR),
    "headers-on-an-even-stream": (frame(HEADERS, END_HEADERS | END_STREAM, 2, b"\x82"), PROTOCOL_ERROR),
    "headers-that-hpack-cannot-read": (frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff\xff\xff\xff\xff\xff\xff"),
                                       COMPRESSION_ERROR),
    "headers-padding-too-long": (frame(HEADERS, END_HEADERS | PADDED, 1, b"\x20\x82"), PROTOCOL_ERROR),
    "priority-on-stream-0": (frame(PRIORITY, 0, 0, b"\0\0\0\0\x10"), PROTOCOL_ERROR),
    "reset-on-stream-0": (frame(RST_STREAM, 0, 0, word(CANCEL)), PROTOCOL_ERROR),
    "reset-of-an-idle-stream": (frame(RST_STREAM, 0, 7, word(CANCEL)), PROTOCOL_ERROR),
    "reset-of-three-bytes": (frame(RST_STREAM, 0, 1, b"abc"), FRAME_SIZE_ERROR),
    "settings-on-a-stream": (frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    "settings-of-five-bytes": (frame(SETTINGS, 0, 0, b"abcde"), FRAME_SIZE_ERROR),
    "settings-acknowledged-with-bytes": (frame(SETTINGS, ACK, 0, b"abcdef"), FRAME_SIZE_ERROR),
    "settings-push-of-two": (settings(push=2), PROTOCOL_ERROR),
    "settings-window-too-large": (settings(window=1 << 31), FLOW_CONTROL_ERROR),
    "settings-frame-too-small": (settings(frame=16_383), PROTOCOL_ERROR),
    "settings-frame-too-large": (settings(frame=1 << 24), PROTOCOL_ERROR),
    "push-promise": (frame(PUSH_PROMISE, END_HEADERS, 1, word(2) + b"\x82"), PROTOCOL_ERROR),
    "ping-on-a-stream": (frame(PING, 0, 1, b"12345678"), PROTOCOL_ERROR),
    "ping-of-seven-bytes": (frame(PING, 0, 0, b"1234567"), FRAME_SIZE_ERROR),
    "goaway-on-a-stream": (frame(GOAWAY, 0, 1, word(0) + word(0)), PROTOCOL_ERROR),
    "goaway-too-short": (frame(GOAWAY, 0, 0, b"1234"), FRAME_SIZE_ERROR),
    "window-of-zero": (frame(WINDOW_UPDATE, 0, 0, word(0)), PROTOCOL_ERROR),
    "window-of-three-bytes": (frame(WINDOW_UPDATE, 0, 0, b"abc"), FRAME_SIZE_ERROR),
    "window-over-the-limit": (frame(WINDOW_UPDATE, 0, 0, word(0x7FFFFFFF)), FLOW_CONTROL_ERROR),
    "window-of-an-idle-stream": (frame(WINDOW_UPDATE, 0, 9, word(1)), PROTOCOL_ERROR),
    "continuation-alone": (frame(CONTINUATION, END_HEADERS, 1, b"\x82"), PROTOCOL_ERROR),
    "continuation-of-another-stream": (
        frame(HEADERS, END_STREAM, 1, b"\x82") + frame(CONTINUATION, END_HEADERS, 3, b"\x87"), PROTOCOL_ERROR),
    "ping-between-continuations": (
        frame(HEADERS, END_STREAM, 1, b"\x82") + frame(PING, 0, 0, b"12345678"), PROTOCOL_ERROR),
    "frame-larger-than-allowed": (frame(DATA, 0, 1, b"x" * 16_385), FRAME_SIZE_ERROR),
    "unknown-frame-larger-than-allowed": (frame(0xEE, 0, 0, b"x" * 16_385), FRAME_SIZE_ERROR),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_frame_ends_the_connection_with_its_error(raw, name):
    data, code = BROKEN[name]
    raw.wait_for(SETTINGS)
    raw.send(data)
    found = raw.goaway_code()
    # RFC 9113 5.4.1: an endpoint may use a more general code.
    assert found in (code, PROTOCOL_ERROR), found


def test_stream_numbers_only_grow(raw):
    raw.send(raw.get(5))
    raw.wait_for(HEADERS, 5)
    raw.send(raw.get(3))
    assert raw.goaway_code() in (PROTOCOL_ERROR, STREAM_CLOSED)


def test_data_behind_the_end_of_a_stream_is_an_error(raw):
    raw.send(raw.get(1) + frame(DATA, 0, 1, b"more"))
    for each in raw.frames():
        if each.kind in (RST_STREAM, GOAWAY):
            assert each.error_code in (STREAM_CLOSED, PROTOCOL_ERROR)
            return
    pytest.fail("data behind the end was accepted")


def test_stream_depending_on_itself_is_an_error_or_ignored(raw):
    raw.send(frame(PRIORITY, 0, 1, word(1) + b"\x10"))
    # RFC 9113 5.3.2 has done away with dependencies; an answer to the next request shows what became of it.
    raw.send(raw.get(3))
    assert any(each.kind in (GOAWAY, RST_STREAM, HEADERS) for each in raw.frames())


def test_anything_but_the_preface_is_refused(site):
    with RawHttp2(site, preface=False) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.goaway_code() in (PROTOCOL_ERROR, None)


def test_preface_without_settings_is_refused(site):
    with RawHttp2(site, preface=False) as raw:
        raw.send(PREFACE + frame(PING, 0, 0, b"12345678"))
        assert raw.goaway_code() == PROTOCOL_ERROR


def test_more_streams_than_allowed_are_refused_one_by_one(site):
    with RawHttp2(site, window=0) as raw:
        count = dict(
            struct.unpack(">HI", p[i : i + 6]) for p in [raw.wait_for(SETTINGS).payload] for i in range(0, len(p), 6))[3]
        data = b"".join(raw.get(1 + 2 * n) for n in range(count + 5))
        raw.send(data)
        refused = [raw.wait_for(RST_STREAM) for _ in range(5)]
        assert {each.error_code for each in refused} == {REFUSED_STREAM}


def test_header_list_over_the_limit_is_431_or_the_end(raw):
    head = raw.head(**{f"x-{n}": "v" * 4000 for n in range(20)})
    pieces = [head[i : i + 16_000] for i in range(0, len(head), 16_000)]
    data = frame(HEADERS, END_STREAM, 1, pieces[0])
    for piece in pieces[1:-1]:
        data += frame(CONTINUATION, 0, 1, piece)
    raw.send(data + frame(CONTINUATION, END_HEADERS, 1, pieces[-1]))
    for each in raw.frames():
        if each.kind == HEADERS:
            assert (":status", "431") in each.fields
            return
        if each.kind in (RST_STREAM, GOAWAY):
            assert each.error_code in (ENHANCE_YOUR_CALM, REFUSED_STREAM, PROTOCOL_ERROR, CANCEL)
            return
    pytest.fail("closed without a reason")


def rapid_reset(raw):
    head = raw.head()
    for stream in range(1, 200_001, 2):
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, head) + frame(RST_STREAM, 0, stream, word(CANCEL))


def made_you_reset(raw):
    head = raw.head("POST")
    for stream in range(1, 200_001, 2):
        yield frame(HEADERS, END_HEADERS, stream, head) + frame(WINDOW_UPDATE, 0, stream, word(0))


def pings(raw):
    while True:
        yield frame(PING, 0, 0, b"12345678")


def setting_changes(raw):
    while True:
        yield settings(streams=100)


def continuations(raw):
    yield frame(HEADERS, END_STREAM, 1, raw.head())
    while True:
        yield frame(CONTINUATION, 0, 1, b"")


def large_continuations(raw):
    yield frame(HEADERS, END_STREAM, 1, raw.head())
    while True:
        yield frame(CONTINUATION, 0, 1, b"\x00\x01a\x7e" + b"v" * 126 + b"\x00\x01b\x00")


def empty_data(raw):
    yield frame(HEADERS, END_HEADERS, 1, raw.head("POST"))
    while True:
        yield frame(DATA, 0, 1)


def window_updates(raw):
    # On a connection that sends nothing, each is work for nothing.
    while True:
        yield frame(WINDOW_UPDATE, 0, 0, word(1))


def priorities(raw):
    while True:
        yield frame(PRIORITY, 0, 1, word(3) + b"\x10")


def unknown_frames(raw):
    while True:
        yield frame(0xEE, 0, 0)


FLOODS = [rapid_reset, made_you_reset, pings, setting_changes, continuations, large_continuations, empty_data,
          window_updates, priorities, unknown_frames]


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_flood_ends_soon_while_others_are_served(site, raw, flood):
    raw.wait_for(SETTINGS)
    memory = site.memory_kb()
    source = flood(raw)
    for _ in range(100):
        batch = b"".join(each for _, each in zip(range(1000), source))
        if not batch or not raw.send(batch):
            break
    try:
        for _ in raw.frames():
            pass
    except TimeoutError:
        pytest.fail("the server has taken the whole flood")
    with Http2Client(site) as other:
        assert other.request("GET", "/").status == 200
    assert site.memory_kb() - memory < 50_000


@pytest.mark.parametrize("flood", [rapid_reset, pings, setting_changes, empty_data], ids=lambda flood: flood.__name__)
def test_flood_is_told_why_it_ends(site, raw, flood):
    # Little enough to fit into the buffers, so that the answer is not lost to a reset.
    batch = b"".join(each for _, each in zip(range(2500), flood(raw)))
    raw.send(batch)
    assert raw.goaway_code() == ENHANCE_YOUR_CALM
    assert site.wait_for_audit("protocol_violation")


def test_reader_that_opens_its_window_byte_by_byte_is_served_or_ended(site):
    with RawHttp2(site, window=1) as raw:
        raw.send(raw.get(1, "/large.bin"))
        raw.wait_for(HEADERS, 1)
        received = 0
        for each in raw.frames():
            if each.kind == GOAWAY:
                assert each.error_code == ENHANCE_YOUR_CALM
                return
            if each.kind == DATA:
                received += len(each.payload)
                raw.send(frame(WINDOW_UPDATE, 0, 1, word(1)))
            assert received < 50_000, "a byte at a time was served for ever"
        pytest.fail("closed without a reason")
