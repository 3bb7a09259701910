"""The least that each case can cost on this machine: the floor of its kernel and its cryptography, measured, and how that adds up.

A limit counts what no server can avoid: packets through the kernel, sealing and opening records, keys and signatures. It leaves
out parsing, routing, fields and copies, so that nobody reaches it; how near one comes compares across machines.
"""
import re

from servers import BUILD, Server, load

FLOOR_RUNS = 5
# What the floor's parts are, in the order of the report. bench/limits measures all but the echo server and the last one.
PARTS = {
    "echo": "exchange of a raw echo server: wait, receive 100 B, send 200 B",
    "tcp_connection": "connection in clear: accept, two exchanges, close",
    "tcp_send_200": "TCP, send 200 B",
    "tcp_send_16k": "TCP, send 16 KB",
    "tcp_send_64k": "TCP, send 64 KB",
    "udp_gso_send": "UDP, send a packet of 1 200 B in a train (GSO)",
    "udp_gro_receive": "UDP, receive a packet of 1 200 B in a train (GRO)",
    "x25519_keygen": "X25519, make a key",
    "x25519_derive": "X25519, derive the secret",
    "p256_sign": "ECDSA P-256, sign",
    "mlkem768_encapsulate": "ML-KEM-768, encapsulate",
    "key_schedule": "key schedule of a TLS 1.3 handshake",
    "open_100": "AES-128-GCM, open 100 B",
    "seal_600": "AES-128-GCM, seal 600 B",
    "open_1200": "AES-128-GCM, open 1 200 B",
    "seal_1200": "AES-128-GCM, seal 1 200 B",
    "seal_16k": "AES-128-GCM, seal 16 KB",
    "aes_block": "AES-128, one block (header protection)",
    "aead_context": "memory of the state of one direction's AES-128-GCM",
    "connection_state": "memory for what else a connection has to remember (as a budget)",
}
KILOBYTES = ("aead_context", "connection_state")

# A handshake's records: the certificate and its flight, tickets, and the request with its answer.
HANDSHAKE = ((1, "tcp_connection"), (1, "x25519_keygen"), (1, "x25519_derive"), (1, "key_schedule"), (3, "seal_600"), (3, "open_100"))
# 32 requests arrive in one record of about 1 200 B, their answers leave in one of about 12 KB.
BATCH = ((1 / 32, "echo"), (1 / 32, "open_1200"), (1 / 32, "seal_16k"))
LARGE = 10_000_000 / 65_536
# Case: its operation as so many times these parts.
FORMULAS = {
    "handshake": (*HANDSHAKE, (1, "p256_sign")),
    "resumed": HANDSHAKE,
    "mlkem": (*HANDSHAKE, (1, "p256_sign"), (1, "mlkem768_encapsulate")),
    "h1": ((1, "echo"), (1, "open_100"), (1, "seal_600")),
    "h2": BATCH,
    "h3": ((1, "udp_gro_receive"), (1, "open_1200"), (1, "udp_gso_send"), (1, "seal_1200"), (2, "aes_block")),
    "proxy-h1": ((2, "echo"), (1, "open_100"), (1, "seal_600")),
    "proxy-h2": (*BATCH, (1, "echo")),
    # Milliseconds of microseconds.
    "large": ((LARGE / 1e3, "tcp_send_64k"), (4 * LARGE / 1e3, "seal_16k")),
    "quic-bulk": ((1, "udp_gso_send"), (1, "seal_1200"), (1, "aes_block")),
    "idle": ((2, "aead_context"), (1, "connection_state")),
}


def limit(case, floor):
    """The least that one operation of `case` costs, in the unit of its table; None where there is no formula, or a part is missing."""
    formula = FORMULAS.get(case, ())
    if not formula or any(part not in floor for _, part in formula):
        return None
    return sum(factor * floor[part] for factor, part in formula)


def formula_text(case):
    """The formula as one reads it: "echo + open_100 + 3 seal_600"."""
    return " + ".join(part if factor == 1 else f"{factor_text(factor)} {part}" for factor, part in FORMULAS[case])


def factor_text(factor):
    if factor < 1 and round(1 / factor) == 1 / factor:
        return f"1/{round(1 / factor)}"
    return f"{factor:.3g}"


def parse(output):
    """The lines of bench/limits: a name, a tab, a figure."""
    return {name: float(figure) for name, figure in re.findall(r"^(\w+)\t([\d.]+)$", output, re.M)}


def best(runs):
    """The least of each part over some runs, because all that disturbs only adds."""
    return {name: min(run[name] for run in runs if name in run) for name in {name for run in runs for name in run}}


def measure_floor(ground, echo_cost):
    """The parts of this machine's floor; `echo_cost(server)` is the echo server's processor time of an exchange, in microseconds."""
    server = Server("echo", ground)
    try:
        runs = [parse(load([BUILD / "bench" / "limits"])) | {"echo": echo_cost(server)} for _ in range(FLOOR_RUNS)]
    finally:
        server.stop()
    return best(runs) | {"connection_state": 0.128}
