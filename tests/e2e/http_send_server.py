"""A server for http.send: says what it was asked. Prints its port; with a path, listens there too."""
import gzip
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time

asked = {}
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def address_string(self):
        return "client"

    def answer(self, status, body, fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True

    def anything(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode("utf-8", "replace")
        path = self.path.split("?")[0]
        with lock:
            asked[path] = asked.get(path, 0) + 1
        parts = path.strip("/").split("/")
        text = [("Content-Type", "text/plain")]
        as_json = [("Content-Type", "application/json")]
        if parts[0] == "count":
            with lock:
                n = asked.get("/" + "/".join(parts[1:]), 0)
            self.answer(200, str(n).encode(), as_json)
        elif parts[0] == "status":
            self.answer(int(parts[1]), b"said", text)
        elif parts[0] == "redirect":
            left = int(parts[1])
            to = "/redirect/%d" % (left - 1) if left > 1 else "/echo"
            self.answer(302, b"", [("Location", to)])
        elif parts[0] == "slow":
            time.sleep(1)
            self.answer(200, b"late", text)
        elif parts[0] == "type":
            kind = "/".join(parts[1:]).replace("+", "+")
            self.answer(200, body.encode() or b'{"a": [1, 1.50]}', [("Content-Type", kind)])
        elif parts[0] == "yaml":
            self.answer(200, b"a: [1, x]\n", [("Content-Type", "application/yaml")])
        elif parts[0] == "gzip":
            packed = gzip.compress(b'{"packed": true}')
            self.answer(200, packed, as_json + [("Content-Encoding", "gzip")])
        elif parts[0] == "twice":
            self.answer(200, b"{}", as_json + [("X-A", "1"), ("X-A", "2"), ("x-Mixed", "y")])
        elif parts[0] == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc")
            self.close_connection = True
        elif parts[0] == "hangup":
            self.close_connection = True
        else:
            said = {k.lower(): v for k, v in self.headers.items()}
            for name in ("host", "user-agent", "accept-encoding", "connection", "referer"):
                said.pop(name, None)
            out = {"method": self.command, "path": self.path, "headers": said, "body": body}
            self.answer(200, json.dumps(out).encode(), as_json)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = anything
    do_PURGE = anything


class Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ports = [server.server_address[1]]
    folder = sys.argv[1]
    secure = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    mutual = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder + "/cert.pem")
    mutual.socket = context.wrap_socket(mutual.socket, server_side=True)
    ports += [secure.server_address[1], mutual.server_address[1]]
    unix = Unix(folder + "/socket", Handler)
    for s in (server, secure, mutual, unix):
        s.handle_error = lambda *args: None
        threading.Thread(target=s.serve_forever, daemon=True).start()
    print(*ports, flush=True)
    # It ends with the script that holds its standard input.
    sys.stdin.read()
    os._exit(0)


main()
