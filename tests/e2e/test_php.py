"""PHP scripts on Debian's php-fpm: what reaches a script, what comes back, and what happens when PHP fails."""

import hashlib
import json
import os
import threading

import pytest

from support.php import PhpFpm
from support.server import run_command
from support.wait import wait_until
from support.wires import WIRES

SHOW = "<?php header('Content-Type: application/json'); echo json_encode($_SERVER);"


@pytest.fixture
def scripts(tmp_path):
    """A folder with a few scripts."""
    folder = tmp_path / "scripts"
    (folder / "blog").mkdir(parents=True)
    (folder / "index.php").write_text("<?php echo 'home';")
    (folder / "blog/index.php").write_text("<?php echo 'blog of ' . $_SERVER['SCRIPT_NAME'];")
    (folder / "show.php").write_text(SHOW)
    (folder / "hash.php").write_text("<?php echo hash('sha256', file_get_contents('php://input'));")
    (folder / "page.html").write_text("static")
    (folder / "image.jpg").write_text("<?php echo 'the image ran';")
    return folder


@pytest.fixture(params=["unix", "tcp"])
def php_kind(request):
    return request.param


@pytest.fixture
def php(tmp_path):
    running = []

    def start_one(**options):
        running.append(PhpFpm(tmp_path / f"php{len(running)}", **options))
        running[-1].start()
        return running[-1]

    yield start_one
    for one in running:
        one.kill()


def conf(scripts, fpm, block=(), behind="files {folder}"):
    inside = "\n".join(f"    {line}" for line in block)
    rest = behind.format(folder=scripts)
    return f"site localhost {{\n  php {scripts} {fpm.address} {{\n{inside}\n  }}\n  {rest}\n}}\n"


def served(start, scripts, php, wire_type, block=(), **options):
    fpm = php(**options)
    return fpm, wire_type(start(conf(scripts, fpm, block)))


def test_a_page(start, scripts, php, php_kind, wire_type):
    _, wire = served(start, scripts, php, wire_type, tcp=php_kind == "tcp")
    home = wire.request("GET", "/")
    assert (home.status, home.body) == (200, b"home")
    assert home.get("content-type").startswith("text/html")
    assert wire.request("GET", "/blog/").body == b"blog of /blog/index.php"
    assert wire.request("GET", "/index.php?a=b").body == b"home"
    head = wire.request("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    wire.close()


def test_a_script_sees_the_request(start, scripts, php, wire_type):
    _, wire = served(start, scripts, php, wire_type, block=["env APP_ENV production", "env SERVER_SOFTWARE mine"])
    answer = wire.request("GET", "/show.php/a%20b/c?x=%20y&z", [
        ("x-kept", "1"), ("x_kept", "forged"), ("proxy", "http://evil.example"), ("x-forwarded-for", "10.0.0.1"),
        ("cookie", "a=1"), ("authorization", "Basic YTpi"), ("te", "trailers")])
    assert answer.get("content-type") == "application/json"
    seen = json.loads(answer.body)
    real = os.path.realpath(scripts)
    expected = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": f"{wire.name}.0" if wire.name != "HTTP/1.1" else wire.name,
        "REQUEST_METHOD": "GET", "REQUEST_SCHEME": "https", "HTTPS": "on", "SERVER_NAME": "localhost",
        "REQUEST_URI": "/show.php/a%20b/c?x=%20y&z", "QUERY_STRING": "x=%20y&z", "SCRIPT_NAME": "/show.php",
        "SCRIPT_FILENAME": f"{real}/show.php", "DOCUMENT_ROOT": real, "PATH_INFO": "/a b/c",
        "PATH_TRANSLATED": f"{real}/a b/c", "PHP_SELF": "/show.php/a b/c", "REMOTE_ADDR": "127.0.0.1",
        "SERVER_ADDR": "127.0.0.1", "HTTP_X_KEPT": "1", "HTTP_COOKIE": "a=1", "PHP_AUTH_USER": "a",
        "APP_ENV": "production", "SERVER_SOFTWARE": "mine",
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert seen["HTTP_HOST"].startswith("localhost:")
    assert int(seen["REMOTE_PORT"]) > 0
    for name in ("HTTP_PROXY", "HTTP_X_FORWARDED_FOR", "HTTP_TE", "HTTP_CONTENT_LENGTH", "CONTENT_LENGTH"):
        assert name not in seen
    wire.close()


@pytest.mark.parametrize("size", [0, 1, 70_000, 1_000_000])
def test_a_body_arrives_whole(start, scripts, php, wire_type, size):
    _, wire = served(start, scripts, php, wire_type)
    body = os.urandom(size)
    length = [("content-length", str(size))] if wire_type is not WIRES["h1"] else []
    answer = wire.request("POST", "/hash.php", length, body=body)
    assert (answer.status, answer.body.decode()) == (200, hashlib.sha256(body).hexdigest())
    wire.close()


def test_a_response_arrives_whole(start, scripts, php, wire_type):
    (scripts / "big.php").write_text("<?php for ($i = 0; $i < 400; ++$i) echo str_repeat(chr(65 + $i % 26), 10007);")
    _, wire = served(start, scripts, php, wire_type)
    expected = b"".join(bytes([65 + i % 26]) * 10007 for i in range(400))
    assert wire.request("GET", "/big.php").body == expected
    wire.close()


def test_a_status_cookies_and_redirections_come_back(start, scripts, php, wire_type):
    (scripts / "teapot.php").write_text(
        "<?php http_response_code(418); setcookie('a', '1'); setcookie('b', '2'); header('X-Own: yes');"
        "header('Connection: close'); echo 'short';")
    (scripts / "away.php").write_text("<?php header('Location: /elsewhere');")
    _, wire = served(start, scripts, php, wire_type)
    answer = wire.request("GET", "/teapot.php")
    assert (answer.status, answer.body, answer.get("x-own")) == (418, b"short", "yes")
    assert [value for name, value in answer.fields if name.lower() == "set-cookie"] == ["a=1", "b=2"]
    away = wire.request("GET", "/away.php")
    assert (away.status, away.get("location")) == (302, "/elsewhere")
    wire.close()


def test_what_is_no_script_goes_on_to_the_next_statement(start, scripts, php, wire_type):
    _, wire = served(start, scripts, php, wire_type)
    assert wire.request("GET", "/page.html").body == b"static"
    assert wire.request("GET", "/absent.php").status == 404
    assert wire.request("GET", "/absent/").status == 404
    assert wire.request("GET", "/.hidden.php").status == 404
    wire.close()


def test_only_scripts_are_run(start, scripts, php, wire_type, tmp_path):
    secret = tmp_path / "outside.php"
    secret.write_text("<?php echo 'outside';")
    (scripts / "out.php").symlink_to(secret)
    (scripts / "disguised.php").symlink_to("image.jpg")
    (scripts / "linked.php").symlink_to("index.php")
    _, wire = served(start, scripts, php, wire_type)
    for path in ("/image.jpg/x.php", "/image.jpg%00.php", "/out.php", "/disguised.php", "/page.html/index.php"):
        answer = wire.request("GET", path)
        assert answer.status in (400, 404), path
        assert b"<?php" not in answer.body
    assert wire.request("GET", "/image.jpg").body == b"<?php echo 'the image ran';"
    assert wire.request("GET", "/linked.php").body == b"home"
    wire.close()


def test_a_front_controller_takes_what_nobody_else_does(start, scripts, php):
    (scripts / "index.php").write_text("<?php echo $_SERVER['REQUEST_URI'];")
    fpm = php()
    behind = f"files {scripts}\n  rewrite /index.php\n  php {scripts} {fpm.address}"
    wire = WIRES["h2"](start(conf(scripts, fpm, behind=behind)))
    assert wire.request("GET", "/a/b?c").body == b"/a/b?c"
    assert wire.request("GET", "/page.html").body == b"static"
    wire.close()


def test_a_body_of_unknown_length_is_411(start, scripts, php):
    _, wire = served(start, scripts, php, WIRES["h1"])
    answer = wire.request("POST", "/hash.php", [("transfer-encoding", "chunked")])
    assert answer.status == 411
    wire.close()


def test_a_slow_script_is_waited_for_only_so_long(start, scripts, php, wire_type):
    (scripts / "slow.php").write_text("<?php ignore_user_abort(false); while (true) usleep(10000);")
    _, wire = served(start, scripts, php, wire_type, block=["timeout response 200ms"])
    answer = wire.request("GET", "/slow.php")
    assert (answer.status, answer.get("proxy-status")) == (504, "gate443; error=http_response_timeout")
    assert wire.request("GET", "/").body == b"home"
    wire.close()


def test_a_script_may_take_its_time(start, scripts, php, wire_type):
    (scripts / "slow.php").write_text("<?php echo 'a'; flush(); usleep(300000); echo 'b';")
    _, wire = served(start, scripts, php, wire_type)
    assert wire.request("GET", "/slow.php").body == b"ab"
    wire.close()


def test_php_that_is_killed_is_noticed_and_comes_back_without_a_restart(start, scripts, php, wire_type, tmp_path):
    (scripts / "hang.php").write_text(f"<?php touch('{tmp_path}/php0/began'); while (true) usleep(10000);")
    fpm = php()
    wire = wire_type(start(conf(scripts, fpm)))
    assert wire.request("GET", "/").body == b"home"

    def kill_in_the_middle():
        wait_until((fpm.folder / "began").exists, "the script to begin")
        fpm.kill()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    answer = wire.request("GET", "/hang.php")
    killer.join()
    assert (answer.status, answer.get("proxy-status")) == (502, "gate443; error=connection_terminated")
    down = wire.request("GET", "/")
    assert (down.status, down.get("retry-after")) == (503, "5")
    fpm.start()
    assert wire.request("GET", "/").body == b"home"
    wire.close()


def test_a_response_cut_short_is_an_end_the_client_notices(start, scripts, php, wire_type, tmp_path):
    (scripts / "part.php").write_text(
        f"<?php echo str_repeat('x', 100000); flush(); touch('{tmp_path}/php0/began'); while (true) usleep(10000);")
    fpm = php()
    wire = wire_type(start(conf(scripts, fpm)))

    def kill_in_the_middle():
        wait_until((fpm.folder / "began").exists, "the script to begin")
        fpm.kill()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    with pytest.raises(Exception):
        wire.request("GET", "/part.php")
    killer.join()
    wire.close()


def test_more_requests_than_processes_all_get_their_answer(start, scripts, php):
    """Connections that were kept would keep the few processes from the others."""
    (scripts / "who.php").write_text("<?php usleep(5000); echo $_SERVER['QUERY_STRING'];")
    fpm = php(scripts=2)
    server = start(conf(scripts, fpm), workers=2)
    answers = {}

    def ask(number):
        wire = WIRES["h1"](server)
        for turn in range(10):
            answers[number, turn] = wire.request("GET", f"/who.php?{number}-{turn}").body
        wire.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {(n, t): f"{n}-{t}".encode() for n in range(8) for t in range(10)}


def test_connections_can_be_kept(start, scripts, php):
    (scripts / "port.php").write_text("<?php echo getmypid();")
    _, wire = served(start, scripts, php, WIRES["h1"], block=["timeout idle 30s"])
    assert len({wire.request("GET", "/port.php").body for _ in range(10)}) == 1
    wire.close()


def test_what_a_script_complains_of_before_it_fails_stands_in_the_log(start, scripts, php):
    # PHP sends a complaint on only when it has a few kilobytes of them, or ends.
    (scripts / "mute.php").write_text(
        "<?php for ($i = 0; $i < 2000; ++$i) error_log('the reason of it'); while (true) usleep(10000);")
    server = start(conf(scripts, php(), block=["timeout response 500ms"]))
    wire = WIRES["h1"](server)
    assert wire.request("GET", "/mute.php").status == 504
    line = server.wait_for_access(lambda record: record["status"] == 504)[0]
    assert "the reason of it" in line["refusal"]["reason"]
    wire.close()


def test_what_a_script_complains_of_beside_a_good_answer_stands_in_the_audit_log(start, scripts, php, wire_type):
    (scripts / "warns.php").write_text("<?php error_log(\"it\\nwarns \" . str_repeat('x', 3000)); echo 'fine';")
    server = start(conf(scripts, php()))
    wire = wire_type(server)
    assert wire.request("GET", "/warns.php").body == b"fine"
    wire.request("GET", "/hash.php")
    wire.close()
    warned = server.wait_for_access(lambda record: record["path"] == "/warns.php")[0]
    event = server.wait_for_audit("script_message")
    assert event["request"] == warned["request"]
    assert "it\nwarns xxx" in event["text"] and len(event["text"]) <= 1100
    server.wait_for_access(lambda record: record["path"] == "/hash.php")
    assert len(server.audit("script_message")) == 1


def test_the_log_says_where_a_script_ran(start, scripts, php, php_kind):
    fpm = php(tcp=php_kind == "tcp")
    server = start(conf(scripts, fpm))
    wire = WIRES["h2"](server)
    wire.request("GET", "/hash.php")
    wire.request("GET", "/page.html")
    wire.close()
    ran, static = server.wait_for_access(lambda _: True, count=2)
    assert ran["upstream"]["server"] == (fpm.address if php_kind == "unix" else f"fastcgi://{fpm.address}")
    assert (ran["upstream"]["status"], ran["upstream"]["attempts"]) == (200, 1)
    assert "upstream" not in static
    listed = run_command("upstream", "list", "--json", "--state", server.state)
    assert json.loads(listed.stdout) == [], "nobody can steer it"
