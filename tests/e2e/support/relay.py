"""A bad network between UDP clients and a server: datagrams are lost, doubled, delayed and overtake each other.

usage: relay.py HOST PORT [loss=0.02 doubling=0.02 delay=0.005 jitter=0.003 rebinding=0.5 seed=1]

Prints the port of 127.0.0.1 at which it takes the clients' datagrams; ends with stdin. See Relay of networks.py.
"""

import heapq
import itertools
import random
import selectors
import socket
import sys
import time

MIB = 1 << 20


def udp_socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MIB)
    return made


class Client:
    """One client, and the socket by which the server knows it."""

    def __init__(self, address):
        self.address = address
        self.socket = None
        self.bound_at = 0.0


class Relay:
    def __init__(self, server, loss=0.0, doubling=0.0, delay=0.0, jitter=0.0, rebinding=0.0, seed=1):
        self.server = server
        self.loss, self.doubling, self.delay, self.jitter, self.rebinding = loss, doubling, delay, jitter, rebinding
        self.random = random.Random(seed)
        self.selector = selectors.DefaultSelector()
        self.front = udp_socket()
        self.front.bind(("127.0.0.1", 0))
        self.selector.register(self.front, selectors.EVENT_READ, self.from_clients)
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        self.clients = {}
        self.under_way = []  # (when, number, socket, address, datagram), the earliest first
        self.numbers = itertools.count()

    def run(self):
        while True:
            patience = max(0.0, self.under_way[0][0] - time.monotonic()) if self.under_way else None
            for key, _ in self.selector.select(patience):
                if key.data is None:
                    return
                key.data()
            self.deliver()

    def from_clients(self):
        for datagram, address in received(self.front):
            client = self.clients.setdefault(address, Client(address))
            self.send(self.outside(client), self.server, datagram)

    def outside(self, client):
        """The client's socket towards the server, a new one if it is time. Answers still come to the old ones."""
        now = time.monotonic()
        if client.socket is None or (self.rebinding and now - client.bound_at > self.rebinding):
            client.socket, client.bound_at = udp_socket(), now
            client.socket.bind(("", 0))
            back = client.socket
            self.selector.register(back, selectors.EVENT_READ, lambda: self.from_server(back, client))
        return client.socket

    def from_server(self, back, client):
        for datagram, _ in received(back):
            self.send(self.front, client.address, datagram)

    def send(self, by, address, datagram):
        copies = 0 if self.random.random() < self.loss else 2 if self.random.random() < self.doubling else 1
        for _ in range(copies):
            when = time.monotonic() + self.delay + self.jitter * self.random.random()
            heapq.heappush(self.under_way, (when, next(self.numbers), by, address, datagram))

    def deliver(self):
        now = time.monotonic()
        while self.under_way and self.under_way[0][0] <= now:
            _, _, by, address, datagram = heapq.heappop(self.under_way)
            try:
                by.sendto(datagram, address)
            except OSError:
                pass  # lost, as datagrams may be


def received(by):
    for _ in range(64):
        try:
            yield by.recvfrom(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            continue  # a client that has gone


if __name__ == "__main__":
    host, port, *options = sys.argv[1:]
    relay = Relay((host, int(port)), **{name: float(value) for name, value in (each.split("=") for each in options)})
    print(relay.front.getsockname()[1], flush=True)
    relay.run()
