"""Names of servers behind the proxy, with a real DNS server: answers that change, end, and do not come."""

import os
import random
import select
import shutil
import signal
import socket
import subprocess

import pytest

from support.upstream import Upstream, response
from support.wait import wait_until
from support.wires import WIRES


class NameServer:
    """dnsmasq on an address of its own (a resolv.conf cannot say a port), and a resolv.conf that leads to it for one process alone."""

    def __init__(self, folder, *options):
        if os.geteuid() != 0:
            pytest.skip("only root may give a process another resolv.conf")
        assert shutil.which("dnsmasq"), "./dev setup installs it"
        self.hosts = folder / "hosts"
        self.hosts.touch()
        self.options = options
        self.log = folder / "dnsmasq.log"
        self.process = None
        for _ in range(10):
            self.log.unlink(missing_ok=True)
            self.address = ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])
            if self.run():
                break
        self.resolv_conf = folder / "resolv.conf"
        self.resolv_conf.write_text(f"nameserver {self.address}\n")

    def run(self):
        self.process = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", f"--listen-address={self.address}", "--bind-interfaces",
             "--no-resolv", "--no-hosts", f"--addn-hosts={self.hosts}", "--local-ttl=1", "--local=/test/", "--conf-file=/dev/null",
             f"--log-facility={self.log}", "--log-queries", "--user=root", "--pid-file", *self.options])
        wait_until(lambda: self.process.poll() is not None or "started" in self.said(), "dnsmasq to start")
        return self.process.poll() is None

    def said(self):
        return self.log.read_text() if self.log.exists() else ""

    @property
    def prefix(self):
        mounts = f'mount --bind "{self.resolv_conf}" /etc/resolv.conf && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", mounts, "sh"]

    def says(self, hosts):
        """Answers so from now on."""
        self.hosts.write_text("".join(f"{address} {name}\n" for name, address in hosts))
        before = self.said().count("read " + str(self.hosts))
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.said().count("read " + str(self.hosts)) > before, "dnsmasq to read its hosts")

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


@pytest.fixture
def name_server(tmp_path):
    running = []

    def start_one(*options):
        running.append(NameServer(tmp_path, *options))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


@pytest.fixture
def upstreams():
    running = []

    def start_one(name):
        running.append(Upstream(lambda *_: response(name.encode())))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


def conf(server, *block):
    inside = "\n".join(f"    {line}" for line in block)
    return f"site localhost {{\n  proxy {server} {{\n{inside}\n  }}\n}}\n"


def get(server):
    return WIRES["h1"](server).request("GET", "/")


def test_a_name_that_leads_elsewhere_now_is_followed_without_a_restart(start, name_server, upstreams):
    names, first = name_server(), upstreams("first")
    names.says([("app.test", "127.0.0.1")])
    second = Upstream(lambda *_: response(b"second"), port=first.port, address="127.0.0.2")
    server = start(conf(f"app.test:{first.port}", "timeout idle 1ms"), prefix=names.prefix, workers=1)
    assert get(server).body == b"first"
    names.says([("app.test", "127.0.0.2")])
    wait_until(lambda: get(server).body == b"second", "the new address")
    second.close()


def test_a_name_that_leads_nowhere_is_502_and_found_once_it_leads_somewhere(start, name_server, upstreams):
    names, upstream = name_server(), upstreams("here")
    server = start(conf(f"app.test:{upstream.port}"), prefix=names.prefix, workers=1)
    answer = get(server)
    assert (answer.status, answer.get("proxy-status")) == (502, "gate443; error=dns_error")
    names.says([("app.test", "127.0.0.1")])
    wait_until(lambda: get(server).status == 200, "the name to lead somewhere")


def test_an_answer_outlives_the_name_server_for_a_while(start, name_server, upstreams):
    names, upstream = name_server(), upstreams("here")
    names.says([("app.test", "127.0.0.1")])
    server = start(conf(f"app.test:{upstream.port}", "timeout idle 1ms"), prefix=names.prefix, workers=1)
    assert get(server).body == b"here"
    names.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((names.address, 53))
        silent.setblocking(False)
        wait_until(lambda: get(server).status == 200 and select.select([silent], [], [], 0)[0], "the name to be asked for anew")
        assert get(server).body == b"here"


def test_a_name_that_was_taken_away_leads_nowhere(start, name_server, upstreams):
    names, upstream = name_server(), upstreams("here")
    names.says([("app.test", "127.0.0.1")])
    server = start(conf(f"app.test:{upstream.port}", "timeout idle 1ms"), prefix=names.prefix, workers=1)
    assert get(server).body == b"here"
    names.says([])
    wait_until(lambda: get(server).status == 502, "the name to lead nowhere")
    assert get(server).get("proxy-status") == "gate443; error=dns_error"


def test_a_service_is_reached_by_its_records_priority_first(start, name_server, upstreams):
    first, second = upstreams("first"), upstreams("second")
    names = name_server(f"--srv-host=_app._tcp.test,one.test,{first.port},10,1",
                        f"--srv-host=_app._tcp.test,two.test,{second.port},20,1")
    names.says([("one.test", "127.0.0.1"), ("two.test", "127.0.0.1")])
    server = start(conf("http+srv://_app._tcp.test"), prefix=names.prefix, workers=1)
    assert {get(server).body for _ in range(10)} == {b"first"}
    first.close()
    wait_until(lambda: get(server).body == b"second", "the record of the next priority")


def test_connections_to_a_service_are_spread_by_the_weights_of_its_records(start, name_server, upstreams):
    first, second = upstreams("first"), upstreams("second")
    names = name_server(f"--srv-host=_app._tcp.test,one.test,{first.port},10,50",
                        f"--srv-host=_app._tcp.test,two.test,{second.port},10,50")
    names.says([("one.test", "127.0.0.1"), ("two.test", "127.0.0.1")])
    server = start(conf("http+srv://_app._tcp.test", "timeout idle 1ms"), prefix=names.prefix, workers=1)
    wait_until(lambda: get(server).status == 200 and first.connections > 2 and second.connections > 2, "both to be asked")


def test_a_service_without_records_is_502(start, name_server):
    names = name_server()
    answer = get(start(conf("http+srv://_app._tcp.test"), prefix=names.prefix, workers=1))
    assert (answer.status, answer.get("proxy-status")) == (502, "gate443; error=dns_error")
