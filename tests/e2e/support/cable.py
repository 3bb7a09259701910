"""A cable between a client and a server over TCP that can be cut in one direction, unseen by the other."""

import contextlib
import socket
import threading


class Cable:
    """Passes connections to `port` of this machine on. What goes in a direction that is cut is lost."""

    def __init__(self, port):
        self.target = port
        self.questions_pass = True  # from clients
        self.answers_pass = True  # to them
        self.questions = 0  # bytes of clients, passed or not
        self.answers = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, sink, from_client):
        with contextlib.suppress(OSError), source, sink:
            while data := source.recv(65536):
                if from_client:
                    self.questions += len(data)
                else:
                    self.answers += len(data)
                if self.questions_pass if from_client else self.answers_pass:
                    sink.sendall(data)
