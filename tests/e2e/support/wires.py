"""One interface for a request over each version of HTTP."""

from support.http2 import Http2Client
from support.http3 import Http3Wire
from support.raw import Connection


class Http1Wire:
    name = "HTTP/1.1"

    def __init__(self, server, server_name="localhost"):
        self.server = server
        self.server_name = server_name
        self.connection = None

    def request(self, method, path, fields=(), body=None, host=None):
        if self.connection is None:
            self.connection = Connection(self.server.https, self.server.trust(), self.server_name)
        head = f"{method} {path} HTTP/1.1\r\nHost: {host or f'{self.server_name}:{self.server.https}'}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields)
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        self.connection.send(head.encode("latin-1") + b"\r\n" + (body or b""))
        response = self.connection.read_response(method)
        if response.get("connection") == "close":
            self.close()
        return response

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Http2Wire:
    name = "HTTP/2"

    def __init__(self, server, server_name="localhost"):
        self.client = Http2Client(server, server_name)

    def request(self, method, path, fields=(), body=None, host=None):
        return self.client.request(method, path, fields, body, authority=host)

    def close(self):
        self.client.close()


WIRES = {"h1": Http1Wire, "h2": Http2Wire, "h3": Http3Wire}
