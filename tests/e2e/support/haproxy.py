"""Debian's HAProxy as a child process, with a configuration of its own."""

import socket
import subprocess

from support.wait import PATIENCE, wait_until


class HAProxy:
    """Passes connections to a port on to `server`, a line of HAProxy's such as "127.0.0.1:443 send-proxy", until the block
    ends. `bind` adds words to the line of its own port, such as "accept-proxy"."""

    def __init__(self, folder, server, bind="", mode="tcp"):
        self.folder = folder
        self.server = server
        self.bind = bind
        self.mode = mode
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        configuration = self.folder / "haproxy.cfg"
        # It takes over the socket, so that no port has to be guessed.
        configuration.write_text(
            f"global\n  maxconn 100\n"
            f"defaults\n  mode {self.mode}\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n"
            f"frontend front\n  bind fd@{self.listener.fileno()} {self.bind}\n  default_backend back\n"
            f"backend back\n{self.backend()}\n")
        self.process = subprocess.Popen(
            ["haproxy", "-db", "-q", "-f", configuration], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(self.folder / "errors").open("w"), pass_fds=[self.listener.fileno()])
        self.listener.close()
        return self

    def backend(self):
        if self.server.startswith("http-request"):
            return f"  {self.server}"
        return f"  server behind {self.server}"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
