"""HTTP/3 from outside: real clients, what ends a stream, what ends the connection, and that floods end soon (RFC 9114,
9204, 9218). What is QUIC's own is in test_quic.py."""

import re
import socket

import pytest

from support import clients
from support.http2 import Http2Client
from support.http3 import *  # noqa: F403: the names of RFC 9114
from support.http3 import Closed, Http3Client, frame, number
from support.malformed import MALFORMED_REQUESTS
from support.raw import Connection
from support.server import Server
from support.wait import wait_until
from support.wires import Http1Wire, Http2Wire

LARGE = bytes(range(256)) * 16_384  # 4 MiB
SITES = """
site localhost {
  files /large.bin ../www
  respond 200 here
}
site off.localhost {
  http3 off
  respond 200 "only over TCP"
}
site own.localhost {
  header set Alt-Svc clear
  respond 200 own
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http3")
    (folder / "www").mkdir()
    (folder / "www" / "large.bin").write_bytes(LARGE)
    with Server(folder / "server", SITES) as server:
        yield server


@pytest.fixture
def client(site):
    with Http3Client(site) as client:
        yield client


@pytest.fixture
def bare(site):
    """QUIC alone: what HTTP/3 there is, the test sends."""
    with Http3Client(site, bare=True) as client:
        yield client


def still_serves(client):
    return client.request("GET", "/").body == b"here"


class TestCurl:
    def curl(self, server, *arguments, path="/"):
        done = clients.curl("--cacert", server.authority_file, *arguments, f"https://localhost:{server.https}{path}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_fetches_with_a_hybrid_key_exchange(self, site):
        out = self.curl(site, "--http3-only", "-w", " %{http_version} %{response_code}", path="/?curl")
        assert out == b"here 3 200"
        line = site.wait_for_access(lambda r: r.get("query") == "curl")[0]
        # Its ClientHello does not fit into one packet.
        assert line["tls"]["group"] == "X25519MLKEM768"

    def test_fetches_a_large_file(self, site):
        assert self.curl(site, "--http3-only", path="/large.bin") == LARGE

    def test_uploads(self, site, tmp_path):
        (tmp_path / "upload").write_bytes(LARGE)
        assert self.curl(site, "--http3-only", "--data-binary", f"@{tmp_path}/upload") == b"here"

    def test_comes_back_by_http_3_after_a_first_visit_over_tcp(self, site, tmp_path):
        seen = [self.curl(site, "--alt-svc", tmp_path / "seen", "-w", " %{http_version}") for _ in range(2)]
        assert seen == [b"here 2", b"here 3"]


class TestAdvertisement:
    @pytest.mark.parametrize("wire_type", [Http1Wire, Http2Wire])
    def test_responses_over_tcp_carry_alt_svc(self, site, wire_type):
        wire = wire_type(site)
        for path in ("/", "/large.bin", "/nowhere"):
            value = wire.request("GET", path).get("alt-svc")
            assert re.fullmatch(rf'h3=":{site.https}"; ?ma=\d+', value or ""), (path, value)
        wire.close()

    def test_responses_over_http_3_carry_none(self, client):
        assert client.request("GET", "/").get("alt-svc") is None

    def test_own_value_has_the_last_word(self, site):
        wire = Http2Wire(site, "own.localhost")
        assert wire.request("GET", "/").get("alt-svc") == "clear"
        wire.close()

    def test_site_without_http_3_does_not_advertise_it(self, site):
        wire = Http2Wire(site, "off.localhost")
        assert wire.request("GET", "/").get("alt-svc") is None
        wire.close()

    def test_site_without_http_3_refuses_the_handshake(self, site):
        with pytest.raises(Closed) as refused:
            Http3Client(site, "off.localhost")
        assert CRYPTO_ERROR <= refused.value.code < CRYPTO_ERROR + 256
        assert refused.value.side == "server"

    def test_site_without_http_3_is_not_served_on_another_ones_connection(self, client):
        answer = client.request("GET", "/", authority=f"off.localhost:{client.server_port}")
        assert answer.status == 421

    def test_server_without_http_3_opens_no_udp_port(self, start):
        server = start("site localhost {\n respond 200 here\n}", settings="http3 off")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", server.https))
        wire = Http2Wire(server)
        assert wire.request("GET", "/").get("alt-svc") is None
        wire.close()

    def test_other_protocols_are_refused(self, site):
        with pytest.raises(Closed) as refused:
            Http3Client(site, alpn=["h2"])
        assert refused.value.code == CRYPTO_ERROR + 120  # no_application_protocol


class TestGoodBehaviour:
    def test_hundred_streams_at_once(self, client):
        streams = [client.start("GET", "/") for _ in range(100)]
        assert [client.finish(each).body for each in streams] == [b"here"] * 100

    def test_many_requests_one_after_the_other(self, client):
        for _ in range(500):
            assert still_serves(client)

    def test_small_responses_overtake_a_large_one(self, site):
        with Http3Client(site, window=100_000, hold=True) as client:
            large = client.start("GET", "/large.bin")
            assert still_serves(client)
            assert large not in client.ended
            client.behave(hold=False)
            assert client.finish(large).body == LARGE

    @pytest.mark.parametrize("window", [1200, 16_384, 1 << 20])
    def test_flow_control_with_windows_of_any_size(self, site, window):
        with Http3Client(site, window=window, connection_window=2 * window) as client:
            assert client.request("GET", "/large.bin").body == LARGE

    def test_large_upload(self, client):
        assert client.request("POST", "/", body=LARGE).body == b"here"

    def test_upload_with_trailers(self, client):
        stream = client.start("POST", "/", end=False)
        client.send_body(stream, b"x" * 300_000, trailers=[("x-check", "abc")])
        assert client.finish(stream).body == b"here"

    def test_upload_without_an_end_does_not_block_others(self, client):
        client.start("POST", "/", end=False)
        assert still_serves(client)

    def test_head_has_a_length_and_no_data(self, client):
        answer = client.request("HEAD", "/large.bin")
        assert (answer.get("content-length"), answer.body) == (str(len(LARGE)), b"")

    def test_cancelled_download_leaves_the_connection_usable(self, site):
        with Http3Client(site, window=100_000, hold=True) as client:
            stream = client.start("GET", "/large.bin")
            client.wait_for("head")
            client.stop(stream)
            client.wait_for("reset")
            assert still_serves(client)

    def test_cancelled_request_leaves_the_connection_usable(self, client):
        stream = client.start("POST", "/", end=False)
        client.reset(stream)
        client.stop(stream)
        assert still_serves(client)

    def test_settings_come_first_and_bound_the_table(self, client):
        if client.settings is None:
            client.wait_for("settings")
        assert client.settings.get(1, 0) <= 65536, "QPACK's table"
        assert client.settings.get(7, 0) <= 1000, "streams that wait for QPACK"
        assert 1024 <= client.settings[6] <= 1 << 20, "RFC 9114 4.2.2: what a header section may have"

    def test_unknown_frames_settings_and_streams_are_ignored(self, client):
        client.send(CONTROL_STREAM, frame(0x21 + 0x1F * 7, b"whatever"))
        client.send(FIRST_FREE_ONE_WAY_STREAM, number(0x21 + 0x1F * 3) + b"whatever")
        head = frame(0x21, b"") + frame(HEADERS, get_section()) + frame(0x21 + 0x1F, b"grease")
        assert client.finish(client.start_raw(head)).body == b"here"
        assert still_serves(client)

    def test_unknown_settings_are_ignored(self, bare):
        bare.send(CONTROL_STREAM, number(0) + frame(SETTINGS, number(0x21 + 0x1F * 5) + number(7)))
        assert bare.finish(bare.start_raw(frame(HEADERS, get_section()))).body == b"here"

    def test_request_byte_by_byte(self, bare):
        bare.send(CONTROL_STREAM, number(0) + frame(SETTINGS))
        request = frame(HEADERS, get_section())
        stream = bare.start_raw(b"", end=False)
        for at in range(len(request)):
            bare.send(stream, request[at : at + 1], end=at + 1 == len(request))
            bare.ping()
        assert bare.finish(stream).body == b"here"

    def test_stop_sending_of_an_answered_upload_is_polite(self, site, client):
        stream = client.start("POST", "/nowhere", end=False)
        client.finish(stream)
        # RFC 9114 4.1: the server may ask for the end of the rest, and then by H3_NO_ERROR.
        client.ping()
        assert client.stops.get(stream, H3_NO_ERROR) == H3_NO_ERROR
        assert still_serves(client)


class TestPriorities:
    def order_of_ends(self, client, streams):
        ends = []
        while len(ends) < len(streams):
            event = client.step()
            if event["event"] == "end" and event["stream"] in streams:
                ends.append(event["stream"])
        return ends

    def test_urgent_response_overtakes(self, site):
        with Http3Client(site, window=1 << 23, connection_window=100_000, hold=True) as client:
            later = client.start("GET", "/large.bin", [("priority", "u=6")])
            client.wait_for("data")
            sooner = client.start("GET", "/large.bin", [("priority", "u=1")])
            client.ping()
            client.behave(hold=False)
            assert self.order_of_ends(client, [later, sooner]) == [sooner, later]

    def test_priority_update_overtakes(self, site):
        with Http3Client(site, window=1 << 23, connection_window=100_000, hold=True) as client:
            later = client.start("GET", "/large.bin")
            sooner = client.start("GET", "/large.bin")
            client.wait_for("data")
            # RFC 9218 7.2
            client.send(CONTROL_STREAM, frame(PRIORITY_UPDATE, number(sooner) + b"u=0"))
            client.ping()
            client.behave(hold=False)
            assert self.order_of_ends(client, [later, sooner]) == [sooner, later]

    def test_update_of_a_push_is_an_error(self, client):
        client.send(CONTROL_STREAM, frame(PRIORITY_UPDATE + 1, number(0) + b"u=0"))
        assert client.wait_for_end().code == H3_ID_ERROR

    def test_update_of_no_request_stream_is_an_error(self, client):
        client.send(CONTROL_STREAM, frame(PRIORITY_UPDATE, number(2) + b"u=0"))
        assert client.wait_for_end().code == H3_ID_ERROR

    def test_update_on_a_request_stream_is_an_error(self, client):
        client.start_raw(frame(PRIORITY_UPDATE, number(0) + b"u=0"))
        assert client.wait_for_end().code == H3_FRAME_UNEXPECTED


def get_section(method=b"\xd1", authority=b"localhost"):
    """GET https://localhost/ by QPACK's static table alone."""
    return b"\0\0" + method + b"\xd7\xc1\x50" + bytes([len(authority)]) + authority


def prefixed(first, bits, value):
    """An integer behind the bits of `first` (RFC 7541 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    encoded, value = bytes([first | most]), value - most
    while value > 127:
        encoded, value = encoded + bytes([value % 128 + 128]), value // 128
    return encoded + bytes([value])


def literal(name, value):
    """A field line whose name and value stand there (RFC 9204 4.5.6)."""
    return prefixed(0x20, 3, len(name)) + name + prefixed(0, 7, len(value)) + value


POST = b"\xd4"


# RFC 9114 10.3 has such a request be malformed; the library throws the field away.
DROPPED = {"line-break-in-value", "nul-in-value", "space-in-name", "colon-in-name", "empty-name", "space-around-value"}


@pytest.mark.parametrize("name", [name for name in MALFORMED_REQUESTS if name not in DROPPED])
def test_malformed_request_is_refused_and_the_connection_lives(client, name):
    outcome = client.outcome(client.start_with(MALFORMED_REQUESTS[name]))
    # RFC 9114 4.1.2: "A server MAY send an HTTP response indicating the error prior to closing or resetting the stream."
    assert outcome == ("reset", H3_MESSAGE_ERROR) or 400 <= outcome < 500, outcome
    assert still_serves(client)


@pytest.mark.parametrize("name", sorted(DROPPED))
def test_field_with_forbidden_characters_reaches_nobody(start, name):
    fields = [field for field in MALFORMED_REQUESTS[name] if not field[0].startswith(":")]
    server = start("site localhost {\n log-field request X clear\n respond 200 here\n}\n")
    with Http3Client(server) as client:
        outcome = client.outcome(client.start_with(client.head() + fields))
        assert outcome in (200, 400, ("reset", H3_MESSAGE_ERROR))
        assert client.request("GET", "/?sentinel").body == b"here"
    lines = server.wait_for_access(lambda r: r.get("query") == "sentinel") and server.access_log()
    assert not any("x" in line.get("request_fields", {}) for line in lines)


@pytest.mark.parametrize("length, sent", [(3, b"12345"), (10, b"12345")])
def test_body_of_another_length_than_announced_is_an_error(client, length, sent):
    # In one piece: a server may answer before the body has come.
    head = frame(HEADERS, get_section() + literal(b"content-length", b"%d" % length))
    assert client.outcome(client.start_raw(head + frame(DATA, sent))) in (400, ("reset", H3_MESSAGE_ERROR))
    assert still_serves(client)


def test_stream_that_ends_before_its_header_is_incomplete(client):
    stream = client.start_raw(b"")
    assert client.outcome(stream) == ("reset", H3_REQUEST_INCOMPLETE)
    assert still_serves(client)


def test_header_over_the_limit_is_431_or_the_end_of_the_stream(client):
    fields = b"".join(literal(b"x-%d" % n, b"v" * 4000) for n in range(20))
    outcome = client.outcome(client.start_raw(frame(HEADERS, get_section() + fields)))
    assert outcome in (431, ("reset", H3_EXCESSIVE_LOAD), ("reset", H3_REQUEST_REJECTED)), outcome
    assert still_serves(client)


def on_control(payload):
    return {CONTROL_STREAM: payload}


def on_request(payload):
    return {0: payload}


# Each ends the connection with this error. Streams are open as a client opens them.
BROKEN = {
    "data-on-the-control-stream": (on_control(frame(DATA, b"x")), H3_FRAME_UNEXPECTED),
    "headers-on-the-control-stream": (on_control(frame(HEADERS, b"\0\0")), H3_FRAME_UNEXPECTED),
    "push-promise-on-the-control-stream": (on_control(frame(PUSH_PROMISE, b"\0\0\0")), H3_FRAME_UNEXPECTED),
    "second-settings": (on_control(frame(SETTINGS)), H3_FRAME_UNEXPECTED),
    "http-2-priority-on-the-control-stream": (on_control(frame(2, b"\0\0\0\0\0")), H3_FRAME_UNEXPECTED),
    "http-2-ping-on-the-control-stream": (on_control(frame(6, b"12345678")), H3_FRAME_UNEXPECTED),
    "http-2-window-update-on-the-control-stream": (on_control(frame(8, b"\0\0\0\1")), H3_FRAME_UNEXPECTED),
    "http-2-continuation-on-the-control-stream": (on_control(frame(9)), H3_FRAME_UNEXPECTED),
    "settings-on-a-request": (on_request(frame(SETTINGS)), H3_FRAME_UNEXPECTED),
    "goaway-on-a-request": (on_request(frame(GOAWAY, number(0))), H3_FRAME_UNEXPECTED),
    "cancel-push-on-a-request": (on_request(frame(CANCEL_PUSH, number(0))), H3_FRAME_UNEXPECTED),
    "max-push-id-on-a-request": (on_request(frame(MAX_PUSH_ID, number(0))), H3_FRAME_UNEXPECTED),
    "push-promise-on-a-request": (on_request(frame(HEADERS, get_section()) + frame(PUSH_PROMISE, b"\0\0\0")),
                                  H3_FRAME_UNEXPECTED),
    "http-2-ping-on-a-request": (on_request(frame(6, b"12345678")), H3_FRAME_UNEXPECTED),
    "data-before-the-header": (on_request(frame(DATA, b"x")), H3_FRAME_UNEXPECTED),
    "data-behind-the-trailers": (
        on_request(frame(HEADERS, get_section(POST)) + frame(HEADERS, b"\0\0") + frame(DATA, b"x")), H3_FRAME_UNEXPECTED),
    "header-behind-the-trailers": (
        on_request(frame(HEADERS, get_section(POST)) + frame(HEADERS, b"\0\0") * 2), H3_FRAME_UNEXPECTED),
    "max-push-id-of-no-bytes": (on_control(frame(MAX_PUSH_ID)), H3_FRAME_ERROR),
    "goaway-that-grows": (on_control(frame(GOAWAY, number(4)) + frame(GOAWAY, number(8))), H3_ID_ERROR),
    "goaway-of-no-bytes": (on_control(frame(GOAWAY)), H3_FRAME_ERROR),
    "second-control-stream": ({FIRST_FREE_ONE_WAY_STREAM: number(0) + frame(SETTINGS)}, H3_STREAM_CREATION_ERROR),
    "second-encoder-stream": ({FIRST_FREE_ONE_WAY_STREAM: number(2)}, H3_STREAM_CREATION_ERROR),
    "second-decoder-stream": ({FIRST_FREE_ONE_WAY_STREAM: number(3)}, H3_STREAM_CREATION_ERROR),
    "push-stream-of-a-client": ({FIRST_FREE_ONE_WAY_STREAM: number(1) + number(0)}, H3_STREAM_CREATION_ERROR),
    "header-that-qpack-cannot-read": (on_request(frame(HEADERS, b"\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")),
                                      QPACK_DECOMPRESSION_FAILED),
    "header-with-an-unknown-static-index": (on_request(frame(HEADERS, b"\0\0\xff\x64")), QPACK_DECOMPRESSION_FAILED),
    "header-that-ends-within-a-field": (on_request(frame(HEADERS, b"\0\0\xd1\x50\x20abc")), QPACK_DECOMPRESSION_FAILED),
    "header-of-a-dynamic-field-that-is-not": (on_request(frame(HEADERS, b"\0\0\x80")), QPACK_DECOMPRESSION_FAILED),
    "table-larger-than-allowed": ({ENCODER_STREAM: b"\x3f\xe1\xff\xff\x7f"}, QPACK_ENCODER_STREAM_ERROR),
    "insertion-by-an-unknown-static-index": ({ENCODER_STREAM: b"\x3f\xe1\x01" + b"\xff\x64\x01x"},
                                             QPACK_ENCODER_STREAM_ERROR),
    "duplicate-of-nothing": ({ENCODER_STREAM: b"\x05"}, QPACK_ENCODER_STREAM_ERROR),
    "increment-of-nothing": ({DECODER_STREAM: b"\0"}, QPACK_DECODER_STREAM_ERROR),
    "increment-beyond-what-was-inserted": ({DECODER_STREAM: b"\x3e"}, QPACK_DECODER_STREAM_ERROR),
    "acknowledgement-of-no-section": ({DECODER_STREAM: b"\x80"}, QPACK_DECODER_STREAM_ERROR),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_frame_ends_the_connection_with_its_error(client, name):
    writes, code = BROKEN[name]
    for stream, data in writes.items():
        client.send(stream, data)
    end = client.wait_for_end()
    assert (end.side, end.application) == ("server", True)
    # RFC 9114 8: an endpoint may use H3_GENERAL_PROTOCOL_ERROR in place of a more specific code.
    assert end.code in (code, H3_GENERAL_PROTOCOL_ERROR), f"{end.code:#x} instead of {code:#x}"


PUSH_FRAMES = {
    "max-push-id-that-shrinks": frame(MAX_PUSH_ID, number(5)) + frame(MAX_PUSH_ID, number(4)),
    "cancel-push-of-what-was-never-pushed": frame(CANCEL_PUSH, number(3)),
}


@pytest.mark.parametrize("name", PUSH_FRAMES)
def test_nonsense_about_pushes_ends_the_connection(client, name):
    client.send(CONTROL_STREAM, PUSH_FRAMES[name])
    # RFC 9114 7.2.3 and 7.2.7 want H3_ID_ERROR; a server that never pushes may know less of it.
    assert client.wait_for_end().code in (H3_ID_ERROR, H3_FRAME_ERROR, H3_FRAME_UNEXPECTED)


BROKEN_SETTINGS = {
    "that-http-2-had": (b"\2\1", H3_SETTINGS_ERROR),
    "for-streams-of-http-2": (b"\3\x10", H3_SETTINGS_ERROR),
    "for-windows-of-http-2": (b"\4\x10", H3_SETTINGS_ERROR),
    "for-frames-of-http-2": (b"\5\x10", H3_SETTINGS_ERROR),
    "that-end-within-a-value": (b"\6", H3_FRAME_ERROR),
    "datagrams-of-two": (b"\x33\2", H3_SETTINGS_ERROR),
}


@pytest.mark.parametrize("name", BROKEN_SETTINGS)
def test_settings_that_may_not_be_end_the_connection(bare, name):
    payload, code = BROKEN_SETTINGS[name]
    bare.send(CONTROL_STREAM, number(0) + frame(SETTINGS, payload))
    end = bare.wait_for_end()
    assert end.code in (code, H3_GENERAL_PROTOCOL_ERROR), f"{end.code:#x} instead of {code:#x}"


@pytest.mark.parametrize("first", [frame(DATA, b"x"), frame(GOAWAY, number(0)), frame(MAX_PUSH_ID, number(1)), frame(0x21)],
                         ids=["data", "goaway", "max-push-id", "reserved"])
def test_control_stream_that_does_not_begin_with_settings_ends_the_connection(bare, first):
    bare.send(CONTROL_STREAM, number(0) + first)
    assert bare.wait_for_end().code == H3_MISSING_SETTINGS


@pytest.mark.parametrize("stream", [CONTROL_STREAM, ENCODER_STREAM, DECODER_STREAM])
@pytest.mark.parametrize("how", ["end", "reset"])
def test_critical_streams_may_not_be_closed(client, stream, how):
    client.ping()
    if how == "end":
        client.send(stream, b"", end=True)
    else:
        client.reset(stream)
    assert client.wait_for_end().code == H3_CLOSED_CRITICAL_STREAM


def test_stream_that_ends_within_a_frame_is_an_error(client):
    client.start_raw(frame(HEADERS, get_section())[:-3])
    # RFC 9114 7.1: "… MUST be treated as a connection error of type H3_FRAME_ERROR."
    try:
        outcome = client.outcome(0)
    except Closed as closed:
        assert closed.code == H3_FRAME_ERROR
    else:
        assert outcome in (("reset", H3_FRAME_ERROR), ("reset", H3_REQUEST_INCOMPLETE)), outcome


def test_datagram_of_http_3_that_nobody_asked_for_harms_nobody(client):
    if client.facts()["datagram_bytes_max"]:
        client.do("datagram", data=encoded(number(0) + b"for a request that is not"))
        assert still_serves(client)


# Floods: each yields pieces of what is too much; the client stops at 100 of them.

def rapid_reset(client):
    """Requests that are cancelled with the packet that brings them, as many as the server allows at once."""
    first = 0
    section = frame(HEADERS, get_section())
    for _ in range(100):
        allowed = client.facts()["streams_max"]
        payloads = []
        for n in range(first, min(allowed, first + 100)):
            stream = number(4 * n)
            request = b"\x0a" + stream + number(len(section)) + section
            payloads.append(request + b"\x04" + stream + number(H3_REQUEST_CANCELLED) + number(len(section)))
        streams = [4 * n for n in range(first, first + len(payloads))]
        first += len(payloads)
        yield lambda: client.frames(*payloads, streams=streams)


def unknown_frames(client):
    for _ in range(100):
        yield lambda: client.send(CONTROL_STREAM, frame(0x21) * 500)


def priority_updates(client):
    client.start("POST", "/", end=False)
    for _ in range(100):
        yield lambda: client.send(CONTROL_STREAM, frame(PRIORITY_UPDATE, number(0) + b"u=5") * 200)


def empty_data(client):
    """Also when the server has asked for an end of it."""
    request = frame(HEADERS, get_section(POST))
    client.frames(b"\x0e" + number(0) + number(0) + number(len(request)) + request, streams=[0])
    for n in range(100):
        pieces = [len(request) + 2000 * n + at for at in (0, 1000)]
        yield lambda: client.frames(*(b"\x0e" + number(0) + number(at) + number(1000) + frame(DATA) * 500 for at in pieces))


def table_churn(client):
    """The QPACK table's size set again and again."""
    for _ in range(100):
        yield lambda: client.send(ENCODER_STREAM, b"\x20" * 2000)


def endless_header(client):
    stream = client.start_raw(number(HEADERS) + number(1 << 30) + b"\0\0", end=False)
    for _ in range(100):
        yield lambda: client.send(stream, literal(b"x-endless", b"v" * 100) * 100)


def endless_settings(bare):
    bare.send(CONTROL_STREAM, number(0) + number(SETTINGS) + number(1 << 30))
    for n in range(100):
        yield lambda: bare.send(CONTROL_STREAM, (number(0x21 + 0x1F * n) + number(n)) * 3000)


FLOODS = [rapid_reset, unknown_frames, priority_updates, empty_data, endless_header, table_churn]


def run_flood(client, flood):
    """How the connection ended; None when the server has taken it all."""
    try:
        for piece in flood(client):
            piece()
            client.ping()
    except Closed as closed:
        return closed
    return None


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_flood_ends_soon_while_others_are_served(site, client, flood):
    memory = site.memory_kb()
    end = run_flood(client, flood)
    with Http3Client(site) as other:
        assert still_serves(other)
    with Http2Client(site) as other:
        assert other.request("GET", "/").status == 200
    assert site.memory_kb() - memory < 50_000
    # The last two cost the server nothing that it would not pay for any packet.
    assert end or flood in (empty_data, table_churn), "the server has taken the whole flood"


@pytest.mark.parametrize("flood", [rapid_reset, unknown_frames, priority_updates],
                         ids=lambda flood: flood.__name__)
def test_flood_is_told_why_it_ends(site, client, flood):
    before = len(site.audit("protocol_violation"))
    end = run_flood(client, flood)
    assert end and end.code == H3_EXCESSIVE_LOAD
    wait_until(lambda: len(site.audit("protocol_violation")) > before, "the reason in the audit log")


def test_settings_without_end_are_not_kept(site, bare):
    memory = site.memory_kb()
    run_flood(bare, endless_settings)
    assert site.memory_kb() - memory < 20_000


class TestRecords:
    def test_access_log_names_protocol_and_connection(self, start):
        server = start("site localhost {\n respond 200 hello\n}\n")
        with Http3Client(server) as client:
            assert client.request("GET", "/a").status == 200
            port = client.facts_of_handshake["port"]
        line = server.wait_for_access(lambda r: r["path"] == "/a")[0]
        assert (line["protocol"], line["status"], line["client_port"]) == ("HTTP/3", 200, port)
        assert line["tls"]["version"] == "TLSv1.3"
        assert line["quic"]["version"] == 1
        assert line["quic"]["rtt_us"] > 0
        assert (line["quic"]["packets_lost"], line["quic"]["migrations"], line["quic"]["early_data"]) == (0, 0, False)

    def test_metrics_count_requests_and_connections(self, start):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = start("site localhost {\n respond 200 hello\n}\n", settings=f"metrics 127.0.0.1:{port}")
        with Http3Client(server) as client:
            for _ in range(5):
                client.request("GET", "/")
        server.wait_for_access(lambda r: True, count=5)

        def metrics():
            with Connection(port, None) as connection:
                connection.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return connection.read_response().body.decode()

        found = [line for line in metrics().splitlines() if line.startswith("gate443_requests_total") and "HTTP/3" in line]
        assert found and found[0].endswith(" 5"), metrics()
        assert re.search(r'gate443_connections_accepted_total \d', metrics())

    def test_qlog_is_written(self, start, tmp_path):
        folder = tmp_path / "qlog"
        server = start("site localhost {\n respond 200 hello\n}\n", settings=f'qlog "{folder}"')
        with Http3Client(server) as client:
            client.request("GET", "/")
        line = server.wait_for_access(lambda r: True)[0]
        server.stop()
        log = folder / f"{line['connection']}.sqlog"
        assert log.exists(), list(folder.iterdir())
        assert "packet_sent" in log.read_text(errors="replace")
