"""Two networks of our own with a cable between them, and nothing else on it; the machine's network sees nothing of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RELAY = Path(__file__).with_name("relay.py")


class Network:
    """A network namespace. Lives as long as the process that holds it, which ends with our pipe to it."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo made; exec cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == b"made\n"
        self.run("ip", "link", "set", "lo", "up")

    @property
    def prefix(self):
        """What makes a command run in it."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def run(self, *command):
        subprocess.run([*self.prefix, *command], check=True, capture_output=True, text=True)

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait()


class Networks:
    """The client's network and the server's."""

    SERVER = "198.51.100.1"  # RFC 5737
    CLIENT = "198.51.100.2"

    def __init__(self):
        if os.geteuid() != 0:
            pytest.skip("only root may make networks")
        self.client, self.server = Network(), Network()
        self.client.run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable",
                        "netns", str(self.server.holder.pid))
        for network, address in ((self.client, self.CLIENT), (self.server, self.SERVER)):
            network.run("ip", "address", "add", f"{address}/24", "dev", "cable")
            network.run("ip", "link", "set", "cable", "up")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.server.close()


class Relay:
    """What lies between client and server: takes datagrams at a port of the client's network and treats them as told.

    `weather`: loss, doubling (shares of all datagrams), delay, jitter (seconds), rebinding (seconds until each client
    goes on from another port, as behind a NAT that forgets), seed.
    """

    def __init__(self, network, server, **weather):
        command = [*network.prefix, sys.executable, RELAY, *server, *(f"{name}={value}" for name, value in weather.items())]
        self.process = subprocess.Popen([str(each) for each in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
