import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from did.errors import FetchFailed
from did.methods.base import Fetched
from idservice import outbound
from idservice.outbound import Outbound, is_public

BASE = "https://id.example"


@dataclass
class Server:
    port: int
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    slow: float = 0.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for the names the tests resolve to this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("good.example"), x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def serving(certificate: Path | None) -> Iterator[Server]:
    server: Server

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            server.seen.append((self.command, self.path, dict(self.headers), body))
            status, headers, content = server.answers.get(self.path, (200, {"Content-Type": "text/plain"}, b"hello"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            for start in range(0, len(content), 1 << 16):
                self.wfile.write(content[start : start + (1 << 16)])
                if server.slow:
                    self.wfile.flush()
                    time.sleep(server.slow)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    class Listening(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client that breaks off is what these tests are about."""

    listening = Listening(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server = Server(listening.server_address[1])
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    with serving(certificate) as made:
        yield made


def resolver(**names: list[str]) -> outbound.Resolve:
    known = {name.replace("_", "."): addresses for name, addresses in names.items()}
    return lambda host, _port: known.get(host, [])


@pytest.fixture
def fetch(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Outbound:
    """A fetch for which this machine's loopback stands for the public network; all else is as in earnest."""
    monkeypatch.setattr(outbound, "is_public", lambda address: is_public(address) or str(address) == "127.0.0.1")
    context = ssl.create_default_context(cafile=str(certificate))
    names = resolver(good_example=["127.0.0.1"], other_example=["127.0.0.1"], inside_example=["10.0.0.1"])
    return Outbound(base_url=BASE, dev=False, resolve=names, context=context)


def get(fetch: Outbound, url: str, *, accept: str = "text/plain", max_bytes: int = 1 << 20) -> Fetched:
    return fetch(url, accept=accept, max_bytes=max_bytes)


def test_a_good_source_is_read(fetch: Outbound, server: Server) -> None:
    got = get(fetch, f"https://good.example:{server.port}/path?q=1")
    assert got == Fetched(200, "text/plain", b"hello")
    method, path, headers, _ = server.seen[0]
    assert (method, path) == ("GET", "/path?q=1")
    assert headers["Host"] == f"good.example:{server.port}"
    assert headers["Accept"] == "text/plain"


def test_T98_no_credentials_leave(fetch: Outbound, server: Server) -> None:
    get(fetch, f"https://good.example:{server.port}/")
    assert not {"authorization", "cookie"} & {name.lower() for name in server.seen[0][2]}
    with pytest.raises(FetchFailed, match="user name"):
        get(fetch, f"https://me:secret@good.example:{server.port}/")


def test_T98_the_certificate_must_be_the_hosts(fetch: Outbound, server: Server) -> None:
    with pytest.raises(FetchFailed, match=r"other\.example did not answer"):
        get(fetch, f"https://other.example:{server.port}/")
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://good.example/",
        "ftp://good.example/",
        "file:///etc/passwd",
        "https:///path",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://good.example./",
        "https://g\u00f6\u00f6d.example/",
        "https://good.example:99999/",
        "gopher://good.example/",
    ],
)
def test_T98_only_https_to_host_names(fetch: Outbound, url: str) -> None:
    with pytest.raises(FetchFailed):
        get(fetch, url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
    ],
)
def test_T98_addresses_that_are_not_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address)) is False
    named = Outbound(base_url=BASE, dev=False, resolve=lambda _host, _port: ["8.8.8.8", address])
    with pytest.raises(FetchFailed, match="public network"):
        get(named, "https://rebound.example/")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address)) is True


def test_T98_the_name_is_resolved_once(fetch: Outbound, server: Server) -> None:
    asked: list[str] = []

    def once(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    fetch._resolve = once
    assert get(fetch, f"https://good.example:{server.port}/").status == 200
    assert asked == ["good.example"]


def test_T98_redirects_are_not_followed(fetch: Outbound, server: Server) -> None:
    server.answers["/a"] = (302, {"Location": "/b"}, b"")
    with pytest.raises(FetchFailed, match="redirects"):
        get(fetch, f"https://good.example:{server.port}/a")
    assert len(server.seen) == 1


@pytest.mark.parametrize("accept", ["application/statuslist+jwt", "application/did+ld+json, application/json"])
def test_T37_status_lists_and_dids_may_redirect_three_times(fetch: Outbound, server: Server, accept: str) -> None:
    for here, there in (("/1", "/2"), ("/2", "/3"), ("/3", "/4"), ("/0", "/1")):
        server.answers[here] = (302, {"Location": there}, b"")
    url = f"https://good.example:{server.port}"
    assert get(fetch, url + "/1", accept=accept).body == b"hello"
    with pytest.raises(FetchFailed, match="too often"):
        get(fetch, url + "/0", accept=accept)


@pytest.mark.parametrize(
    "target", ["https://inside.example/", "http://good.example/", "https://127.0.0.1/", "//inside.example/"]
)
def test_T37_every_hop_is_checked(fetch: Outbound, server: Server, target: str) -> None:
    server.answers["/a"] = (302, {"Location": target}, b"")
    with pytest.raises(FetchFailed):
        get(fetch, f"https://good.example:{server.port}/a", accept="application/statuslist+jwt")
    assert len(server.seen) == 1


def test_T98_an_endless_answer_is_cut(fetch: Outbound, server: Server) -> None:
    server.answers["/big"] = (200, {}, b"x" * (2 << 20))
    with pytest.raises(FetchFailed, match="larger than"):
        get(fetch, f"https://good.example:{server.port}/big", max_bytes=1 << 30)
    with pytest.raises(FetchFailed, match="larger than 10 bytes"):
        get(fetch, f"https://good.example:{server.port}/big", max_bytes=10)


def test_T98_a_slow_answer_is_cut(fetch: Outbound, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.2)
    server.slow = 0.06
    server.answers["/slow"] = (200, {}, b"x" * (1 << 19))
    started = time.monotonic()
    with pytest.raises(FetchFailed, match="took more than"):
        get(fetch, f"https://good.example:{server.port}/slow")
    assert time.monotonic() - started < 2


def test_T98_compressed_answers_are_refused(fetch: Outbound, server: Server) -> None:
    server.answers["/gz"] = (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    with pytest.raises(FetchFailed, match="compressed"):
        get(fetch, f"https://good.example:{server.port}/gz")


def test_a_source_that_is_away_did_not_answer(fetch: Outbound) -> None:
    with pytest.raises(FetchFailed) as failed:
        get(fetch, "https://good.example:1/")
    assert failed.value.code == "issuer_key_unresolvable"
    with pytest.raises(FetchFailed, match="no address"):
        get(fetch, "https://unknown.example/")


def test_an_error_status_is_an_answer(fetch: Outbound, server: Server) -> None:
    server.answers["/gone"] = (404, {"Content-Type": "text/plain"}, b"no")
    assert get(fetch, f"https://good.example:{server.port}/gone") == Fetched(404, "text/plain", b"no")


def test_posts_pass_the_same_guard(fetch: Outbound, server: Server) -> None:
    got = fetch.post(f"https://good.example:{server.port}/hook", body=b"{}", content_type="application/jose")
    assert got.status == 200
    assert server.seen[0][0] == "POST"
    assert server.seen[0][3] == b"{}"
    server.answers["/moved"] = (307, {"Location": "/hook"}, b"")
    with pytest.raises(FetchFailed, match="redirects"):
        fetch.post(f"https://good.example:{server.port}/moved", body=b"{}", content_type="application/jose")
    with pytest.raises(FetchFailed, match="public network"):
        fetch.post("https://inside.example/", body=b"", content_type="text/plain")


def test_our_own_base_url_is_answered_from_the_rows() -> None:
    asked: list[tuple[str, str]] = []

    def local(path: str, accept: str) -> Fetched | None:
        asked.append((path, accept))
        return Fetched(200, "text/plain", b"row") if path == "/here" else None

    fetch = Outbound(base_url=BASE, dev=False, local=local, resolve=resolver())
    assert get(fetch, BASE + "/here").body == b"row"
    assert get(fetch, BASE + "/not-here").status == 404
    assert asked[0] == ("/here", "text/plain")
    with pytest.raises(FetchFailed):
        get(fetch, BASE + ".evil.example/here")


def test_dev_reads_loopback_names_by_plain_http() -> None:
    with serving(None) as server:
        dev = Outbound(base_url="http://localhost:1", dev=True)
        assert get(dev, f"http://localhost:{server.port}/").body == b"hello"
        assert get(dev, f"http://127.0.0.1:{server.port}/").body == b"hello"
        with pytest.raises(FetchFailed):
            get(Outbound(base_url=BASE, dev=False), f"http://localhost:{server.port}/")


def test_dev_still_refuses_the_private_network() -> None:
    dev = Outbound(
        base_url="http://localhost:1", dev=True, resolve=resolver(inside_example=["10.0.0.1"], localhost=["10.0.0.1"])
    )
    for url in ("https://inside.example/", "http://inside.example/", "http://10.0.0.1/", "http://localhost/"):
        with pytest.raises(FetchFailed):
            get(dev, url)
