"""QUIC from outside: versions, addresses, keys, and packets that are forged, cut, repeated or too many (RFC 9000, 9001,
9002, 9369)."""

import hashlib
import json
import os
import socket
import struct
import time

import pytest

from support.hand_over import runs, successor_of
from support.http3 import *  # noqa: F403: the names of RFC 9000
from support.http3 import Closed, Http3Client, first_flights, number
from support.server import Server, run_command
from support.wait import PATIENCE, wait_until
from support.wires import Http2Wire

LARGE = bytes(range(256)) * 16_384  # 4 MiB
SITE = "site localhost {\n files /large.bin ../www\n respond 200 here\n}\n"
UNKNOWN_VERSION = 0x1A2A3A4A


def make_large(folder):
    (folder / "www").mkdir()
    (folder / "www" / "large.bin").write_bytes(LARGE)


def make_server(folder, **options):
    make_large(folder)
    return Server(folder / "server", SITE, **options)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with make_server(tmp_path_factory.mktemp("quic")) as server:
        yield server


@pytest.fixture
def client(site):
    with Http3Client(site) as client:
        yield client


@pytest.fixture
def udp(site):
    """A socket that knows nothing of QUIC."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", site.https))
        sock.settimeout(PATIENCE / 4)
        yield sock


def still_serves(client):
    return client.request("GET", "/").body == b"here"


def has_large(client, stream):
    return hashlib.sha256(client.finish(stream).body).digest() == hashlib.sha256(LARGE).digest()


def passed_on(server):
    """How many datagrams came to another worker, and to another process, than their connection's."""
    quic = json.loads(run_command("status", "--json", "--state", server.state).stdout)["quic"]
    return quic["passed_to_workers"], quic["passed_to_processes"]


def held(site, **options):
    """A client in the middle of a download, which goes on once it is no longer told to hold."""
    client = Http3Client(site, window=500_000, hold=True, **options)
    stream = client.start("GET", "/large.bin")
    while stream not in client.responses or len(client.responses[stream].body) < 450_000:
        client.step()
    return client, stream


def long_header(version, destination=b"12345678", source=b"abcdefgh", size=1200, first=0xC0):
    head = bytes([first]) + struct.pack(">I", version)
    head += bytes([len(destination)]) + destination + bytes([len(source)]) + source
    return head + os.urandom(size - len(head))


class TestVersions:
    def test_unknown_version_is_told_the_known_ones(self, udp):
        udp.send(long_header(UNKNOWN_VERSION))
        answer = udp.recv(2000)
        assert answer[0] & 0x80 and answer[1:5] == bytes(4)
        # RFC 9000 17.2.1: the ids change places.
        assert answer[5:23] == b"\x08abcdefgh" + b"\x08" + b"12345678"
        versions = struct.unpack(f">{(len(answer) - 23) // 4}I", answer[23:])
        assert {VERSION_1, VERSION_2} <= set(versions)
        assert len(answer) <= 1200

    def test_ids_of_unknown_versions_may_be_longer(self, udp):
        udp.send(long_header(UNKNOWN_VERSION, b"d" * 60, b"s" * 200))
        assert udp.recv(2000)[5:].startswith(b"\xc8" + b"s" * 200 + b"\x3c" + b"d" * 60)

    @pytest.mark.parametrize("datagram", [long_header(UNKNOWN_VERSION, size=1199), long_header(0)],
                             ids=["too-small", "itself-a-negotiation"])
    def test_no_versions_for_what_is_no_try(self, udp, datagram):
        udp.send(datagram)
        udp.send(long_header(UNKNOWN_VERSION, source=b"marker12"))
        assert b"marker12" in udp.recv(2000)

    def test_client_negotiates(self, site):
        with Http3Client(site, versions=[UNKNOWN_VERSION, VERSION_1]) as client:
            assert client.facts_of_handshake["negotiated"]
            assert still_serves(client)

    def test_version_2(self, site):
        with Http3Client(site, versions=[VERSION_2]) as client:
            assert still_serves(client)
            assert client.facts()["version"] == VERSION_2
            port = client.facts_of_handshake["port"]
        assert site.wait_for_access(lambda r: r["client_port"] == port)[0]["quic"]["version"] == 2

    def test_version_1_alone(self, site):
        with Http3Client(site, versions=[VERSION_1]) as client:
            assert still_serves(client)
            assert client.facts()["version"] == VERSION_1


class TestHandshake:
    def test_hello_of_several_packets(self, site):
        with Http3Client(site, long_hello=True) as client:
            assert still_serves(client)

    def test_second_visit_resumes(self, site):
        with Http3Client(site) as first:
            assert still_serves(first)
            first.ping()
            with Http3Client(site, resume=first) as second:
                assert second.facts_of_handshake["resumed"]
                assert still_serves(second)

    def test_early_data_is_not_taken_unless_allowed(self, site):
        with Http3Client(site) as first:
            assert still_serves(first)
            first.ping()
            with Http3Client(site, resume=first, early=[({"path": "/"}, True)], wait=False) as second:
                assert second.finish(0).body == b"here"
                assert not second.facts_of_handshake["early_data"]

    def test_client_that_gives_up_is_no_trouble(self, site):
        with Http3Client(site) as client:
            client.close(H3_INTERNAL_ERROR, "enough")
        with Http3Client(site) as client:
            assert still_serves(client)

    def test_untrusted_certificate_ends_in_the_audit_log(self, site, tmp_path):
        class Distrustful:
            https, state = site.https, tmp_path

        before = len(site.audit("handshake_failed"))
        with pytest.raises(Closed) as refused:
            Http3Client(Distrustful)
        assert refused.value.side == "client"
        wait_until(lambda: len(site.audit("handshake_failed")) > before, "the failure in the audit log")


class TestMoves:
    @pytest.mark.parametrize("fresh_id", [True, False], ids=["migration", "rebinding"])
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
    def test_download_goes_on_from_another_port_or_address(self, site, fresh_id, address):
        client, stream = held(site)
        with client:
            port = client.rebind(fresh_id, address)
            client.behave(hold=False)
            assert has_large(client, stream)
            assert client.facts()["frames"][0x1A] >= 1, "RFC 9000 9.3: the new path must be validated"
            assert still_serves(client)
        line = site.wait_for_access(lambda r: r["client_port"] == port and r["client"] == address)[0]
        assert line["quic"]["migrations"] >= 1

    def test_client_that_moves_again_and_again(self, site):
        client, stream = held(site)
        with client:
            for _ in range(5):
                client.rebind(True)
                client.ping()
            client.behave(hold=False)
            assert has_large(client, stream)

    def test_moving_clients_reach_their_worker(self, site):
        """The kernel takes them there; no worker passes them on."""
        before = passed_on(site)
        opened = [Http3Client(site) for _ in range(16)]
        for client in opened:
            client.rebind(True)
        for client in opened:
            assert still_serves(client)
            client.rebind(False)
        for client in opened:
            assert still_serves(client)
            client.close()
        assert passed_on(site) == before

    def test_id_is_not_used_on_two_paths(self, client):
        """RFC 9000 9.5, as far as a client sees it: the server has given spare ids, and asks for their return."""
        assert client.facts()["spare_ids"] >= 1
        before = client.facts()["connection_id"]
        client.rebind(True)
        assert still_serves(client)
        assert client.facts()["connection_id"] != before

    def test_new_path_gets_no_data_until_it_is_validated(self, site):
        client, stream = held(site)
        with client:
            # It goes deaf before it moves, so that the server's question is never answered.
            client.behave(deaf=True)
            client.rebind(True)
            before = client.facts()["bytes_received"]
            client.behave(hold=False)
            client.do("ping", uid=2)
            wait_until(lambda: client.facts()["bytes_received"] > before, "the question")
            client.behave(mute=True)
            began = time.monotonic()
            wait_until(lambda: time.monotonic() - began > 1, "a second")
            # A few packets of a few bytes ask for the address; the download is a thousand times that.
            assert client.facts()["bytes_received"] - before < 1200
            client.behave(mute=False)


class TestKeys:
    def test_client_may_renew_the_keys(self, client):
        phases = set()
        for _ in range(4):
            client.update_keys()
            assert still_serves(client)
            client.ping()
            phases.add(client.facts()["key_phase"])
        assert phases == {0, 1}

    def test_keys_are_renewed_within_a_download(self, site):
        client, stream = held(site)
        with client:
            client.update_keys()
            client.behave(hold=False)
            assert has_large(client, stream)


class TestForgeries:
    def test_garbage_is_answered_by_less_or_nothing(self, site, client, udp):
        memory = site.memory_kb()
        sent = 0
        for n in range(3000):
            data = os.urandom(1 + n % 1400)
            sent += len(data)
            udp.send(data)
        assert received_by(udp) <= sent
        assert still_serves(client)
        assert site.memory_kb() - memory < 10_000

    @pytest.mark.parametrize("first", [0xC0, 0xD0, 0xE0, 0xF0], ids=["initial", "early", "handshake", "retry"])
    def test_forged_long_headers_are_dropped(self, site, client, udp, first):
        for _ in range(500):
            udp.send(long_header(VERSION_1, os.urandom(8), os.urandom(8), first=first))
        # In a flood the server asks for proof of the address before it looks into a first packet.
        assert all(is_retry(each) for each in datagrams_of(udp))
        assert still_serves(client)

    @pytest.mark.parametrize("length", [0, 7, 21, 255])
    def test_initials_whose_id_has_a_wrong_length_are_dropped(self, udp, client, length):
        """RFC 9000 7.2 and 17.2: 8 to 20 bytes."""
        udp.send(long_header(VERSION_1, b"x" * length))
        assert received_by(udp) == 0
        assert still_serves(client)

    def test_small_initial_is_dropped(self, site, udp):
        """RFC 9000 14.1: datagrams with an Initial have 1200 bytes."""
        [[flight]] = first_flights(site, 1)
        udp.send(flight[:1199])
        assert received_by(udp) == 0
        udp.send(flight)
        udp.settimeout(PATIENCE)
        assert udp.recv(65536)

    def test_cut_packets_are_dropped(self, site, client, udp):
        [[flight]] = first_flights(site, 1)
        for size in range(1, 1200, 7):
            udp.send(flight[:size])
        assert received_by(udp) == 0
        assert still_serves(client)

    def test_flipped_bits_are_dropped(self, site, client, udp):
        [[flight]] = first_flights(site, 1)
        # What is behind the packet itself is padding.
        for at in range(30, 300):
            udp.send(flight[:at] + bytes([flight[at] ^ 0x10]) + flight[at + 1 :])
        assert all(is_retry(each) for each in datagrams_of(udp))
        assert still_serves(client)

    def test_repeated_packets_change_nothing(self, site):
        client = Http3Client(site, wait=False)
        with client:
            client.behave(recording=True)
            client.wait_for("connected")
            for n in range(10):
                assert client.request("GET", f"/?replayed{n}").status == 200
            recorded = client.recorded()
            client.behave(recording=False)
            client.put(*recorded, *reversed(recorded))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.connect(("127.0.0.1", site.https))
                for each in recorded:
                    other.send(each)
                assert still_serves(client)
                assert client.facts()["frames"].get(0x1A, 0) == 0, "a replay from elsewhere was taken for a move"
        lines = site.wait_for_access(lambda r: r.get("query", "").startswith("replayed"), count=10)
        assert sorted(line["query"] for line in lines) == sorted(f"replayed{n}" for n in range(10))

    def test_changed_packets_of_a_connection_are_dropped(self, site, client):
        client.behave(recording=True)
        assert still_serves(client)
        forged = [each[:-1] + bytes([each[-1] ^ 1]) for each in client.recorded()]
        client.put(*forged * 20)
        assert still_serves(client)


def datagrams_of(sock, quiet=0.3):
    """What comes until it is quiet."""
    datagrams = []
    sock.settimeout(quiet)
    try:
        while True:
            datagrams.append(sock.recv(65536))
    except (TimeoutError, ConnectionError):
        return datagrams


def received_by(sock, quiet=0.3):
    return sum(map(len, datagrams_of(sock, quiet)))


def is_retry(datagram):
    return datagram[0] & 0xF0 == 0xF0 and datagram[1:5] == struct.pack(">I", VERSION_1)


def note_retries(sockets, asked):
    """Adds those to `asked` that have got a Retry since the last call."""
    asked.update(each for each in sockets if any(map(is_retry, datagrams_of(each, 0.001))))
    return asked


class TestSpoofedAddresses:
    def test_address_that_never_answers_gets_three_times_its_bytes(self, tmp_path):
        with make_server(tmp_path, settings="limits {\n handshake-timeout 2s\n}") as server:
            [flight] = first_flights(server, 1)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
                victim.connect(("127.0.0.1", server.https))
                for each in flight:
                    victim.send(each)
                assert server.wait_for_audit("handshake_failed")
                assert 0 < received_by(victim) <= 3 * sum(map(len, flight))

    def test_flood_from_many_ports_has_to_show_its_address(self, tmp_path):
        with make_server(tmp_path) as server, Http3Client(server) as established:
            flights = [flight for [flight] in first_flights(server, 400)]
            memory = server.memory_kb()
            victims = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in flights]
            for at, (victim, flight) in enumerate(zip(victims, flights)):
                victim.sendto(flight, ("127.0.0.1", server.https))
                if at % 20 == 0:
                    assert still_serves(established)
            with Http3Client(server) as honest:
                assert honest.facts_of_handshake["retried"]
                assert still_serves(honest)
            assert server.memory_kb() - memory < 50_000
            asked = set()
            wait_until(lambda: len(note_retries(victims, asked)) > 50, "many that are asked for their address")
            for victim in victims:
                victim.close()

    def test_made_up_tokens_are_refused(self, site, udp):
        """RFC 9000 8.1.3 and 17.2.2: a token that shows nothing counts as none."""
        [[flight]] = first_flights(site, 1)
        token_at = 5 + 1 + flight[5] + 1 + flight[6 + flight[5]]
        assert flight[token_at] == 0, "the client has no token"
        forged = flight[:token_at] + b"\x10" + os.urandom(16) + flight[token_at + 1 :]
        udp.send(forged[:1200])
        assert received_by(udp) < 1200


class TestReset:
    def test_client_of_a_killed_server_is_told(self, start, tmp_path):
        make_large(tmp_path)
        server = start(SITE)
        port = server.https
        server.settings = f"https 127.0.0.1:{port}"
        server.write_configuration(SITE)
        with Http3Client(server) as client:
            assert still_serves(client)
            client.rebind(True)
            client.ping()
            server.kill()
            server.start()
            client.start("GET", "/")
            assert client.wait_for_end().side == "reset"
            with Http3Client(server) as fresh:
                assert still_serves(fresh)

    def test_reset_is_shorter_than_its_cause_and_can_end_no_loop(self, udp):
        """RFC 9000 10.3.3"""
        for size in (1200, 100, 44):
            udp.send(bytes([0x40]) + os.urandom(size - 1))
            try:
                assert len(udp.recv(2000)) < size
            except TimeoutError:
                pass
        udp.send(bytes([0x40]) + os.urandom(20))
        assert received_by(udp) == 0


def acked(largest, delay=0, first=0):
    return b"\x02" + number(largest) + number(delay) + number(0) + number(first)


def new_id(sequence, retire=0, identity=b"12345678"):
    return b"\x18" + number(sequence) + number(retire) + bytes([len(identity)]) + identity + b"t" * 16


def stream_frame(stream, offset, data=b"x", end=False):
    return bytes([0x0E | end]) + number(stream) + number(offset) + number(len(data)) + data


# Frames of a 1-RTT packet that end the connection with this error (RFC 9000 20.1).
BROKEN = {
    "handshake-done-of-a-client": (b"\x1e", PROTOCOL_VIOLATION),
    "new-token-of-a-client": (b"\x07\x04abcd", PROTOCOL_VIOLATION),
    "unknown-frame": (b"\x3f", FRAME_ENCODING_ERROR),
    "frame-cut-short": (b"\x01" * 20 + b"\x08", FRAME_ENCODING_ERROR),
    "stream-number-beyond-the-limit": (stream_frame(4 * 1_000_000, 0), STREAM_LIMIT_ERROR),
    "one-way-stream-beyond-the-limit": (stream_frame(4 * 1_000_000 + 2, 0), STREAM_LIMIT_ERROR),
    "data-on-a-stream-that-is-the-servers": (stream_frame(3, 0), STREAM_STATE_ERROR),
    "data-on-a-stream-that-the-server-has-not-opened": (stream_frame(1, 0), STREAM_STATE_ERROR),
    "reset-of-a-stream-that-is-the-servers": (b"\x04" + number(3) + number(0) + number(0), STREAM_STATE_ERROR),
    "stop-of-a-stream-that-only-the-client-sends-on": (b"\x05" + number(2) + number(0), STREAM_STATE_ERROR),
    "window-for-a-stream-that-only-the-client-sends-on": (b"\x11" + number(2) + number(9), STREAM_STATE_ERROR),
    "data-beyond-the-window": (stream_frame(400, 1 << 40), FLOW_CONTROL_ERROR),
    "data-beyond-any-offset": (stream_frame(400, (1 << 62) - 1), (FRAME_ENCODING_ERROR, FLOW_CONTROL_ERROR)),
    "data-behind-the-end": (stream_frame(14, 2, b"c", True) + stream_frame(14, 3), FINAL_SIZE_ERROR),
    "two-ends": (stream_frame(14, 2, b"c", True) + stream_frame(14, 1, b"b", True), FINAL_SIZE_ERROR),
    "reset-before-what-was-sent": (stream_frame(14, 0, b"!bc") + b"\x04" + number(14) + number(0) + number(1),
                                   FINAL_SIZE_ERROR),
    "more-streams-than-there-can-be": (b"\x12" + number((1 << 60) + 1), FRAME_ENCODING_ERROR),
    "acknowledgement-of-what-was-not-sent": (acked(1_000_000), PROTOCOL_VIOLATION),
    "acknowledgement-below-zero": (acked(3, first=10), FRAME_ENCODING_ERROR),
    "id-that-retires-itself": (new_id(5, retire=6), FRAME_ENCODING_ERROR),
    "id-of-no-bytes": (new_id(5, identity=b""), FRAME_ENCODING_ERROR),
    "id-of-21-bytes": (new_id(5, identity=b"x" * 21), FRAME_ENCODING_ERROR),
    "two-ids-of-one-number": (new_id(20, 20) + new_id(20, 20, b"87654321"), PROTOCOL_VIOLATION),
    "more-ids-than-allowed": (b"".join(new_id(n, 0, struct.pack(">Q", n)) for n in range(20, 40)),
                              CONNECTION_ID_LIMIT_ERROR),
    "return-of-an-id-that-was-not-given": (b"\x19" + number(999), PROTOCOL_VIOLATION),
    "handshake-data-far-ahead": (b"\x06" + number(1 << 20) + number(1) + b"x", CRYPTO_BUFFER_EXCEEDED),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_frame_ends_the_connection_with_its_error(client, name):
    payload, codes = BROKEN[name]
    client.ping()
    client.frames(payload)
    end = client.wait_for_end()
    assert (end.side, end.application) == ("server", False)
    # RFC 9000 11: PROTOCOL_VIOLATION may stand for a more specific code.
    assert end.code in (*(codes if isinstance(codes, tuple) else (codes,)), PROTOCOL_VIOLATION), hex(end.code)


def pings(client, _):
    return [b"\x01"] * 200


def path_challenges(client, n):
    return [b"\x1a" + os.urandom(8) for _ in range(200)]


def id_changes(client, n):
    """Each new id retires the one before, which the server has to confirm."""
    first = 100 + 50 * n
    return [new_id(each, each, struct.pack(">Q", each)) for each in range(first, first + 50)]


def id_returns(client, n):
    """Each id that the server gives comes back at once."""
    return [b"\x19" + number(n + 1)]


def stream_windows(client, n):
    return [b"".join(b"\x11" + number(0) + number((1 << 30) + 200 * n + each) for each in range(100))] * 20


def tiny_pieces(client, n):
    """Bytes of a body with a gap before each, which have to be kept apart."""
    return [b"".join(stream_frame(0, 2 + 2 * (1000 * n + 50 * packet + each)) for each in range(50)) for packet in range(20)]


def handshake_pieces(client, n):
    return [b"\x06" + number(2 + 2 * (20 * n + each)) + number(1) + b"x" for each in range(20)]


FLOODS = [pings, path_challenges, id_changes, id_returns, stream_windows, tiny_pieces, handshake_pieces]


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_flood_costs_no_memory_and_nobody_elses_time(site, client, flood):
    """Ended or taken, as the server likes: RFC 9000 21 leaves it open."""
    memory = site.memory_kb()
    client.start("POST", "/", end=False)
    with Http3Client(site) as other:
        try:
            for n in range(50):
                client.frames(*flood(client, n))
                client.facts()
                began = time.monotonic()
                assert still_serves(other)
                assert time.monotonic() - began < PATIENCE / 10
        except Closed:
            pass
        assert still_serves(other)
    assert site.memory_kb() - memory < 20_000


class TestSilence:
    LIMITS = ("limits {\n handshake-timeout 500ms\n header-timeout 500ms\n idle-timeout 800ms\n stall-timeout 500ms\n"
              " body-rate 10KB\n body-grace 400ms\n}")

    @pytest.fixture(scope="class")
    def hasty(self, tmp_path_factory):
        with make_server(tmp_path_factory.mktemp("hasty"), settings=self.LIMITS) as server:
            yield server

    def record_of(self, server, client):
        port = client.facts_of_handshake["port"]
        return server.wait_for_access(lambda r: r["client_port"] == port)[0]

    def test_client_that_never_acknowledges_is_ended(self, hasty):
        with Http3Client(hasty, window=1 << 24, connection_window=1 << 24) as client:
            client.start("GET", "/large.bin")
            client.wait_for("head")
            client.behave(mute=True, deaf=True)
            line = self.record_of(hasty, client)
            assert line["outcome"] != "complete"

    def test_client_that_never_opens_its_window_is_ended(self, hasty):
        with Http3Client(hasty, window=10_000, hold=True) as client:
            client.start("GET", "/large.bin")
            assert self.record_of(hasty, client)["outcome"] != "complete"

    def test_client_that_vanishes_is_forgotten(self, hasty):
        client = Http3Client(hasty)
        assert still_serves(client)
        client.drop()

        def connections():
            return json.loads(run_command("status", "--json", "--state", hasty.state).stdout)["connections"]["open"]

        wait_until(lambda: connections() == 0, "the end of the connection")

    def test_idle_connection_ends_in_peace(self, hasty):
        with Http3Client(hasty) as client:
            assert still_serves(client)
            end = client.wait_for_end()
            assert end.side == "timeout" or (end.side, end.code) in (("server", H3_NO_ERROR), ("server", 0))

    def test_slow_header_is_refused(self, hasty):
        with Http3Client(hasty) as client:
            stream = client.start_raw(b"\x01\x20\0\0", end=False)
            outcome = self.outcome_or_end(client, stream)
            assert outcome == 408 or isinstance(outcome, (tuple, Closed))

    def test_slow_body_is_refused(self, hasty):
        with Http3Client(hasty) as client:
            stream = client.start("POST", "/", end=False)
            outcome = self.outcome_or_end(client, stream)
            assert outcome == 408 or isinstance(outcome, (tuple, Closed)) or outcome == 200

    def outcome_or_end(self, client, stream):
        try:
            return client.outcome(stream)
        except Closed as closed:
            return closed

    def test_silent_handshake_ends_in_the_audit_log(self, hasty):
        before = len(hasty.audit("handshake_failed"))
        [flight] = first_flights(hasty, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", hasty.https))
            sock.send(flight[0])
            wait_until(lambda: len(hasty.audit("handshake_failed")) > before, "the end of the handshake")


class TestStart:
    @pytest.fixture
    def taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as owner:
            owner.bind(("127.0.0.1", 0))
            yield owner.getsockname()[1]

    def test_udp_port_in_use_names_its_owner(self, tmp_path, taken):
        path = tmp_path / "refused.conf"
        path.write_text(f"state {tmp_path}/state\nhttps 127.0.0.1:{taken}\nhttp off\nsite localhost {{\n respond 200\n}}\n")
        done = run_command("run", path)
        assert done.returncode == 3
        assert f"{taken}/udp" in done.stderr
        assert f"pid {os.getpid()}" in done.stderr
        assert "fix:" in done.stderr

    def test_optional_http_3_starts_without_its_port(self, start, taken):
        server = start("site localhost {\n respond 200 here\n}\n", settings=f"https 127.0.0.1:{taken}\nhttp3 optional")
        wire = Http2Wire(server)
        answer = wire.request("GET", "/")
        wire.close()
        assert (answer.body, answer.get("alt-svc")) == (b"here", None)
        wait_until(lambda: str(taken) in str(server.audit()), "word of the port in the audit log")

    def test_address_that_is_off_needs_no_port(self, start, taken):
        start("site localhost {\n respond 200 here\n}\n", settings=f"https 127.0.0.1:{taken}\nhttp3 off 127.0.0.1:{taken}")


class TestEnd:
    def test_stop_says_goodbye_and_finishes_what_runs(self, start, tmp_path):
        make_large(tmp_path)
        server = start(SITE)
        client, stream = held(server)
        with client:
            server.signal(15)
            client.wait_for("goaway")
            assert client.goaway > stream
            late = client.start("GET", "/")
            client.behave(hold=False)
            assert has_large(client, stream)
            try:
                # RFC 9114 5.2: requests at or above the id of GOAWAY are not processed.
                if late >= client.goaway:
                    assert client.outcome(late) == ("reset", H3_REQUEST_REJECTED)
                end = client.wait_for_end()
            except Closed as closed:
                end = closed
            assert (end.side, end.code) == ("server", H3_NO_ERROR)
        assert server.wait() == 0

    def test_hundred_reloads_lose_no_request(self, tmp_path):
        text = SITE.replace("here", "%s")
        with make_server(tmp_path) as server:
            client, stream = held(server)
            with client, Http3Client(server) as other:
                for round in range(100):
                    asked = [other.start("GET", "/") for _ in range(4)]
                    event = server.reload(text % f"round-{round}")
                    assert event["event"] == "configuration_changed", event
                    assert all(other.finish(each).status == 200 for each in asked)
                    assert other.request("GET", "/").body == f"round-{round}".encode()
                    if round == 50:
                        client.behave(hold=False)
                assert has_large(client, stream)

    def test_new_process_loses_no_request(self, start, tmp_path):
        make_large(tmp_path)
        server = start(SITE)
        server.settings = f"https 127.0.0.1:{server.https}"
        server.write_configuration(SITE)
        client, stream = held(server)
        with client:
            served = 0
            fresh = None
            try:
                for round in range(60):
                    # A new one each time: before, while and after the processes change over.
                    with Http3Client(server) as short:
                        assert still_serves(short)
                    served += 1
                    if round == 20:
                        fresh = successor_of(server)
                client.behave(hold=False)
                assert has_large(client, stream)
                assert client.wait_for_end().code == H3_NO_ERROR
                assert server.wait() == 0
                with Http3Client(server) as last:
                    assert still_serves(last)
            finally:
                if fresh:
                    os.kill(fresh, 15)
                    wait_until(lambda: not runs(fresh), "the end of the new process")
            assert served == 60

    def test_client_that_moves_between_the_processes_is_found(self, start, tmp_path):
        make_large(tmp_path)
        server = start(SITE)
        server.settings = f"https 127.0.0.1:{server.https}"
        server.write_configuration(SITE)
        client, stream = held(server)
        fresh = None
        try:
            with client:
                fresh = successor_of(server)
                client.rebind(True)
                client.behave(hold=False)
                assert has_large(client, stream)
                to_workers, to_processes = passed_on(server)
                assert to_processes > 10
                assert to_workers == 0
            assert server.wait() == 0
        finally:
            if fresh:
                os.kill(fresh, 15)
                wait_until(lambda: not runs(fresh), "the end of the new process")
