"""Where an outgoing request may be led (T98)."""

import socket
import threading
from ipaddress import ip_address

import pytest

from did.errors import FetchFailed
from idservice.outbound import Outbound, is_public


@pytest.mark.parametrize(
    "address",
    ["::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1", "100:0:0:1::1", "5f00::1", "4000::1", "64:ff9a::7f00:1", "1::1"],
)
def test_T98_only_global_unicast_is_public(address: str) -> None:
    """Translators and future blocks lie outside 2000::/3, and no server of the public network does."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("location", ["https://[", "http://[::1", "//[/x"])
def test_T98_a_redirect_that_cannot_be_read_is_a_failed_fetch(location: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location.encode())

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(FetchFailed):
            url = f"http://localhost:{listening.getsockname()[1]}/list"
            Outbound(base_url="https://id.example", dev=True)(url, accept="application/statuslist+jwt", max_bytes=100)
        thread.join()
