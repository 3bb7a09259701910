"""Certificates proven by DNS: a real Pebble looks into the zones of a real named, which takes signed updates."""

import http.server
import json
import os
import ssl
import stat
import subprocess
import threading

import pytest

from support.name_servers import NameServer
from support.pebble import Pebble
from support.server import quoted, run_command
from support.wait import wait_until
from test_acme import served, wait_for_issued

ZONES = {"example.test": ["_acme-challenge.alias IN CNAME alias.auth.other.test."], "auth.other.test": []}


@pytest.fixture
def name_server(tmp_path):
    with NameServer(tmp_path / "named", ZONES) as server:
        yield server


@pytest.fixture
def pebble(tmp_path, name_server):
    with Pebble(tmp_path / "pebble", resolver=f"{name_server.address}:53") as authority:
        yield authority


def by_update(name_server, inside="", key=None):
    return (f"dns update {name_server.address} {{\n  key file:{key or name_server.key}\n"
            f"  resolver {name_server.address}\n  {inside}\n}}")


def site(names, way="tls acme"):
    return f"site {names} {{\n  {way}\n  respond 200 hello\n}}\n"


def names_in(certificate):
    from cryptography import x509
    return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName))


def test_a_wildcard_and_its_domain_are_proven_by_updates(start, pebble, name_server):
    server = start(pebble.acme(outside=by_update(name_server)) + site("example.test *.example.test"))
    certificate = wait_for_issued(server, "www.example.test")
    assert names_in(certificate) == {"example.test", "*.example.test"}
    wait_until(lambda: not name_server.ask("_acme-challenge.example.test", "TXT"), "the records to be taken away")


def test_records_of_others_at_the_name_stay(start, pebble, name_server):
    update = (f"server 127.0.0.1 {name_server.port}\nzone example.test\n"
              "update add _acme-challenge.www.example.test 60 TXT other\nsend\n")
    subprocess.run(["nsupdate", "-k", name_server.key], input=update, text=True, check=True)
    server = start(pebble.acme(outside=by_update(name_server)) + site("www.example.test"))
    wait_for_issued(server, "www.example.test")
    wait_until(lambda: name_server.ask("_acme-challenge.www.example.test", "TXT") == ['"other"'], "ours to be taken away")


def test_aliases_lead_to_the_zone_that_is_updated(start, pebble, name_server):
    server = start(pebble.acme(outside=by_update(name_server)) + site("alias.example.test"))
    wait_for_issued(server, "alias.example.test")
    assert "updating zone 'auth.other.test" in name_server.said()
    assert "updating zone 'example.test" not in name_server.said()


HOOK = """#!/bin/sh
case $1 in
  present) action=add ;;
  cleanup) action=delete ;;
esac
echo "$@" >>{calls}
printf 'server 127.0.0.1 {port}\\nzone %s\\nupdate %s %s 60 TXT %s\\nsend\\n' "$GATE443_ZONE" $action "$2" "$3" | nsupdate -k {key}
"""


def test_a_program_makes_the_records(start, pebble, name_server, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(HOOK.format(calls=tmp_path / "calls", port=name_server.port, key=name_server.key))
    hook.chmod(stat.S_IRWXU)
    way = f"dns exec {quoted(hook)} {{\n  resolver {name_server.address}\n}}"
    server = start(pebble.acme(outside=way) + site("example.test *.example.test"))
    wait_for_issued(server, "example.test")
    calls = wait_until(lambda: len(lines := (tmp_path / "calls").read_text().splitlines()) == 4 and lines, "four calls")
    assert [call.split()[:2] for call in calls] == [["present", "_acme-challenge.example.test"]] * 2 + [
        ["cleanup", "_acme-challenge.example.test"]] * 2
    assert len({call.split()[2] for call in calls}) == 2


def test_a_program_that_fails_has_the_last_word(start, pebble, name_server):
    way = f"dns exec sh -c {quoted('echo the provider is closed >&2; exit 9')} {{\n  resolver {name_server.address}\n}}"
    server = start(pebble.acme(outside=way) + site("www.example.test"))
    event = server.wait_for_audit("certificate_problem")
    assert event["code"] == "G3340", event
    assert "the provider is closed" in json.dumps(event), event


class Hook(http.server.BaseHTTPRequestHandler):
    """Makes records in the zone of the server's `name_server`."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.headers["Authorization"], asked))
        action = {"present": "add", "cleanup": "delete"}[asked["action"]]
        update = (f"server 127.0.0.1 {self.server.name_server.port}\nzone {asked['zone']}\n"
                  f"update {action} {asked['name']} 60 TXT {asked['value']}\nsend\n")
        done = subprocess.run(["nsupdate", "-k", self.server.name_server.key], input=update, text=True)
        self.send_response(204 if done.returncode == 0 else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_server_makes_the_records(start, pebble, name_server, tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as hook:
        hook.asked, hook.name_server = [], name_server
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        token = tmp_path / "token"
        token.write_text("sesame\n")
        way = (f"dns http http://127.0.0.1:{hook.server_port}/records {{\n  token file:{token}\n"
               f"  resolver {name_server.address}\n}}")
        server = start(pebble.acme(outside=way) + site("*.example.test"))
        wait_for_issued(server, "www.example.test")
        wait_until(lambda: len(hook.asked) == 2, "both calls")
        hook.shutdown()
    assert {authorization for authorization, _ in hook.asked} == {"Bearer sesame"}
    assert [asked["action"] for _, asked in hook.asked] == ["present", "cleanup"]


def test_a_name_server_that_never_gets_the_record_is_named(start, pebble, name_server, tmp_path):
    with NameServer(tmp_path / "stale", ZONES) as stale:
        name_server.kill()
        name_server.servers = [name_server.address, stale.address]
        name_server.start()
        server = start(pebble.acme(outside=by_update(name_server, "propagation 3s")) + site("www.example.test"))
        event = server.wait_for_audit("certificate_problem")
        assert event["code"] == "G3020", event
        told = json.dumps(event)
        assert "ns1.example.test: shows it" in told and "ns2.example.test: no such record" in told, event
        assert "Pebble" not in served(server, "www.example.test").issuer.rfc4514_string()
        wait_until(lambda: not name_server.ask("_acme-challenge.www.example.test", "TXT"), "the record to be taken away")


def test_a_key_that_the_server_does_not_know_is_named(start, pebble, name_server, tmp_path):
    key = tmp_path / "other.key"
    key.write_text(name_server.key.read_text().replace("gate443", "stranger"))
    server = start(pebble.acme(outside=by_update(name_server, key=key)) + site("www.example.test"))
    event = server.wait_for_audit("certificate_problem")
    assert event["code"] == "G3012", event
    assert name_server.secret not in json.dumps(event) + server.complaints()


class Directory(http.server.BaseHTTPRequestHandler):
    """The directory of another authority, which says in addition by what name CAA records know it."""

    def do_GET(self):
        body = json.dumps(self.server.directory).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def named_authority(pebble):
    """The directory of Pebble, which has no name of its own, as that of ca.example."""
    import urllib.request
    trusted = ssl.create_default_context(cafile=pebble.authority.file)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Directory) as server:
        server.directory = json.load(urllib.request.urlopen(pebble.directory, context=trusted))
        server.directory.setdefault("meta", {})["caaIdentities"] = ["ca.example"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pebble.own.certificate, pebble.own.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"authority https://127.0.0.1:{server.server_port}/dir {{\n  trust {pebble.authority.file}\n}}"
        server.shutdown()


@pytest.mark.parametrize("record, issued", [("ca.example", True), ("other.example", False)])
def test_caa_records_are_read_before_ordering(start, pebble, name_server, named_authority, record, issued):
    name_server.kill()
    name_server.zones = {"example.test": [f'@ IN CAA 0 issue "{record}"']}
    name_server.start()
    server = start(f"acme {{\n{named_authority}\n{by_update(name_server)}\n}}\n" + site("www.example.test"))
    if issued:
        wait_for_issued(server, "www.example.test")
        return
    event = server.wait_for_audit("certificate_problem")
    assert event["code"] == "G3350", event
    assert "other.example" in json.dumps(event)
    assert "POST /order-plz" not in pebble.log(), "it was ordered all the same"


def own_resolver(folder, name_server):
    """A command in front of a server by which that, and nobody else, asks the name server for everything."""
    if os.geteuid() != 0:
        pytest.skip("only root may give a process another resolv.conf")
    file = folder / "resolv.conf"
    file.write_text(f"nameserver {name_server.address}\n")
    return ["unshare", "--mount", "sh", "-c", f'mount --bind "{file}" /etc/resolv.conf && exec "$@"', "sh"]


def test_the_record_that_proves_a_name_for_ever_is_told_and_looked_for(start, tmp_path, name_server, named_authority):
    server = start(f"acme {{\n{named_authority}\n}}\n" + site("www.example.test"), prefix=own_resolver(tmp_path, name_server))
    ask = lambda: run_command("cert", "dns-record", "www.example.test", "--state", server.state, "--json")
    missing = ask()
    assert missing.returncode == 1, missing.stdout + server.complaints()
    [told] = json.loads(missing.stdout)
    assert not told["seen"] and "there is no TXT record" in told["why"], told
    [account] = json.loads(run_command("acme", "account", "--state", server.state, "--json").stdout)
    value = f'"ca.example; accounturi={account["url"]}"'
    assert told["record"] == f"_validation-persist.www.example.test. IN TXT {value}", told
    name_server.kill()
    name_server.zones = {"example.test": [told["record"]]}
    name_server.start()
    found = ask()
    assert found.returncode == 0, found.stdout + server.complaints()
    assert json.loads(found.stdout)[0]["seen"]


def test_an_authority_without_a_name_has_no_such_record(start, pebble):
    server = start(pebble.acme() + site("www.example.test"))
    done = run_command("cert", "dns-record", "www.example.test", "--state", server.state, "--json")
    assert done.returncode == 4 and json.loads(done.stdout)["error"]["code"] == "G3404", done
