"""Debian's php-fpm as a child process, with a configuration of its own."""

import contextlib
import glob
import os
import signal
import socket
import subprocess

from support.wait import PATIENCE, wait_until


def binary():
    found = sorted(glob.glob("/usr/sbin/php-fpm[0-9]*"))
    assert found, "php-fpm is missing: ./dev setup test installs it"
    return found[-1]


class PhpFpm:
    """Runs `scripts` processes of PHP until the block ends. `address` is what a `php` statement names: a Unix socket, or
    a port where `tcp` says so."""

    def __init__(self, folder, tcp=False, scripts=8):
        self.folder = folder
        self.tcp = tcp
        self.scripts = scripts
        self.process = None
        if tcp:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                self.port = listener.getsockname()[1]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}" if self.tcp else f"unix:{self.folder}/php.sock"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self.folder.mkdir(exist_ok=True)
        listen = f"127.0.0.1:{self.port}" if self.tcp else f"{self.folder}/php.sock"
        # The folder of a test is its user's alone.
        root = os.geteuid() == 0
        configuration = self.folder / "php-fpm.conf"
        configuration.write_text(
            f"[global]\nerror_log = {self.folder}/php.log\ndaemonize = no\n"
            f"[www]\nlisten = {listen}\nlisten.mode = 0666\n{'user = root' if root else ''}\n"
            f"pm = static\npm.max_children = {self.scripts}\ncatch_workers_output = no\n"
            "php_admin_value[error_log] =\nphp_admin_flag[log_errors] = on\n")
        self.process = subprocess.Popen(
            [binary(), "--nodaemonize", "--fpm-config", configuration, "-n", "-d", "post_max_size=64M",
             *(["--allow-to-run-as-root"] if root else [])],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(self._listens, "php-fpm to listen")

    def _listens(self):
        assert self.process.poll() is None, f"php-fpm ended: {(self.folder / 'php.log').read_text()}"
        return self._connects()

    def _connects(self):
        sock = socket.socket(socket.AF_INET if self.tcp else socket.AF_UNIX)
        with sock, contextlib.suppress(OSError):
            sock.connect(("127.0.0.1", self.port) if self.tcp else f"{self.folder}/php.sock")
            return True
        return False

    def kill(self):
        """All of its processes at once, in the middle of whatever they do."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        # Its children have the listening socket too, and end a little later.
        wait_until(lambda: not self._connects(), "all of php-fpm to end")
