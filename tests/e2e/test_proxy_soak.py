"""Many requests with bodies of their own through servers that fail at random: none is answered with another's response,
and none that may not be repeated is done twice. GATE443_SOAK says how many, GATE443_SEED which ones."""

import hashlib
import os
import random
import threading
import time
from collections import Counter

import pytest
from h2.errors import ErrorCodes

from support.raw import Response
from support.upstream import Upstream, response
from support.upstream_h2 import Http2Upstream
from support.wires import WIRES

REQUESTS = int(os.environ.get("GATE443_SOAK", "1500"))
SEED = int(os.environ.get("GATE443_SEED", "0")) or int(time.time())
CLIENTS_A_WIRE = 3


def content_of(method, target, body):
    digest = hashlib.sha256(body).hexdigest()
    # As long as it is random, so that pieces of different responses cannot fit together by chance.
    return f"{method} {target} {digest} ".encode() * (int(digest[:2], 16) + 1)


class Faulty:
    """A server that mostly answers well, and writes down what it has done."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.done = []

    def draw(self):
        with self.lock:
            return self.random.random(), self.random.randrange(1, 200)


class FaultyHttp1(Faulty):
    def __init__(self, seed):
        super().__init__(seed)
        self.server = Upstream(self.answer)

    def answer(self, received, sock):
        self.done.append((received.method, received.target))
        fault, split = self.draw()
        content = content_of(received.method, received.target, received.body)
        if fault < 0.02:
            return b""
        if fault < 0.04:
            sock.sendall(response(content)[:-split])
            return b""
        if fault < 0.05:
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc")
            return b""
        if fault < 0.10:
            sock.sendall(response(content, fields=[("Connection", "close")]))
            return b""
        if fault < 0.13:
            sock.sendall(response(content))
            return b""  # closed without a word, as servers do with idle connections
        if fault < 0.15:
            sock.sendall(response(content) + b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled")
            return None
        if fault < 0.4:
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            pieces = [content[at : at + split] for at in range(0, len(content), split)]
            return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        return response(content)


class FaultyHttp2(Faulty):
    def __init__(self, seed):
        super().__init__(seed)
        self.server = Http2Upstream(self.answer)

    def answer(self, received, session):
        stream, method, target = received.stream, received.get(":method"), received.get(":path")
        fault, split = self.draw()
        last = getattr(session, "last_stream", stream)
        if fault < 0.02 or stream > last:
            return session.h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        self.done.append((method, target))
        if fault < 0.03:
            return session.h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        if fault < 0.035:
            raise ConnectionAbortedError  # with all other streams on it
        content = content_of(method, target, received.body)
        if fault < 0.05:
            session.head(stream)
            session.h2.send_data(stream, content[: split % len(content)])
            return session.h2.reset_stream(stream, ErrorCodes.CANCEL)
        if fault < 0.06:
            session.last_stream = stream
            session.flush()
            session.socket.sendall(bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + stream.to_bytes(4, "big") + bytes(4))  # GOAWAY
        fields = [("content-length", str(len(content)))] if fault < 0.5 else []
        return session.respond(stream, content, fields=fields, trailers=[("x-end", "1")] if fault > 0.9 else [])


class Client(threading.Thread):
    def __init__(self, server, wire_type, name, count):
        super().__init__(daemon=True)
        self.server, self.wire_type, self.label, self.count = server, wire_type, name, count
        self.random = random.Random(f"{SEED} {name}")
        self.outcomes = Counter()
        self.problems = []
        self.wire = None

    def run(self):
        for number in range(self.count):
            try:
                self.ask(f"/{self.label}/{number}")
            except AssertionError as problem:
                self.problems.append(str(problem))
            except Exception:  # cut short: the client notices
                self.outcomes["cut"] += 1
                self.drop()
        self.drop()

    def drop(self):
        if self.wire:
            try:
                self.wire.close()
            except Exception:
                pass
        self.wire = None

    def ask(self, path):
        method = self.random.choice(["GET", "POST"])
        body = self.random.randbytes(self.random.choice([0, 10, 3000, 40_000])) if method == "POST" else None
        if self.wire is None:
            self.wire = self.wire_type(self.server)
        answer: Response = self.wire.request(method, path, body=body)
        self.outcomes[answer.status] += 1
        if answer.status == 200:
            expected = f"{method} {path} {hashlib.sha256(body or b'').hexdigest()} ".encode()
            assert answer.body == expected * (int(expected.split(b" ")[2][:2], 16) + 1), f"{path} got {answer.body[:80]}"
        else:
            assert answer.status in (502, 503), f"{path} got {answer.status}"


@pytest.mark.parametrize("behind", [FaultyHttp1, FaultyHttp2])
def test_nothing_is_lost_and_nothing_is_mixed(start, behind):
    print(f"GATE443_SEED={SEED} GATE443_SOAK={REQUESTS}")
    faulty = [behind(f"{SEED} {number}") for number in range(3)]
    servers = " ".join(each.server.address for each in faulty)
    server = start(f"site localhost {{\n proxy {servers} {{\n  eject off\n }}\n}}\n", settings="access-log off\n")
    count = REQUESTS // (len(WIRES) * CLIENTS_A_WIRE)
    clients = [Client(server, wire, f"{name}-{number}", count) for name, wire in WIRES.items() for number in range(CLIENTS_A_WIRE)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    problems = [problem for client in clients for problem in client.problems]
    outcomes = sum((client.outcomes for client in clients), Counter())
    assert problems == [], problems[:10]
    assert sum(outcomes.values()) == count * len(clients)
    assert outcomes[200] > 0.85 * count * len(clients), outcomes
    posts = Counter(target for each in faulty for method, target in each.done if method == "POST")
    assert [target for target, times in posts.items() if times > 1] == []
    for each in faulty:
        each.server.close()
