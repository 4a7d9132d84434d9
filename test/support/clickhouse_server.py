"""
The engine of ClickHouse behind an HTTP interface, for tests: chDB (`pip install chdb`), which is ClickHouse in process and has no server.

    python clickhouse_server.py FOLDER

prints `listening on PORT` and ends when its standard input ends. Only the user `tidemark` with the password in the variable
CLICKHOUSE_PASSWORD gets in. What it has of the interface: statements in the body or begun in `query`, gzip, chunks, kept-alive
connections, settings in the URL (unknown ones are an error, as in ClickHouse), codes of exceptions.
"""

import base64
import gzip
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

# Parameters of the interface itself. All others are settings.
NOT_SETTINGS = {"query", "query_id", "database", "wait_end_of_query", "default_format"}
STATUSES = {16: 404, 60: 404, 81: 404, 115: 404, 497: 403, 516: 403, 6: 400, 25: 400, 27: 400, 41: 400, 53: 400, 72: 400, 117: 400}

engine = session.Session(sys.argv[1])
# Settings are those of the one session, so statements take turns.
turn = threading.Lock()
expected = "Basic " + base64.b64encode(f"tidemark:{os.environ['CLICKHOUSE_PASSWORD']}".encode()).decode()


def run(sql: str, settings: dict[str, str]) -> bytes:
    with turn:
        try:
            if settings:
                engine.query("SET " + ", ".join(f"{name} = '{escaped(value)}'" for name, value in settings.items()))
            answer = engine.query(sql, "TabSeparated")
            return b"" if answer is None else answer.bytes()
        finally:
            if settings:
                engine.query("SET " + ", ".join(f"{name} = DEFAULT" for name in settings))


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.read_body()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.headers.get("Authorization") != expected:
            self.fail("Code: 516. DB::Exception: tidemark: Authentication failed. (AUTHENTICATION_FAILED)", parameters)
            return
        begun = parameters.get("query", "")
        sql = f"{begun}\n{body.decode()}" if begun else body.decode()
        try:
            answer = run(sql, {name: value for name, value in parameters.items() if name not in NOT_SETTINGS})
        except Exception as error:  # chDB says what is wrong with the words of ClickHouse.
            self.fail(str(error), parameters)
            return
        self.reply(200, answer, parameters)

    def fail(self, message: str, parameters: dict[str, str]):
        code = int(re.search(r"Code: (\d+)", message)[1])
        self.reply(STATUSES.get(code, 500), message.encode(), parameters, {"X-ClickHouse-Exception-Code": str(code)})

    def reply(self, status: int, body: bytes, parameters: dict[str, str], headers: dict[str, str] = {}):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Query-Id", parameters.get("query_id", ""))
        for name, value in headers.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:  # The client waits no more.
            self.close_connection = True

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"listening on {server.server_port}", flush=True)
sys.stdin.read()
os._exit(0)
