"""A new process that takes over from a running one."""

import os
import signal

from support.wait import wait_until


def successor_of(server):
    """The new process, once the old one has handed over."""
    old = server.pids[-1]
    events = len(server.audit("started"))
    server.signal(signal.SIGUSR2)
    wait_until(lambda: len(server.audit("started")) > events, f"the new process\n{server.complaints()}")
    children = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and parent_and_name(pid)[1] == str(server.configuration)]
    fresh = [pid for pid in children if pid != old]
    assert fresh, "no new process"
    server.pids.append(fresh[0])
    return fresh[0]


def parent_and_name(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/cmdline") as arguments:
            words = arguments.read().split("\0")
            return int(stat.read().rsplit(")", 1)[1].split()[1]), words[2] if len(words) > 2 else ""
    except OSError:
        return 0, ""


def runs(pid):
    """Whether it is still there, and more than the memory of a process that has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            text = status.read()
    except OSError:
        return False
    return "State:\tZ" not in text and "gate443" in text
