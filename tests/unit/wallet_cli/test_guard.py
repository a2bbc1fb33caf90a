"""Where the wallet connects to, and how long it waits (T98)."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from did.errors import FetchFailed, IdError
from tests.simulator import Simulator
from tests.unit.wallet_cli.driver import Driver
from wallet_cli.client import Client
from wallet_cli.errors import Unavailable
from wallet_cli.guard import AddressRefused, is_public, permitted_addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2001:db8::1",
    ],
)  # fmt: skip
def test_T98_private_addresses_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_T98_one_private_address_among_public_ones_refuses_the_host() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return {"mixed": ["93.184.216.34", "10.0.0.1"], "home": ["10.0.0.1"], "localhost": ["127.0.0.1"]}[host]

    for host in ("mixed", "home", "localhost"):
        with pytest.raises(AddressRefused):
            permitted_addresses(host, 443, resolve=resolve, dev=False, home_hosts=())
    assert permitted_addresses("home", 443, resolve=resolve, dev=False, home_hosts={"home"}) == ["10.0.0.1"]
    assert permitted_addresses("localhost", 80, resolve=resolve, dev=True, home_hosts=()) == ["127.0.0.1"]
    with pytest.raises(AddressRefused):
        permitted_addresses("localhost", 80, resolve=lambda h, p: ["10.0.0.1"], dev=True, home_hosts=())


@contextmanager
def listening(answer: list[bytes], pause: float = 0.0) -> Iterator[int]:
    """A server on loopback that sends the pieces of `answer`, with a pause before each."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for piece in answer:
                    time.sleep(pause)
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(5)


def test_a_development_wallet_reaches_loopback_and_no_other_does() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    with listening([body]) as port, Client(dev=True, home_origins=[]) as client:
        assert client.get(f"http://localhost:{port}/", accept="application/json").body == b"{}"
    with Client(dev=False, home_origins=[]) as client:
        for url in ("http://localhost:1/", "http://id.example/", "https://user@id.example/", "ftp://id.example/"):
            with pytest.raises(IdError):
                client.get(url, accept="application/json")
        with pytest.raises(AddressRefused):
            client.get("https://127.0.0.1:1/", accept="application/json")
        with pytest.raises(AddressRefused):
            client.get("https://2130706433/", accept="application/json")
        with pytest.raises(FetchFailed):
            client.fetch("https://127.0.0.1:1/", accept="application/json", max_bytes=10)


def test_T98_an_endless_drip_is_cut_off() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    started = time.monotonic()
    with listening([head, *[b"x"] * 20], pause=0.1) as port, Client(dev=True, home_origins=[], seconds=0.5) as client:
        with pytest.raises(Unavailable):
            client.get(f"http://localhost:{port}/", accept="application/json")
        assert time.monotonic() - started < 1.5


def test_T98_a_slow_head_is_cut_off_too() -> None:
    head = [bytes([byte]) for byte in b"HTTP/1.1 "]
    with listening(head, pause=0.1) as port, Client(dev=True, home_origins=[], seconds=0.5) as client:  # noqa: SIM117
        with pytest.raises(Unavailable):
            client.get(f"http://localhost:{port}/", accept="application/json")


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Client(dev=True, home_origins=[]) as client, pytest.raises(Unavailable):
        client.get(f"http://localhost:{port}/", accept="application/json")
    with Client(dev=False, home_origins=[]) as client, pytest.raises(Unavailable):
        client.get("https://no-such-host.invalid/", accept="application/json")


class Recorder(httpx2.BaseTransport):
    """Answers with what it is told, and keeps what it was sent."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self.answers, self.requests = list(answers), list[httpx2.Request]()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.answers.pop(0)


def test_redirects_only_where_they_are_allowed_and_each_is_checked() -> None:
    def moved(to: str) -> httpx2.Response:
        return httpx2.Response(302, headers={"Location": to})

    transport = Recorder(moved("https://b.example/"), httpx2.Response(200, content=b"x"), moved("http://b.example/"))
    client = Client(dev=False, home_origins=[], transport=transport)
    assert client.fetch("https://a.example/", accept="*/*", max_bytes=10).body == b"x"
    with pytest.raises(FetchFailed):
        client.fetch("https://a.example/", accept="*/*", max_bytes=10)
    endless = Recorder(*[moved("https://a.example/") for _ in range(9)])
    client = Client(dev=False, home_origins=[], transport=endless)
    assert client.fetch("https://a.example/", accept="*/*", max_bytes=10).status == 302
    assert len(endless.requests) == 4


def test_T64_no_cookie_is_kept_and_no_name_is_told(wallet: Driver, server: Simulator) -> None:
    transport = Recorder(
        httpx2.Response(200, headers={"Set-Cookie": "id=1"}, content=b"x"), httpx2.Response(200, content=b"x")
    )
    client = Client(dev=False, home_origins=[], transport=transport)
    for _ in range(2):
        client.get("https://a.example/", accept="*/*")
    assert "cookie" not in transport.requests[1].headers
    assert transport.requests[0].headers["user-agent"] == "openresidency-wallet"
