"""A mail server (aiosmtpd) as a process of its own, which says what it got: a line of JSON for each mail."""

import asyncio
import json
import ssl
import subprocess
import sys
import threading
from pathlib import Path

from support.wait import wait_until

USER, PASSWORD = "gate", "correct horse"


class MailServer:
    """`tls` is "implicit", "starttls" or "none". `prefix` makes it run in another network."""

    def __init__(self, files, tls, *, host="127.0.0.1", login=False, prefix=()):
        words = [sys.executable, Path(__file__), host, tls, files.certificate, files.key, "login" if login else "open"]
        environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
        self.process = subprocess.Popen([*prefix, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        self.mails = []
        self.port = int(self.process.stdout.readline())
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.mails.append(json.loads(line))

    def wait_for(self, count=1):
        wait_until(lambda: len(self.mails) >= count, f"{count} mails")
        return self.mails

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def serve(host, tls, certificate, key, login):
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler:
        async def handle_DATA(self, _server, session, envelope):
            print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "text": envelope.content.decode(),
                              "tls": session.ssl is not None or tls == "implicit",
                              "authenticated": session.authenticated}), flush=True)
            return "250 queued as 4711"

    def check(_server, _session, _envelope, _mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    def protocol():
        return SMTP(Handler(), hostname="mail.test", authenticator=check, auth_required=login == "login",
                    auth_require_tls=tls == "starttls", tls_context=context if tls == "starttls" else None,
                    require_starttls=tls == "starttls")

    async def run():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, host, 0, ssl=context if tls == "implicit" else None)
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)

    asyncio.run(run())


if __name__ == "__main__":
    serve(*sys.argv[1:])
