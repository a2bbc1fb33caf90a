"""Where the wallet may connect to: addresses resolved once, judged, and then used as judged (T98).

URLs in offers, requests and lists come from strangers. A host name is resolved by us, every address
it gives must be public, and the connection goes to such an address, so that a second look-up cannot
lead elsewhere. The whole exchange, not each step of it, has to be over within the time limit.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

import httpcore2

from wallet_cli.errors import WalletError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
Resolve = Callable[[str, int], list[str]]
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class AddressRefused(WalletError):
    """A host leads to an address that a wallet has no business with."""

    code = "malformed"


def resolve_host(host: str, port: int, *, seconds: float = 5.0) -> list[str]:
    """Return the addresses of `host`, in the system's order. Raises OSError, also when the look-up takes too long."""
    found: list[str] = []
    failure: list[OSError] = []

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except OSError as exc:
            failure.append(exc)

    # the system's look-up has no time limit of its own; a thread that hangs does not hold the process
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not found:
        raise TimeoutError(f"no address of {host} within {seconds:.0f} seconds")
    return found


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet, looking through mapped and tunnelled forms."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and any(ip in network for network in _NAT64):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def permitted_addresses(host: str, port: int, *, resolve: Resolve, dev: bool, home_hosts: Collection[str]) -> list[str]:
    """Return the addresses of `host` that may be connected to.

    `home_hosts` are the services this wallet was made for: the person named them, they may be in a private
    network. With `dev`, loopback names lead to loopback addresses. Raises AddressRefused, OSError (no such host).
    """
    addresses = resolve(host, port)
    if dev and host in LOOPBACK_NAMES:
        fitting = [address for address in addresses if ipaddress.ip_address(address).is_loopback]
    elif host in home_hosts:
        fitting = addresses
    else:
        fitting = addresses if all(is_public(address) for address in addresses) else []
    if not fitting:
        raise AddressRefused(
            "An address in this message leads into a private network.",
            why="A wallet connects to public addresses only.  Nothing was sent there.",
            hint="show the link to the office that it names, and do not use it",
        )
    return fitting


class _DeadlineStream(httpcore2.NetworkStream):
    """A stream of which every step has only the rest of the exchange's time."""

    def __init__(self, inner: httpcore2.NetworkStream, remaining: Callable[[], float]) -> None:
        self._inner = inner
        self._remaining = remaining

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline rules
        return self._inner.read(max_bytes, self._remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline rules
        self._inner.write(buffer, self._remaining())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
    ) -> httpcore2.NetworkStream:
        return _DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, self._remaining()), self._remaining)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedNetwork(httpcore2.NetworkBackend):
    """Opens connections to permitted addresses only, under one deadline for each exchange."""

    def __init__(self, *, dev: bool, home_hosts: Collection[str], resolve: Resolve = resolve_host) -> None:
        self._dev = dev
        self._home_hosts = frozenset(home_hosts)
        self._resolve = resolve
        self._inner = httpcore2.SyncBackend()
        self._deadline = time.monotonic()

    def start(self, seconds: float) -> None:
        """Begin an exchange that has to be over in `seconds`."""
        self._deadline = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left. Raises httpcore2.ReadTimeout when none are."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the exchange took too long")
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to a permitted address of `host`, and to no other."""
        try:
            addresses = permitted_addresses(
                host, port, resolve=self._resolve, dev=self._dev, home_hosts=self._home_hosts
            )
        except OSError as exc:
            raise httpcore2.ConnectError(str(exc)) from exc
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(address, port, self.remaining(), local_address, socket_options)
                return _DeadlineStream(stream, self.remaining)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
                failure = exc
        raise httpcore2.ConnectError(f"no address of {host} answers") from failure
