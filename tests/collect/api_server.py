"""An API on loopback that gives recorded answers and keeps what it was asked."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


class ApiServer(ThreadingHTTPServer):
    """Answers with what `answer` returns: a value for JSON, or a status and a value."""

    daemon_threads = True

    def __init__(self) -> None:
        """Bind a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Any] = lambda _: {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def host(self) -> str:
        """The server as `collect.allow_hosts` names it."""
        return f"127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ApiServer

    def do_GET(self) -> None:
        """Keep the question and answer it."""
        size = int(self.headers.get("Content-Length", 0))
        parts = urlsplit(self.path)
        form = dict(parse_qsl(self.rfile.read(size).decode()))
        query = dict(parse_qsl(parts.query))
        asked = Asked(self.command, parts.path, query, form, dict(self.headers))
        self.server.asked.append(asked)
        value = self.server.answer(asked)
        status, value = value if isinstance(value, tuple) else (200, value)
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
