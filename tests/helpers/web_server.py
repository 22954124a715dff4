"""WebServer: a server on this machine that serves files whole, in part, broken off, slowly or not at all."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


@dataclass
class ServedFile:
    """One file.

    Attributes:
        content: its bytes.
        etag: its version; empty sends none.
        content_type: as sent.
        takes_ranges: answers a range with that range.
        break_after: the next connections end after so many bytes each; one entry is used up per connection.
        tells_length: sends a Content-Length.
        gate: bytes are sent only once it is set.
        redirect: address to send instead of bytes.
        status: of the answer when it is no success.
    """

    content: bytes = b""
    etag: str = '"one"'
    content_type: str = "application/octet-stream"
    takes_ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    tells_length: bool = True
    gate: threading.Event | None = None
    redirect: str = ""
    status: int = 200


class WebServer:
    """Serves ``files`` by path on the loopback address while its block runs.

    Attributes:
        files: by path, such as ``"/a.bin"``; what is not there answers 404.
        ranges: the Range header of each request, empty without one.
    """

    def __init__(self) -> None:
        self.files: dict[str, ServedFile] = {}
        self.ranges: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A connection that a test holds back must not hold up the end.
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def url(self, path: str) -> str:
        """The address of a file."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for served in self.files.values():
            if served.gate is not None:
                served.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        self.ranges.append(asked)
        served = self.files.get(handler.path)
        if served is None:
            handler.send_error(404)
            return
        if served.redirect:
            handler.send_response(302)
            handler.send_header("Location", served.redirect)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if served.status != 200:
            handler.send_error(served.status)
            return
        start = 0
        same = not handler.headers.get("If-Range") or handler.headers["If-Range"] == served.etag
        if asked and served.takes_ranges and same:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(served.content) and start:
            handler.send_response(416)
            if served.tells_length:
                handler.send_header("Content-Range", f"bytes */{len(served.content)}")
            handler.end_headers()
            return
        body = served.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header(
                "Content-Range", f"bytes {start}-{len(served.content) - 1}/{len(served.content)}"
            )
        handler.send_header("Content-Type", served.content_type)
        if served.etag:
            handler.send_header("ETag", served.etag)
        if served.tells_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.close_connection = True
        if served.break_after:
            body = body[: served.break_after.pop(0)]
        if served.gate is not None:
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            served.gate.wait(20)
            body = body[len(body) // 2 :]
        try:
            handler.wfile.write(body)
        except OSError:
            # The other side has gone, as tests of cancelling do.
            return
