"""Pebble, the test authority of Let's Encrypt, with a DNS server that calls every name this machine."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import urllib.request

from support.certificates import Authority
from support.wait import PATIENCE, wait_until


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def free_udp_port():
    """One that is free for TCP too."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, contextlib.suppress(OSError):
            datagrams.bind(("127.0.0.1", 0))
            with socket.create_server(("127.0.0.1", datagrams.getsockname()[1])) as listener:
                return listener.getsockname()[1]


class Pebble:
    """The authority until the block ends. `http` and `tls` are the ports at which it looks for answers to challenges.

    `environment` is Pebble's own way to be difficult: PEBBLE_WFE_NONCEREJECT, PEBBLE_VA_ALWAYS_VALID, …
    """

    def __init__(self, folder, http=0, tls=0, binding=None, resolver=None, **environment):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder)  # of its own server's certificate
        self.own = self.authority.issue("127.0.0.1", "localhost")
        self.http = http or free_port()
        self.tls = tls or free_port()
        self.binding = binding
        self.resolver = resolver  # instead of the DNS server that knows every name
        self.environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0", **environment}
        self.port, self.management, self.dns, self.dns_management = (
            free_port(), free_port(), free_udp_port(), free_port())
        self.processes = []

    @property
    def directory(self):
        return f"https://127.0.0.1:{self.port}/dir"

    def statement(self, inside=""):
        """What makes it the authority of a configuration."""
        return f"authority {self.directory} {{\n  trust {self.authority.file}\n  {inside}\n}}"

    def acme(self, inside="", outside=""):
        return f"acme {{\n{self.statement(inside)}\n{outside}\n}}\n"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        configuration = self.folder / "pebble.json"
        configuration.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.own.certificate),
            "privateKey": str(self.own.key),
            "httpPort": self.http,
            "tlsPort": self.tls,
            "externalAccountBindingRequired": bool(self.binding),
            "externalAccountMACKeys": self.binding or {},
        }}))
        log = (self.folder / "pebble.log").open("ab")
        self.processes = [
            subprocess.Popen(["pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "",
                              "-dns01", f"127.0.0.1:{self.dns}", "-management", f"127.0.0.1:{self.dns_management}"],
                             stdout=log, stderr=log),
            subprocess.Popen(["pebble", "-config", configuration, "-dnsserver", self.resolver or f"127.0.0.1:{self.dns}"],
                             stdout=log, stderr=log, env={**os.environ, **self.environment}),
        ]
        wait_until(self._listens, "Pebble to listen")
        return self

    def _listens(self):
        assert all(process.poll() is None for process in self.processes), (self.folder / "pebble.log").read_text()
        with contextlib.suppress(OSError):
            return all(socket.create_connection(("127.0.0.1", port)).close() is None
                       for port in (self.port, self.management, self.dns_management))
        return False

    def kill(self):
        for process in self.processes:
            process.kill()
            process.wait(PATIENCE)
        self.processes = []

    def root(self):
        """The root that Pebble made for itself when it started, as PEM."""
        context = ssl.create_default_context(cafile=self.authority.file)
        url = f"https://127.0.0.1:{self.management}/roots/0"
        return urllib.request.urlopen(url, context=context, timeout=PATIENCE).read().decode()

    def status_of(self, serial):
        """What it says of one of its certificates: {"Status": "Revoked", "Reason": 4, …}."""
        context = ssl.create_default_context(cafile=self.authority.file)
        url = f"https://127.0.0.1:{self.management}/cert-status-by-serial/{serial:x}"
        return json.load(urllib.request.urlopen(url, context=context, timeout=PATIENCE))

    def log(self):
        return (self.folder / "pebble.log").read_text()
