"""Debian's nginx as a child process, with a configuration of its own."""

import subprocess

from support.wait import PATIENCE, wait_until


class Nginx:
    """Serves on a Unix socket until the block ends. `listen` adds words to its listen line, such as "proxy_protocol";
    `statements` are those of its one server."""

    def __init__(self, folder, statements, listen=""):
        self.folder = folder
        self.statements = statements
        self.listen = listen

    @property
    def address(self):
        return f"unix:{self.folder}/nginx.sock"

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        temporary = "".join(f"  {name}_temp_path {self.folder}/{name};\n"
                            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log {self.folder}/errors;\n"
            "events {\n}\n"
            f"http {{\n  access_log off;\n  default_type text/plain;\n{temporary}"
            f"  server {{\n    listen unix:{self.folder}/nginx.sock {self.listen};\n{self.statements}\n  }}\n}}\n")
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", configuration, "-e", self.folder / "errors"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._listens, "nginx to listen")
        return self

    def _listens(self):
        assert self.process.poll() is None, (self.folder / "errors").read_text()
        return (self.folder / "nginx.sock").exists()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
