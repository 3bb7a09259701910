"""Commands that speak to a running server, and those about the local CA."""

import json
import os
import stat

import pytest

from support.server import run_command
from support.wait import PATIENCE, wait_until
from support.wires import WIRES

SITE = 'site localhost {\n  respond 200 "first"\n}\n'
OTHER = 'site localhost {\n  respond 200 "second"\n}\n'


@pytest.fixture
def server(start):
    return start(SITE)


def command(server, *words):
    return run_command(*words, "--state", server.state)


def answer(server):
    wire = WIRES["h1"](server)
    try:
        return wire.request("GET", "/").body
    finally:
        wire.close()


def test_status_counts_requests_and_bytes(server):
    assert answer(server) == b"first"
    status = json.loads(command(server, "status", "--json").stdout)
    assert status["connections"]["accepted"] >= 1
    text = command(server, "status").stdout
    assert "localhost" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "0 B received" not in text


def test_metrics_are_on_the_admin_socket(server):
    import subprocess

    done = subprocess.run(["curl", "-s", "--unix-socket", server.state / "admin.sock", "http://localhost/metrics"],
                          capture_output=True, text=True, timeout=3 * PATIENCE)
    assert "gate443_connections_accepted_total" in done.stdout
    assert "# TYPE" in done.stdout


def test_admin_socket_is_for_owner_and_group(server):
    assert stat.S_IMODE(os.stat(server.state / "admin.sock").st_mode) == 0o660


def test_reload_puts_a_changed_site_in_force(server):
    server.write_configuration(OTHER)
    done = command(server, "reload")
    assert done.returncode == 0, done.stderr
    assert "1 changed" in done.stdout
    assert answer(server) == b"second"


def test_reload_refuses_a_bad_file_and_says_why(server):
    server.write_configuration("site localhost {\n  respnd 200\n}\n")
    done = command(server, "reload")
    assert done.returncode == 2
    assert 'did you mean "respond"?' in done.stderr
    assert "goes on" in done.stderr
    assert answer(server) == b"first"


def test_reload_refuses_what_cannot_change(server):
    server.workers = 1
    server.write_configuration(SITE)
    done = command(server, "reload")
    assert done.returncode == 2
    assert "G0197" in done.stderr


def test_cert_list_and_show(server):
    listed = command(server, "cert", "list")
    assert "localhost" in listed.stdout and "local CA" in listed.stdout
    shown = json.loads(command(server, "cert", "show", "localhost", "--json").stdout)
    assert "localhost" in shown[0]["names"]
    missing = command(server, "cert", "show", "elsewhere.example")
    assert missing.returncode == 2
    assert "cert list" in missing.stderr


def test_upgrade_keeps_the_ports(server):
    first = server.process.pid
    done = command(server, "upgrade", "--json")
    assert done.returncode == 0, done.stderr
    successor = json.loads(done.stdout)["pid"]
    assert successor != first
    server.process.wait(3 * PATIENCE)
    assert answer(server) == b"first"
    stopped = command(server, "stop")
    assert stopped.returncode == 0, stopped.stderr


def test_stop_drains_and_says_so(server):
    done = command(server, "stop")
    assert done.returncode == 0
    assert done.stdout.startswith("stopped")
    wait_until(lambda: server.process.poll() == 0, "the end of the server")


def test_commands_without_a_server_say_so(tmp_path):
    for words in (["status"], ["reload"], ["stop"], ["cert", "list"]):
        done = run_command(*words, "--state", tmp_path)
        assert done.returncode == 3, words
        assert "G2070" in done.stderr


def test_trust_path_names_the_root(server):
    done = command(server, "trust", "path")
    assert done.returncode == 0
    assert "BEGIN CERTIFICATE" in open(done.stdout.splitlines()[0]).read()


def test_trust_status_finds_an_unknown_root(server, tmp_path):
    done = run_command("trust", "status", "--state", server.state, env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode == 1
    assert "unknown to" in done.stdout


def test_explain_knows_every_kind_of_topic():
    assert "Another program" in run_command("explain", "G2107").stdout
    assert "redirect [PATTERN]" in run_command("explain", "redirect").stdout
    unknown = run_command("explain", "redirct")
    assert unknown.returncode == 2
    assert 'did you mean "redirect"?' in unknown.stderr


@pytest.mark.parametrize("words, what, fix", [
    (["srve"], 'gate443 has no command "srve"', 'did you mean "serve"?'),
    (["cert", "lst"], 'gate443 cert has no command "lst"', 'did you mean "list"?'),
    (["cert"], "gate443 cert wants to be told what to do", "one of: list, show"),
    (["cert", "list", "--jsn"], 'gate443 cert list has no option "--jsn"', 'did you mean "--json"?'),
    (["status", "now"], '"now" is one word too many for gate443 status', "gate443 status --help"),
    (["cert", "show", "a.test", "b.test"], '"b.test" is one word too many for gate443 cert show', "gate443 cert show --help"),
    (["serve", "--https"], "--https: 1 required ADDR missing", "gate443 serve --help"),
])
def test_what_is_said_wrong_is_explained(words, what, fix):
    done = run_command(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error G0130: {what}"), done.stderr
    assert f"fix:  {fix}" in done.stderr, done.stderr
