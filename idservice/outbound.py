"""The one way out: the `Fetch` given to the libraries, and the POST for webhooks (T98).

https only; the name is resolved once, every address must be a public one, and the connection goes to that address;
no redirects but for status lists and DID documents (three, each checked alike); 5 s, 1 MiB; no credentials, no
proxies from the environment. A service set up with `--dev` may also talk to loopback names, by plain http too.
What lies under our own base URL is answered from the rows, never fetched: requests must not wait for themselves.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from did.errors import FetchFailed
from did.methods.base import Fetched

SECONDS = 5.0
MAX_BYTES = 1 << 20
MAX_STATUS_BYTES = 4 << 20
"""A status list token: at most 2 MiB compressed (T35), a third more in base64url, and the rest of the JWS."""
MAX_REDIRECTS = 3
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_EMBEDS_IPV4 = [ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")]

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]
Local = Callable[[str, str], Fetched | None]
"""Answers (path, accept) below our own base URL from the rows, or None when nothing is there."""


@dataclass(frozen=True, slots=True)
class _Target:
    url: str
    host: str
    address: str
    port: int


def resolve_name(host: str, port: int) -> list[str]:
    """Return the addresses of a name, by the machine's resolver."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Outbound:
    """Guarded GET (callable as `Fetch`) and POST."""

    def __init__(
        self,
        *,
        base_url: str,
        dev: bool,
        local: Local | None = None,
        resolve: Resolve = resolve_name,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`local` answers for our own base URL; `resolve` and `context` are for tests with a server of their own."""
        self._base = base_url + "/"
        self._dev = dev
        self.local = local
        self._resolve = resolve
        self._names = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")
        self._client = httpx2.Client(
            verify=context or ssl.create_default_context(),
            timeout=httpx2.Timeout(SECONDS, connect=SECONDS, read=2.0),
            follow_redirects=False,
            trust_env=False,
            # Never reuse: two names at one address must not share a connection.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        """GET `url`. Raises FetchFailed when it may not be asked, or does not answer in time and size."""
        if url.startswith(self._base):
            return self._answer_ourselves(url, accept)
        is_list = "statuslist" in accept
        limit = min(max_bytes, MAX_STATUS_BYTES if is_list else MAX_BYTES)
        redirects = MAX_REDIRECTS if is_list or "did" in accept else 0
        deadline = time.monotonic() + SECONDS
        for _ in range(redirects + 1):
            answer, location = self._once("GET", url, {"Accept": accept}, None, limit, deadline)
            if location is None:
                return answer
            try:
                url = urljoin(url, location)
            except ValueError as error:
                raise FetchFailed("the source redirects to an address that cannot be read") from error
        raise FetchFailed("the source redirects where it must not, or too often")

    def post(self, url: str, *, body: bytes, content_type: str, max_bytes: int = 4096) -> Fetched:
        """POST `body` to `url`, without redirects. Raises FetchFailed like the GET."""
        deadline = time.monotonic() + SECONDS
        headers = {"Content-Type": content_type}
        answer, location = self._once("POST", url, headers, body, min(max_bytes, MAX_BYTES), deadline)
        if location is not None:
            raise FetchFailed("the receiver redirects, which is not followed")
        return answer

    def _answer_ourselves(self, url: str, accept: str) -> Fetched:
        parts = urlsplit(url)
        answer = self.local(parts.path, accept) if self.local is not None and not parts.query else None
        return answer if answer is not None else Fetched(404, "text/plain", b"")

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int, deadline: float
    ) -> tuple[Fetched, str | None]:
        """Return the answer of one hop, and where it points if it is a redirect."""
        target = self._target(url, deadline)
        sent = {**headers, "Host": urlsplit(url).netloc, "Accept-Encoding": "identity", "User-Agent": "OpenResidency"}
        try:
            with _cut_at(deadline) as trace:
                request = self._client.build_request(
                    method,
                    target.url,
                    headers=sent,
                    content=body,
                    extensions={"sni_hostname": target.host, "trace": trace},
                )
                response = self._client.send(request, stream=True)
                try:
                    if 300 <= response.status_code < 400 and "location" in response.headers:
                        return Fetched(response.status_code, "", b""), response.headers["location"]
                    content = _read(response, limit, deadline)
                finally:
                    response.close()
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
            if time.monotonic() >= deadline:
                raise FetchFailed(f"the answer took more than {SECONDS:.0f} s") from error
            raise FetchFailed(f"{target.host} did not answer ({type(error).__name__})") from error
        return Fetched(response.status_code, response.headers.get("content-type", ""), content), None

    def _target(self, url: str, deadline: float) -> _Target:
        """Check a URL and pin its name to one address. Every hop passes here."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise FetchFailed("the address cannot be read") from error
        if not url.isascii() or not host or parts.username is not None or parts.password is not None:
            raise FetchFailed("the address has no host, or carries a user name")
        loopback = self._dev and host in LOOPBACK_NAMES
        if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
            raise FetchFailed("only https is fetched")
        if not loopback and _is_numeric(host):
            raise FetchFailed("an address in numbers is not fetched", hint="Use a host name.")
        port = port or (443 if parts.scheme == "https" else 80)
        address = self._pinned(host, port, deadline, loopback=loopback)
        literal = f"[{address}]" if ":" in address else address
        pinned = parts._replace(netloc=f"{literal}:{port}", fragment="")
        return _Target(pinned.geturl(), host, address, port)

    def _pinned(self, host: str, port: int, deadline: float, *, loopback: bool) -> str:
        future = self._names.submit(self._resolve, host, port)
        try:
            found = [ip_address(each.partition("%")[0]) for each in future.result(deadline - time.monotonic())]
        except (OSError, UnicodeError, ValueError, FutureTimeout) as error:
            raise FetchFailed(f"{host} has no address that can be found") from error
        if not found:
            raise FetchFailed(f"{host} has no address")
        for each in found:
            if loopback and not each.is_loopback:
                raise FetchFailed(f"{host} is not this machine")
            if not loopback and not is_public(each):
                raise FetchFailed(f"{host} does not lie on the public network")
        # This machine's own servers mostly listen on IPv4 alone.
        return str(min(found, key=lambda each: each.version) if loopback else found[0])


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public network: not private, local, shared, mapped or a translation."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or any(address in network for network in _EMBEDS_IPV4):
            return False
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_numeric(host: str) -> bool:
    """Tell whether a host is an address in any spelling: dotted, decimal, octal, hexadecimal, IPv6, final dot."""
    if ":" in host:
        return True
    last = host.rstrip(".").rpartition(".")[2]
    return host.endswith(".") or last.isdigit() or last.startswith("0x") or not last


@contextmanager
def _cut_at(deadline: float) -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """Give the `trace` of one request and end its connection at the deadline.

    The client's own limits begin anew with every byte: a head that drips would hold a thread for hours.
    """
    connections: list[socket.socket] = []

    def trace(event: str, told: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            if time.monotonic() > deadline:
                raise FetchFailed(f"the answer took more than {SECONDS:.0f} s")
            connections.append(told["return_value"].get_extra_info("socket"))

    def cut() -> None:
        for connection in connections:
            with suppress(OSError):
                # Past SSLSocket, whose own shutdown changes what the reading thread is using.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield trace
    finally:
        timer.cancel()


def _read(response: httpx2.Response, limit: int, deadline: float) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise FetchFailed("the answer is compressed, which was not asked for")
    parts: list[bytes] = []
    size = 0
    for part in response.iter_raw():
        size += len(part)
        if size > limit:
            raise FetchFailed(f"the answer is larger than {limit} bytes")
        if time.monotonic() > deadline:
            raise FetchFailed(f"the answer took more than {SECONDS:.0f} s")
        parts.append(part)
    return b"".join(parts)
