"""Requests whose fields break the rules that HTTP/2 and HTTP/3 share (RFC 9113 8.2 and 8.3, RFC 9114 4.2 and 4.3)."""

GOOD_HEAD = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/")]


def without(name):
    return [field for field in GOOD_HEAD if field[0] != name]


MALFORMED_REQUESTS = {
    "no-method": without(":method"),
    "no-path": without(":path"),
    "no-scheme": without(":scheme"),
    "empty-path": [*without(":path"), (":path", "")],
    "relative-path": [*without(":path"), (":path", "a")],
    "path-with-space": [*without(":path"), (":path", "/a b")],
    "two-methods": [*GOOD_HEAD, (":method", "GET")],
    "two-paths": [*GOOD_HEAD, (":path", "/b")],
    "unknown-pseudo-field": [*GOOD_HEAD, (":unknown", "x")],
    "status-in-a-request": [*GOOD_HEAD, (":status", "200")],
    "pseudo-field-behind-a-field": [*without(":path"), ("x", "y"), (":path", "/")],
    "upper-case-name": [*GOOD_HEAD, ("X-Upper", "y")],
    "connection": [*GOOD_HEAD, ("connection", "close")],
    "keep-alive": [*GOOD_HEAD, ("keep-alive", "1")],
    "proxy-connection": [*GOOD_HEAD, ("proxy-connection", "close")],
    "transfer-encoding": [*GOOD_HEAD, ("transfer-encoding", "chunked")],
    "upgrade": [*GOOD_HEAD, ("upgrade", "websocket")],
    "te-other-than-trailers": [*GOOD_HEAD, ("te", "gzip")],
    "line-break-in-value": [*GOOD_HEAD, ("x", "a\r\nb: c")],
    "nul-in-value": [*GOOD_HEAD, ("x", "a\0b")],
    "space-in-name": [*GOOD_HEAD, ("x y", "z")],
    "colon-in-name": [*GOOD_HEAD, ("x:y", "z")],
    "empty-name": [*GOOD_HEAD, ("", "z")],
    "space-around-value": [*GOOD_HEAD, ("x", " z")],
    "userinfo": [*without(":authority"), (":authority", "user@localhost")],
    "two-lengths": [*GOOD_HEAD, ("content-length", "0"), ("content-length", "1")],
    "length-without-a-body": [*GOOD_HEAD, ("content-length", "5")],
    "length-no-number": [*GOOD_HEAD, ("content-length", "five")],
    "host-other-than-authority": [*GOOD_HEAD, ("host", "other.example")],
    "no-authority-and-no-host": without(":authority"),
}
