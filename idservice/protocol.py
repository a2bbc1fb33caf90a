"""The HTTP/1.1 protocol of the listeners, with a limit on what comes before the body (T68).

uvicorn over httptools keeps reading headers as long as they come, and waits for them as long as they take. Here a
request's line and headers have 64 KiB and 15 seconds. It also takes the trailer of a chunked body for headers: here
a trailer is dropped, since no sender of trust stands behind it (RFC 9110 section 6.5.1), and has 8 KiB. What is
left of a body when its answer is out is not waited for.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 << 10
HEAD_SECONDS = 15.0
MAX_TRAILER = 8 << 10
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"X-Content-Type-Options: nosniff\r\n\r\n"
)


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin before the first head."""
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = True
        self._trailer_bytes = 0
        self._whole = True
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Start the clock: a connection that says nothing is as costly as a slow one."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head; refuse one that is too large."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins; the first one's clock runs since the connection."""
        super().on_message_begin()
        self._in_head = True
        self._trailer_bytes = 0
        self._whole = False
        self._start()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; drop what comes after the body, and break off when that has no end."""
        if self._in_head:
            super().on_header(name, value)
            return
        self._trailer_bytes += len(name) + len(value) + 4
        if self._trailer_bytes > MAX_TRAILER and not self.transport.is_closing():
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is the guard's to time."""
        self._in_head = False
        self._head_bytes = 0
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole, with its trailer."""
        self._whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; a body that nobody waited for must not hold the connection."""
        unread = not self._whole and not self.pipeline
        super().on_response_complete()
        if unread and not self.transport.is_closing():
            self.transport.close()

    def _start(self) -> None:
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(HEAD_SECONDS, self.transport.close)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
