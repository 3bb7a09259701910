"""TLS from outside, mostly with openssl's own client."""

import os
import re
import select
import socket
import ssl
import struct
import subprocess

import pytest

from support.certificates import Authority
from support.raw import Connection
from support.server import Server
from support.wait import PATIENCE


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder / "pki")
    ec = authority.issue("both.example")
    rsa = authority.issue("both.example", rsa=True)
    text = f"""
site localhost {{
  respond 200 here
}}
site both.example {{
  tls cert {ec.certificate} key {ec.key}
  tls cert {rsa.certificate} key {rsa.key}
  respond 200 both
}}
site new.localhost {{
  tls min 1.3
  http2 off
  respond 200 new
}}
"""
    with Server(folder / "server", text) as server:
        server.authority = authority
        yield server


def s_client(site, *arguments, name="localhost", send="", ca=None):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.https}", "-servername", name,
               "-CAfile", str(ca or site.authority_file), "-verify_return_error", *arguments]
    done = subprocess.run(command, input=send, capture_output=True, text=True, errors="replace", timeout=3 * PATIENCE)
    return done.returncode, done.stdout + done.stderr


def handshake(site, *arguments, **more):
    code, text = s_client(site, "-brief", *arguments, **more)
    facts = dict(re.findall(r"^([^:\n]+): (.*)$", text, re.M))
    return code, facts, text


@pytest.mark.parametrize("option, version", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_version_is_spoken_and_the_certificate_verifies(site, option, version):
    code, facts, text = handshake(site, option)
    assert code == 0, text
    assert facts["Protocol version"] == version
    assert facts["Verification"] == "OK"


@pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
def test_old_version_is_refused(site, option):
    # The system's policy would not let the client ask for it otherwise.
    code, _, text = handshake(site, option, "-cipher", "DEFAULT:@SECLEVEL=0")
    assert code != 0
    assert "protocol version" in text.lower(), text
    assert site.wait_for_audit("handshake_failed")


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
def test_suite_of_tls_1_3(site, suite):
    code, facts, text = handshake(site, "-tls1_3", "-ciphersuites", suite)
    assert (code, facts.get("Ciphersuite")) == (0, suite), text


@pytest.mark.parametrize("suite", [f"ECDHE-{kind}-{cipher}" for kind in ("ECDSA", "RSA") for cipher in (
    "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")])
def test_suite_of_tls_1_2_chooses_the_certificate_of_its_kind(site, suite):
    code, facts, text = handshake(site, "-tls1_2", "-cipher", suite, name="both.example", ca=site.authority.file)
    assert (code, facts.get("Ciphersuite")) == (0, suite), text


@pytest.mark.parametrize("suite", [
    "AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES128-CCM",
    "DHE-RSA-AES128-GCM-SHA256", "aNULL", "eNULL"])
def test_weak_suite_is_refused(site, suite):
    code, _, text = handshake(site, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", name="both.example",
                              ca=site.authority.file)
    assert code != 0, text
    assert "handshake failure" in text.lower() or "no cipher match" in text.lower(), text


@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_group(site, group, version):
    # RSA, because in TLS 1.2 the groups also say which ECDSA certificates a client takes (RFC 8422 5.1).
    code, facts, text = handshake(site, version, "-groups", group, "-sigalgs", "RSA-PSS+SHA256", name="both.example",
                                  ca=site.authority.file)
    assert code == 0, text
    key = {"X25519": "X25519", "P-256": "prime256v1", "P-384": "secp384r1"}[group]
    assert key in facts["Server Temp Key"], text


@pytest.mark.parametrize("group", ["P-521", "X448", "ffdhe2048"])
def test_other_group_is_refused(site, group):
    code, _, text = handshake(site, "-tls1_3", "-groups", group)
    assert code != 0
    assert "handshake failure" in text.lower(), text


def test_facts_of_the_handshake_are_told_truly(site):
    with Connection(site.https, site.trust()) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.read_response()
    record = site.wait_for_access(lambda r: r.get("tls"))[-1]
    # The system's OpenSSL is too old for ML-KEM.
    assert record["tls"]["group"] == "x25519"
    assert record["tls"]["version"] == "TLSv1.3"
    assert re.fullmatch(r"t13d\w{6}_[0-9a-f]{12}_[0-9a-f]{12}", record["tls"]["ja4"])


@pytest.mark.parametrize("offered, chosen", [
    ("h2,http/1.1", "h2"), ("http/1.1,h2", "h2"), ("http/1.1", "http/1.1"), ("spdy/3,http/1.1", "http/1.1")])
def test_alpn(site, offered, chosen):
    _, text = s_client(site, "-alpn", offered)
    assert f"ALPN protocol: {chosen}" in text


def test_alpn_without_a_common_protocol_is_refused(site):
    code, text = s_client(site, "-alpn", "spdy/3")
    assert code != 0
    assert "no application protocol" in text.lower()


def test_client_without_alpn_gets_http_1_1(site):
    context = site.trust()
    with socket.create_connection(("127.0.0.1", site.https), PATIENCE) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            assert connection.selected_alpn_protocol() is None
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_site_can_demand_tls_1_3_and_do_without_http_2(site):
    code, _, text = handshake(site, "-tls1_2", name="new.localhost")
    assert code != 0 and "protocol version" in text.lower()
    _, text = s_client(site, "-alpn", "h2,http/1.1", name="new.localhost")
    assert "ALPN protocol: http/1.1" in text


def test_neither_compression_nor_renegotiation(site):
    # "R" asks s_client to renegotiate.
    code, text = s_client(site, "-tls1_2", "-legacy_renegotiation", send="R\n")
    assert "Compression: NONE" in text
    assert re.search(r"no.renegotiation|unexpected.message|NO_RENEGOTIATION", text, re.I), text
    assert "Secure Renegotiation IS supported" in text


@pytest.mark.parametrize("wish", ["K", "k"], ids=["of-both-sides", "of-its-own"])
def test_client_may_renew_the_keys(site, wish):
    # "K" and "k" alone on a line tell s_client to renew keys.
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{site.https}", "-servername", "localhost",
                           "-tls1_3", "-msg"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        heard = b""

        def say(text, answer):
            nonlocal heard
            client.stdin.write(text)
            client.stdin.flush()
            while answer not in heard:
                assert select.select([client.stdout], [], [], PATIENCE)[0], heard
                heard += os.read(client.stdout.fileno(), 65536)
            heard = heard[heard.index(answer) + len(answer):]

        request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for _ in range(4):
            say(request, b"\r\nhere")
            say(wish.encode() + b"\n", b"KeyUpdate")
        say(request, b"<<< TLS 1.3, Handshake [length 0005], KeyUpdate" if wish == "K" else b"\r\nhere")
        client.stdin.close()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_session_is_resumed(site, tmp_path, version):
    session = tmp_path / "session"
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    # -ign_eof: wait for the ticket, which in TLS 1.3 comes behind the handshake.
    _, first = s_client(site, version, "-sess_out", str(session), "-ign_eof", send=request)
    assert session.exists(), first
    _, second = s_client(site, version, "-sess_in", str(session), "-ign_eof", send=request)
    assert "\nReused, " in second, second
    site.wait_for_access(lambda r: r.get("tls", {}).get("resumed"))


def test_one_ticket_a_handshake(site):
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    _, text = s_client(site, "-tls1_3", "-ign_eof", send=request)
    assert text.count("Post-Handshake New Session Ticket arrived") == 1, text


def test_ticket_of_one_site_is_not_a_way_into_another(site, tmp_path):
    session = tmp_path / "session"
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    s_client(site, "-tls1_3", "-sess_out", str(session), "-ign_eof", send=request)
    _, text = s_client(site, "-tls1_3", "-sess_in", str(session), "-ign_eof", name="both.example",
                       ca=site.authority.file, send=request.replace("localhost", "both.example"))
    # Either a full handshake with the other certificate, or the same session for a site of equal policy.
    assert "HTTP/1.1 200" in text, text
    assert text.rstrip().endswith("both") or "\r\n\r\nboth" in text or "\n\nboth" in text, text


def test_early_data_is_not_accepted(site, tmp_path):
    session = tmp_path / "session"
    early = tmp_path / "early"
    early.write_text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    s_client(site, "-tls1_3", "-sess_out", str(session), "-ign_eof", send=request)
    _, text = s_client(site, "-tls1_3", "-sess_in", str(session), "-early_data", str(early), "-ign_eof", send=request)
    assert "Early data was accepted" not in text


def client_hello(site):
    """The bytes of a real ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = site.trust().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def answer(site, data, end=True):
    """All that comes back for these bytes."""
    with Connection(site.https) as connection:
        try:
            connection.send(data)
            if end:
                connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return connection.receive_all()


def alert_in(data):
    """The description of the first alert that is sent in clear; None when there is none."""
    while len(data) >= 5:
        kind, _, length = struct.unpack(">BHH", data[:5])
        if kind == 21 and length == 2:
            return data[6]
        data = data[5 + length :]
    return None


DECODE_ERROR, RECORD_OVERFLOW, UNEXPECTED_MESSAGE, PROTOCOL_VERSION = 50, 22, 10, 70

GARBAGE = {
    "zeros": b"\0" * 100,
    "random": bytes((n * 167 + 13) % 256 for n in range(1000)),
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "ssl2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + b"\0" * 16,
    "record-too-long": b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000,
    "record-of-nothing": b"\x16\x03\x01\x00\x00" * 1000,
    "wrong-kind": b"\x63\x03\x01\x00\x05hello",
    "application-data-first": b"\x17\x03\x03\x00\x05hello",
    "alert-first": b"\x15\x03\x01\x00\x02\x02\x28",
    "change-cipher-spec-first": b"\x14\x03\x03\x00\x01\x01",
    "hello-of-nothing": b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
    "hello-of-16-mb": b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"\0" * 16380,
    "server-hello": b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
    "finished-first": b"\x16\x03\x03\x00\x10\x14\x00\x00\x0c" + b"\0" * 12,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_ended_and_others_are_served(site, name):
    data = answer(site, GARBAGE[name])
    assert alert_in(data) is not None or data == b"" or data.startswith(b"HTTP/1.1 400")
    assert handshake(site)[0] == 0


def test_hello_cut_anywhere_is_survived(site):
    hello = client_hello(site)
    for length in range(0, len(hello), max(1, len(hello) // 40)):
        answer(site, hello[:length])
    assert handshake(site)[0] == 0


def test_hello_with_any_byte_turned_is_survived(site):
    hello = client_hello(site)
    for at in range(0, len(hello), max(1, len(hello) // 60)):
        answer(site, hello[:at] + bytes([hello[at] ^ 0xFF]) + hello[at + 1 :])
    assert handshake(site)[0] == 0


def test_hello_in_records_of_one_byte_is_understood(site):
    hello = client_hello(site)
    body = hello[5:]
    pieces = b"".join(b"\x16\x03\x01\x00\x01" + body[i : i + 1] for i in range(len(body)))
    with Connection(site.https) as connection:
        connection.send(pieces)
        first = connection.receive()
        # A ServerHello, or the library's own bound on such splitting, but never silence.
        assert first[:1] in (b"\x16", b"\x15")


def test_record_behind_the_handshake_that_is_not_authentic_ends_the_connection(site):
    connection = Connection(site.https, site.trust())
    raw = socket.socket(fileno=os.dup(connection.socket.fileno()))
    raw.settimeout(PATIENCE)
    raw.sendall(b"\x17\x03\x03\x00\x20" + b"forged" * 5 + b"!!")
    with pytest.raises((ssl.SSLError, AssertionError)):
        assert connection.socket.recv(100) != b""
    raw.close()
    connection.close()


def test_close_is_announced(site):
    with Connection(site.https, site.trust()) as connection:
        connection.socket.suppress_ragged_eofs = False
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        connection.read_response()
        # Without a close_notify this would raise.
        assert connection.socket.recv(1) == b""


def test_failed_handshake_is_in_the_audit_log_with_its_reason(site):
    before = len(site.audit("handshake_failed"))
    handshake(site, "-tls1_3", "-groups", "P-521")
    event = site.wait_for_audit("handshake_failed", lambda e: e in site.audit("handshake_failed")[before:])
    assert event["text"] and event["code"].startswith("G4")
    assert event["client"] == "127.0.0.1"
