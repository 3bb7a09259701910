"""Names asked for encrypted: what the server keeps, and what DNS is to say. The handshakes are unit tests."""

import base64
import json
import re

import pytest

from support.name_servers import KEY_NAME, NameServer
from support.server import run_command
from support.wait import wait_until
from support.wires import WIRES

CONF = """
ech cover.localhost
site cover.localhost {
  respond 200 nothing
}
site localhost {
  respond 200 here
}
site plain.localhost {
  http3 off
  respond 200 plain
}
"""


def ech(server, *arguments):
    done = run_command("ech", *arguments, "--admin", server.state / "admin.sock")
    return done.returncode, done.stdout, done.stderr


def test_the_record_names_protocols_and_the_key(start):
    server = start(CONF)
    code, text, _ = ech(server, "record", "localhost")
    assert code == 0
    found = re.fullmatch(r'localhost\. 300 IN HTTPS 1 \. alpn="h3,h2" ech="([A-Za-z0-9+/=]+)"\n', text)
    assert found, text
    configs = base64.b64decode(found[1])
    assert int.from_bytes(configs[:2], "big") == len(configs) - 2
    assert configs[2:4] == b"\xfe\x0d", "RFC 9849 4: the version"
    assert b"cover.localhost" in configs
    assert 'alpn="h2"' in ech(server, "record", "plain.localhost")[1]
    code, _, problem = ech(server, "record", "elsewhere.test")
    assert code == 2 and "G4123" in problem


def test_the_key_outlives_a_restart_and_nobody_else_reads_it(start):
    server = start(CONF)
    before = ech(server, "record", "localhost")[1]
    assert (server.state / "ech.json").stat().st_mode & 0o777 == 0o600
    assert server.stop() == 0
    server.start()
    assert ech(server, "record", "localhost")[1] == before


def test_status_says_what_observers_see(start):
    server = start(CONF)
    code, text, _ = ech(server, "status")
    assert code == 0
    assert "observers see  cover.localhost" in text
    facts = json.loads(ech(server, "status", "--json")[1])
    assert [key["published"] for key in facts["keys"]] == [True]
    assert "secret" not in json.dumps(facts)


def test_who_does_not_know_of_it_is_served_as_ever(start, wire_type):
    server = start(CONF)
    assert wire_type(server).request("GET", "/").body == b"here"


def test_a_reload_takes_it_up_and_away(start):
    server = start(CONF.replace("ech cover.localhost\n", ""))
    code, _, problem = ech(server, "status")
    assert code == 2 and "G4123" in problem
    assert server.reload(CONF)["event"] == "configuration_changed"
    assert ech(server, "status")[0] == 0
    assert WIRES["h2"](server).request("GET", "/").body == b"here"


def test_an_outer_name_without_a_site_is_refused(tmp_path):
    file = tmp_path / "gate443.conf"
    file.write_text(CONF.replace("ech cover.localhost", "ech other.localhost"))
    done = run_command("check", file)
    assert done.returncode == 2
    assert "G4122" in done.stdout + done.stderr


@pytest.fixture
def name_server(tmp_path):
    zone = ["other IN HTTPS 0 elsewhere.example.", "own IN HTTPS 1 . alpn=h2 port=8443"]
    with NameServer(tmp_path / "named", {"ech.test": zone}, policy=f"grant {KEY_NAME} zonesub HTTPS;") as server:
        yield server


def publishing(name_server, server=None):
    names = " ".join(f"{name}.ech.test" for name in ("cover", "www", "own", "other"))
    return (f"ech cover.ech.test {{\n  publish update {server or name_server.address} {{\n    key file:{name_server.key}\n"
            f"    resolver {name_server.address}\n  }}\n}}\nsite {names} {{\n  respond 200 here\n}}\n")


def key_in(record):
    return re.search(r'ech="?([A-Za-z0-9+/=]+)', record)[1]


def test_the_records_are_kept_by_updates(start, name_server):
    server = start(publishing(name_server))

    def record(name):
        return name_server.ask(f"{name}.ech.test", "HTTPS")

    wait_until(lambda: record("www") and "ech=" in record("own")[0], "the records")
    published = key_in(ech(server, "record", "www.ech.test")[1])
    assert key_in(record("www")[0]) == published and 'alpn="h3,h2"' in record("www")[0]
    assert key_in(record("own")[0]) == published
    assert 'alpn="h2" port=8443' in record("own")[0], "what its owner has put there"
    assert not record("cover"), "everybody sees the outer name"
    event = server.wait_for_audit("certificate_problem", lambda each: each["code"] == "G3021")
    assert "other.ech.test" in event["text"]
    assert record("other") == ["0 elsewhere.example."]
    names = {each["name"]: each["record"]["state"] for each in json.loads(ech(server, "status", "--json")[1])["names"]}
    assert names == {"cover.ech.test": "by hand", "www.ech.test": "published", "own.ech.test": "published",
                     "other.ech.test": "failed"}
    shown = ech(server, "status")[1]
    assert "record of      www.ech.test  published" in shown and "record of      other.ech.test  failed" in shown, shown


def test_a_name_server_that_is_away_harms_nothing_and_is_told(start, name_server):
    server = start(publishing(name_server, "127.0.0.1:1"))
    event = server.wait_for_audit("certificate_problem", lambda each: each["code"] == "G3000")
    assert "127.0.0.1:1" in event["text"]
    assert WIRES["h2"](server, "www.ech.test").request("GET", "/").body == b"here"


@pytest.mark.parametrize("block, code", [
    ("publish", "G4124"),
    ("publish exec /bin/true", "G0"),
    ("publish update 127.0.0.1", "G0"),
])
def test_what_cannot_be_published_is_refused(tmp_path, block, code):
    file = tmp_path / "gate443.conf"
    file.write_text(CONF.replace("ech cover.localhost", f"ech cover.localhost {{\n  {block}\n}}"))
    done = run_command("check", file)
    assert done.returncode == 2
    assert code in done.stdout + done.stderr
