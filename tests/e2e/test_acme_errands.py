"""What is wanted of authorities beside certificates: revocations, other keys of accounts."""

import contextlib
import json
import os
import shutil
import subprocess

import pytest

from support.cable import Cable
from support.pebble import Pebble
from support.server import BINARY, run_command
from support.wait import PATIENCE, wait_until
from test_acme import NAME, is_issued, renew, served, settings, site, wait_for_issued


@pytest.fixture
def pebble(tmp_path):
    with Pebble(tmp_path / "pebble") as authority:
        yield authority


@pytest.fixture
def server(start, pebble):
    """One that has its certificate."""
    server = start(pebble.acme() + site(), settings=settings(pebble))
    wait_for_issued(server)
    return server


def revoke(server, *words, name=NAME, **options):
    return run_command("cert", "revoke", name, "--state", server.state, *words, **options)


def key_of(certificate):
    return certificate.public_key().public_numbers()


# --- Revocations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason, number", [("superseded", 4), ("keyCompromise", 1)])
def test_a_revoked_certificate_is_replaced_at_once(server, pebble, reason, number):
    first = served(server)
    done = revoke(server, "--reason", reason, "--yes", "--json")
    assert done.returncode == 0, done.stdout + server.complaints()
    answer = json.loads(done.stdout)
    assert answer["serial"] == f"{first.serial_number:x}".zfill(len(answer["serial"])), answer
    assert answer["replaced"] and "renewed by" in answer["text"], answer
    status = pebble.status_of(first.serial_number)
    assert status["Status"] == "Revoked" and status.get("Reason", 0) == number, status
    second = served(server)
    assert is_issued(second) and key_of(second) != key_of(first)
    assert pebble.status_of(second.serial_number)["Status"] == "Valid"
    assert NAME in server.wait_for_audit("certificate_revoked")["text"]


def test_the_certificates_key_revokes_where_the_account_is_another_one(server, pebble):
    first = served(server)
    assert server.stop() == 0
    shutil.rmtree(server.state / "acme")
    server.start()
    done = revoke(server, "--yes")
    assert done.returncode == 0, done.stderr + server.complaints()
    assert pebble.status_of(first.serial_number)["Status"] == "Revoked"
    assert served(server).serial_number != first.serial_number


def test_what_is_not_to_be_replaced_stays_so_over_a_restart_until_a_person_orders(server, pebble):
    first = served(server)
    done = revoke(server, "--no-replacement", "--yes", "--reason", "cessation-of-operation")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{NAME}: revoked by 127.0.0.1:{pebble.port} (cessation-of-operation)\n"
    assert server.stop() == 0
    server.start()
    assert served(server).serial_number == first.serial_number
    check = run_command("cert", "check", "--state", server.state)
    assert check.returncode == 1 and "revoked" in check.stdout, check
    assert run_command("cert", "plan", "--days", "3650", "--state", server.state).stdout.startswith("nothing happens")
    assert renew(server).returncode == 0
    assert served(server).serial_number != first.serial_number
    assert run_command("cert", "check", "--state", server.state).returncode == 0


def test_an_authority_that_is_gone_revokes_nothing(server, pebble):
    first = served(server)
    pebble.kill()
    done = revoke(server, "--yes", "--json")
    assert done.returncode == 4 and json.loads(done.stdout)["error"]["code"] == "G3320", done
    assert served(server).serial_number == first.serial_number
    assert not server.audit("certificate_revoked")


def test_an_authority_that_does_not_know_the_certificate_says_so(server, pebble):
    pebble.kill()
    pebble.start()  # without memory
    done = revoke(server, "--yes", "--json")
    error = json.loads(done.stdout)["error"]
    assert done.returncode == 4 and error["code"] == "G3391", done
    assert f"127.0.0.1:{pebble.port} does not revoke the certificate" in error["what"]


def test_nothing_is_revoked_without_a_person_or_a_word(server, pebble):
    done = revoke(server, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "G3420" in done.stderr, done
    assert revoke(server, "--reason", "boredom", "--yes").returncode == 2
    assert pebble.status_of(served(server).serial_number)["Status"] == "Valid"


@pytest.mark.parametrize("answer, status", [("y", "Revoked"), ("n", "Valid"), ("", "Valid")])
def test_a_person_is_asked(server, pebble, answer, status):
    first = served(server)
    ours, theirs = os.openpty()
    with subprocess.Popen([BINARY, "cert", "revoke", NAME, "--state", server.state], stdin=theirs,
                          stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        os.write(ours, f"{answer}\n".encode())
        _, question = process.communicate(timeout=3 * PATIENCE)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == (0 if status == "Revoked" else 1), question
    assert "Revoke it for ever, and order another one? [y/N]" in question and "Pebble" in question
    assert pebble.status_of(first.serial_number)["Status"] == status


def test_only_what_an_authority_has_issued_is_revoked(start):
    server = start("site localhost {\n  respond 200 hello\n}\n")
    done = revoke(server, "--yes", name="localhost")
    assert done.returncode == 2 and "G3421" in done.stderr and "local CA" in done.stderr, done


# --- Accounts ---------------------------------------------------------------------------------------------------------


def accounts(server):
    done = run_command("acme", "account", "--state", server.state, "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def roll_over(server, *words):
    return run_command("acme", "rollover", *words, "--state", server.state, "--json")


def test_accounts_are_shown_without_a_server(server, pebble):
    assert server.stop() == 0
    [account] = accounts(server)
    assert account["authority"] == f"127.0.0.1:{pebble.port}" and account["directory"] == pebble.directory
    assert account["url"].startswith(f"https://127.0.0.1:{pebble.port}/") and account["contacts"] == ["mailto:ops@example.com"]
    text = run_command("acme", "account", "--state", server.state).stdout
    assert account["thumbprint"] in text and account["since"][:10] in text, text
    assert max(len(line) for line in text.splitlines() if "/" not in line) <= 80
    assert "PRIVATE" not in text


def test_the_account_gets_another_key_and_keeps_its_url(server, pebble):
    [before] = accounts(server)
    done = roll_over(server)
    assert done.returncode == 0, done.stdout + server.complaints()
    [after] = accounts(server)
    assert after["url"] == before["url"] and after["thumbprint"] != before["thumbprint"]
    assert after["thumbprint"] in json.loads(done.stdout)["text"]
    assert after["thumbprint"] in server.wait_for_audit("account_changed")["text"]
    assert os.stat(after["file"]).st_mode & 0o777 == 0o600
    assert renew(server).returncode == 0
    assert server.stop() == 0
    server.start()
    assert renew(server).returncode == 0, server.complaints()
    assert accounts(server) == [after]


def test_an_account_that_is_not_there_cannot_change(server):
    done = roll_over(server, "other.example")
    assert done.returncode == 2 and json.loads(done.stdout)["error"]["code"] == "G3402", done


@contextlib.contextmanager
def killed_in_a_rollover(start, pebble, loses_questions):
    """A server that was killed when the authority had not heard of the new key, or had and its answer was lost."""
    cable = Cable(pebble.port)
    text = f"acme {{\nauthority https://127.0.0.1:{cable.port}/dir {{\n trust {pebble.authority.file}\n}}\n}}\n" + site()
    server = start(text, settings=settings(pebble))
    wait_for_issued(server)
    [before] = accounts(server)
    cable.questions_pass, cable.answers_pass = not loses_questions, loses_questions
    questions, answers = cable.questions, cable.answers
    with subprocess.Popen([BINARY, "acme", "rollover", "--state", server.state], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as command:
        message = 100  # bytes that either has at least, and nothing else on a connection that is open
        seen = lambda: (cable.questions - questions if loses_questions else cable.answers - answers) > message
        wait_until(seen, "the request" if loses_questions else "the answer")
        [between] = accounts(server)
        server.kill()
        command.communicate(timeout=3 * PATIENCE)
    assert between["key_change_pending"] and between["thumbprint"] == before["thumbprint"]
    cable.questions_pass = cable.answers_pass = True
    server.start()
    yield server, before
    cable.close()


@pytest.mark.parametrize("is_told", [False, True], ids=["before the authority heard", "before its answer came"])
def test_a_kill_in_the_middle_of_a_rollover_does_not_lose_the_account(start, tmp_path, is_told):
    # Of the only answer that is awaited it must not make a refusal of the nonce.
    with (Pebble(tmp_path / "pebble", PEBBLE_WFE_NONCEREJECT="0") as pebble,
          killed_in_a_rollover(start, pebble, loses_questions=not is_told) as (server, before)):
        done = renew(server)
        assert done.returncode == 0, done.stdout + server.complaints()
        [after] = accounts(server)
        assert after["url"] == before["url"] and not after["key_change_pending"]
        assert (after["thumbprint"] != before["thumbprint"]) == is_told
        assert roll_over(server).returncode == 0, server.complaints()


# --- How orders stand -------------------------------------------------------------------------------------------------


def test_orders_are_counted(server, pebble):
    assert renew(server).returncode == 0
    pebble.kill()
    assert renew(server).returncode == 4
    at = f'authority="127.0.0.1:{pebble.port}"'
    metrics = server.metrics()
    assert metrics[f"gate443_certificate_orders_begun_total{{{at}}}"] == 3
    assert metrics[f'gate443_certificate_orders_total{{{at},result="issued"}}'] == 2
    assert metrics[f'gate443_certificate_orders_total{{{at},result="failed"}}'] == 1


def test_an_order_that_is_under_way_is_shown(start, pebble):
    cable = Cable(pebble.port)
    cable.answers_pass = False
    text = f"acme {{\nauthority https://127.0.0.1:{cable.port}/dir {{\n trust {pebble.authority.file}\n}}\n}}\n" + site()
    server = start(text, settings=settings(pebble))
    show = lambda *words: run_command("cert", *words, "--state", server.state).stdout
    order = wait_until(lambda: json.loads(show("show", NAME, "--json"))[0].get("running_order"), "the order")
    assert order["authority"] == f"127.0.0.1:{cable.port}" and order["doing"].startswith("opening the account"), order
    assert f"under way since {order['since'][:10]}" in show("show", NAME)
    assert "being ordered" in show("list")
    cable.close()


# --- Accounts of other programs ---------------------------------------------------------------------------------------


def certbot(folder, pebble, *words):
    folders = [f"--{kind}-dir={folder / kind}" for kind in ("config", "work", "logs")]
    return subprocess.run(["certbot", *words, "--non-interactive", *folders, "--server", pebble.directory], text=True,
                          capture_output=True, timeout=6 * PATIENCE,
                          env={**os.environ, "REQUESTS_CA_BUNDLE": str(pebble.authority.file)})


def test_the_account_and_the_certificate_of_certbot_go_on(start, pebble, tmp_path):
    done = certbot(tmp_path, pebble, "certonly", "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port",
                   str(pebble.http), "--agree-tos", "--register-unsafely-without-email", "-d", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    [facts] = (tmp_path / "config/accounts").glob("**/regr.json")
    state = tmp_path / "server0/state"
    state.mkdir(parents=True)
    bring = lambda *words: run_command("cert", "import", "certbot", tmp_path / "config/live", "--state", state, *words)

    tried = bring("--dry-run", "--json")
    assert [each["outcome"] for each in json.loads(tried.stdout)] == ["would be taken"] * 2, tried
    assert not (state / "acme").exists()
    taken = bring("--json")
    assert [each["outcome"] for each in json.loads(taken.stdout)] == ["taken"] * 2, taken
    assert "left: there is an account" in bring().stdout

    server = start(pebble.acme() + site(), settings=settings(pebble))
    assert is_issued(served(server)), "what certbot has got"
    assert renew(server).returncode == 0, server.complaints()
    [account] = accounts(server)
    assert account["url"] == json.loads(facts.read_text())["uri"] and account["key"] == "RSA"
    assert os.stat(account["file"]).st_mode & 0o777 == 0o600
    assert roll_over(server).returncode == 0, server.complaints()
    assert accounts(server)[0]["key"] == "ECDSA P-256"


def test_damaged_accounts_of_certbot_are_told(tmp_path):
    folder = tmp_path / "accounts/ca.example/directory/0123"
    folder.mkdir(parents=True)
    (folder / "private_key.json").write_text('{"kty": "RSA"}')
    (folder / "regr.json").write_text("{}")
    (tmp_path / "live/www.example.com").mkdir(parents=True)
    for name in ("fullchain.pem", "privkey.pem"):
        (tmp_path / "live/www.example.com" / name).write_text("")
    done = run_command("cert", "import", "certbot", tmp_path / "live", "--state", tmp_path / "state", "--json")
    assert done.returncode == 1, done
    outcomes = {each["name"]: each["outcome"] for each in json.loads(done.stdout)}
    assert "cannot be used" in outcomes["https://ca.example/directory"], outcomes
    assert not (tmp_path / "state/acme").exists()
