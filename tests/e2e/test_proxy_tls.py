"""The reverse proxy towards servers over TLS: who vouches for them, and what they learn of who asks."""

import pytest

from support.certificates import Authority
from support.server import run_command
from support.upstream import TlsUpstream, response
from support.wires import WIRES


def answer(*_):
    return response(b"well")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


@pytest.fixture
def upstreams():
    running = []

    def start_one(certificate, **options):
        running.append(TlsUpstream(answer, certificate, **options))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


def conf(upstream, *block):
    inside = "\n".join(f"    {line}" for line in block)
    return f"site localhost {{\n  proxy {upstream.address} {{\n{inside}\n  }}\n}}\n"


def get(server):
    return WIRES["h1"](server).request("GET", "/")


def is_refused(answer):
    return answer.status == 502 and answer.get("proxy-status") == "gate443; error=tls_certificate_error"


def test_a_server_is_believed_that_an_authority_vouches_for(start, upstreams, authority, wire_type):
    upstream = upstreams(authority.issue("localhost"))
    wire = wire_type(start(conf(upstream, f"trust {authority.file}")))
    assert wire.request("GET", "/").body == b"well"
    assert upstream.received[0].get("host") == f"localhost:{upstream.port}"


def test_a_server_that_nobody_vouches_for_gets_no_request(start, upstreams, authority, wire_type):
    upstream = upstreams(authority.issue("localhost"))
    wire = wire_type(start(conf(upstream)))
    assert is_refused(wire.request("GET", "/"))
    assert upstream.received == []


@pytest.mark.parametrize("dates", [{"days": -1, "since": -9}, {"days": 9, "since": 1}], ids=["expired", "not_yet_valid"])
def test_a_certificate_out_of_date_is_refused(start, upstreams, authority, dates):
    upstream = upstreams(authority.issue("localhost", **dates))
    assert is_refused(get(start(conf(upstream, f"trust {authority.file}"))))


def test_a_certificate_of_another_name_is_refused_unless_that_name_is_asked_for(start, upstreams, authority):
    upstream = upstreams(authority.issue("app.internal"))
    server = start(conf(upstream, f"trust {authority.file}"))
    assert is_refused(get(server))
    server.reload(conf(upstream, f"trust {authority.file}", "server-name app.internal"))
    assert get(server).body == b"well"


def test_anybody_is_believed_where_the_configuration_says_so(start, upstreams, authority):
    upstream = upstreams(authority.issue("app.internal"))
    assert get(start(conf(upstream, "trust anybody"))).body == b"well"


def test_a_file_of_authorities_is_read_anew_by_a_reload(start, upstreams, authority, tmp_path):
    upstream = upstreams(authority.issue("localhost"))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(Authority(tmp_path / "other").file.read_bytes())
    text = conf(upstream, f"trust {trusted}")
    server = start(text)
    assert is_refused(get(server))
    trusted.write_bytes(authority.file.read_bytes())
    server.reload(text)
    assert get(server).body == b"well"


def test_a_server_that_wants_to_know_who_asks_is_shown_a_certificate(start, upstreams, authority, wire_type):
    upstream = upstreams(authority.issue("localhost"), clients=authority.file)
    ours = authority.issue("gate.internal")
    wire = wire_type(start(conf(upstream, f"trust {authority.file}",
                                f"client-certificate {ours.certificate} key {ours.key}")))
    assert wire.request("GET", "/").body == b"well"
    assert upstream.presented == [ours.serial]


def test_a_server_that_wants_to_know_who_asks_is_not_guessed_at(start, upstreams, authority):
    upstream = upstreams(authority.issue("localhost"), clients=authority.file)
    refused = get(start(conf(upstream, f"trust {authority.file}")))
    assert refused.status in (502, 503)
    assert upstream.received == []


def test_a_new_certificate_is_shown_after_a_reload(start, upstreams, authority):
    upstream = upstreams(authority.issue("localhost"), clients=authority.file)
    ours = authority.issue("gate.internal", file="ours")
    text = conf(upstream, f"trust {authority.file}", f"client-certificate {ours.certificate} key {ours.key}")
    server = start(text)
    assert get(server).body == b"well"
    fresh = authority.issue("gate.internal", file="ours")
    server.reload(text)
    assert get(server).body == b"well"
    assert upstream.presented == [ours.serial, fresh.serial]


@pytest.mark.parametrize("lines, said", [
    (["client-certificate {c} key {other}"], "does not belong"),
    (["client-certificate {c} key /nowhere"], "/nowhere"),
    (["client-certificate {c} kay {k}"], "a certificate needs its key"),
], ids=["another_key", "no_file", "no_key"])
def test_a_certificate_that_cannot_be_used_stops_the_start(upstreams, authority, tmp_path, lines, said):
    ours, other = authority.issue("a.internal"), authority.issue("b.internal")
    names = {"c": ours.certificate, "k": ours.key, "other": other.key}
    file = tmp_path / "gate443.conf"
    file.write_text(conf(upstreams(authority.issue("localhost")), *(line.format(**names) for line in lines)))
    checked = run_command("check", file)
    assert checked.returncode != 0
    assert said in checked.stdout + checked.stderr
