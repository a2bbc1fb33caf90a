"""The `idservice` command: what init leaves, what serve refuses, and two listeners behind real sockets."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from did.errors import IdError
from idservice.__main__ import app
from idservice.database import reading
from idservice.devfile import NAME
from idservice.opening import open_service
from idservice.protocol import MAX_HEAD

RUN = CliRunner()


def invoke(*args: str) -> Any:
    return RUN.invoke(app, list(args))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands") / "data"
    result = invoke("init", "--data", str(folder), "--base-url", f"http://localhost:{free_port()}", "--dev")
    assert result.exit_code == 0, result.output
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dev(data: Path) -> dict[str, Any]:
    return dict(json.loads((data / NAME).read_text()))


# --- init and accounts --------------------------------------------------------------------------------------


def test_T79_init_leaves_everything_to_its_owner(data: Path) -> None:
    assert data.stat().st_mode & 0o777 == 0o700
    for path in data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_dev_json_is_as_contracted(data: Path) -> None:
    content = dev(data)
    assert set(content) == {"base_url", "staff_url", "ca", "list_key", "staff", "agencies"}
    assert content["staff_url"].startswith("http://localhost:")
    assert set(content["staff"]) == {"registrar", "registrar2", "approver", "auditor", "admin"}
    assert set(content["agencies"]["bank"]) == {"token", "id", "did"}
    assert (data / content["ca"]).read_text().count("BEGIN CERTIFICATE") == 3
    assert len(content["list_key"]) == 43


def test_T79_tokens_are_nowhere_but_in_dev_json(data: Path) -> None:
    token = dev(data)["staff"]["admin"]["token"].encode()
    assert [path.name for path in data.rglob("*") if path.is_file() and token in path.read_bytes()] == [NAME]


def test_init_twice_is_refused(data: Path) -> None:
    result = invoke("init", "--data", str(data), "--dev")
    assert isinstance(result.exception, IdError)
    assert "not empty" in result.exception.detail


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--base-url", "https://id.example"],
        ["--base-url", "http://id.example", "--staff-url", "https://staff.example"],
        ["--base-url", "http://localhost:8000", "--staff-url", "http://localhost:8001"],
        ["--base-url", "https://id.example", "--staff-url", "https://id.example"],
        ["--base-url", "http://id.example", "--dev"],
    ],
)
def test_init_wants_proper_addresses(tmp_path: Path, args: list[str]) -> None:
    result = invoke("init", "--data", str(tmp_path / "data"), *args)
    assert isinstance(result.exception, IdError)
    assert not (tmp_path / "data").exists()


def test_outside_dev_there_are_no_accounts_and_no_shared_port(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    urls = ["--base-url", "https://id.example", "--staff-url", "https://staff.id.example"]
    assert invoke("init", "--data", str(folder), *urls).exit_code == 0
    assert not (folder / NAME).exists()
    result = invoke("serve", "--data", str(folder), "--port", "0")
    assert isinstance(result.exception, IdError)
    assert "--staff-port" in result.exception.detail


def test_staff_and_agencies_get_a_token_once_and_an_audit_row(data: Path, tmp_path: Path) -> None:
    made = invoke(
        "staff", "add", "clerk", "--data", str(data), "--role", "registrar", "--role", "auditor", "--level", "2"
    )
    staff = json.loads(made.stdout)
    assert (staff["roles"], staff["level"]) == (["auditor", "registrar"], 2)
    purposes = tmp_path / "purposes.json"
    entry = {
        "name": "age",
        "description": {"en": "x"},
        "retention": "PT0S",
        "claims": {"age-over": [["age_equal_or_over", "18"]]},
    }
    purposes.write_text(json.dumps([entry]))
    made = invoke("agency", "add", "kiosk", "--data", str(data), "--name", "Kiosk", "--purposes", str(purposes))
    agency = json.loads(made.stdout)
    assert agency["did"].endswith(":dids:agencies:kiosk")
    service = open_service(data)
    from idservice import audit

    with reading(service.engine) as db:
        rows = {row.act: row for row in audit.page(db)}
    assert rows["staff.added"].subject == f"staff:{staff['id']}"
    assert rows["agency.added"].subject == "agency:kiosk"
    assert staff["token"] not in str(rows)
    assert len(service.keys.agency_certificates("kiosk")) == 1
    service.engine.dispose()
    again = invoke("agency", "add", "kiosk", "--data", str(data), "--name", "Kiosk", "--purposes", str(purposes))
    assert isinstance(again.exception, IdError)
    wrong = invoke("agency", "add", "../x", "--data", str(data), "--name", "X", "--purposes", str(purposes))
    assert isinstance(wrong.exception, IdError)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ({"library-card": {}}, "the whole file"),
        ([{"name": "p", "description": {"en": "P"}, "retention": "P0D", "claims": {"pid": [["x"]]}}], "no claim x"),
        ([{"name": "p", "description": {"en": "P"}, "retention": "P0D", "claims": {"y": [["x"]]}}], "no type y"),
        ([{"name": "p", "description": {"en": "P"}, "retention": "five years", "claims": {}}], "retention"),
    ],
)
def test_purposes_that_cannot_be_are_told_in_words(data: Path, tmp_path: Path, content: Any, told: str) -> None:
    file = tmp_path / "purposes.json"
    if content is not None:
        file.write_text(json.dumps(content))
    result = invoke("agency", "add", "a-1", "--data", str(data), "--name", "A", "--purposes", str(file))
    assert isinstance(result.exception, IdError) and told in result.exception.detail, result.exception
    assert result.exception.hint


def test_the_readme_s_purposes_are_accepted_and_can_be_asked_by_name(data: Path, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    [content] = re.findall(r"^```json\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    file = tmp_path / "purposes.json"
    file.write_text(content)
    result = invoke("agency", "add", "library", "--data", str(data), "--name", "City Library", "--purposes", str(file))
    assert result.exit_code == 0, result.exception


@pytest.mark.parametrize("option", ["--redirect-uri", "--webhook-url", "--policy-url"])
def test_addresses_of_an_agency_are_https(data: Path, tmp_path: Path, option: str) -> None:
    file = tmp_path / "purposes.json"
    file.write_text("[]")
    given = ("--data", str(data), "--name", "A", "--purposes", str(file), option, "ftp://agency.example/x")
    result = invoke("agency", "add", "a-2", *given)
    assert isinstance(result.exception, IdError) and option in result.exception.detail


def test_init_with_an_address_without_identifier_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    addresses = ("--base-url", "https://localhost:9443", "--staff-url", "https://localhost:9444")
    result = invoke("init", "--data", str(folder), *addresses)
    assert isinstance(result.exception, IdError) and "loopback" in result.exception.detail
    assert not folder.exists()


def test_serve_says_what_is_wrong_before_it_listens(data: Path, tmp_path: Path) -> None:
    port = str(free_port())
    same = invoke("serve", "--data", str(data), "--port", port, "--staff-port", port)
    assert isinstance(same.exception, IdError) and "--staff-port" in same.exception.detail
    key = tmp_path / "key.pem"
    absent = invoke("serve", "--data", str(data), "--port", port, "--tls-cert", str(key), "--tls-key", str(key))
    assert isinstance(absent.exception, IdError) and "No such file" in absent.exception.detail
    key.touch(mode=0o600)
    empty = invoke("serve", "--data", str(data), "--port", port, "--tls-cert", str(key), "--tls-key", str(key))
    assert isinstance(empty.exception, IdError) and "--tls-key" in empty.exception.hint
    assert invoke("serve", "--data", str(data), "--port", "99999").exit_code == 2


def test_doctor_tells_what_is_well_and_what_is_not(data: Path, tmp_path: Path) -> None:
    result = invoke("doctor", "--data", str(data))
    assert result.exit_code == 0
    assert "migrations: at 2026_11_22_first" in result.stdout
    result = invoke("doctor", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "FAIL" in result.stdout


def test_every_command_has_help() -> None:
    for args in ([], ["init"], ["serve"], ["doctor"], ["staff", "add"], ["agency", "add"]):
        result = invoke(*args, "--help")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) > 3


def test_a_refusal_is_told_with_its_next_step(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "idservice", "doctor", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    ran = subprocess.run(
        [sys.executable, "-m", "idservice", "serve", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "Run idservice init first." in ran.stderr
    assert "Traceback" not in ran.stderr


# --- serve ------------------------------------------------------------------------------------------------------


class Served:
    def __init__(self, data: Path, log: Path, *, workers: int = 1) -> None:
        self.port, self.staff_port = int(dev(data)["base_url"].rpartition(":")[2]), free_port()
        self.log = log
        args = ["serve", "--data", str(data), "--staff-port", str(self.staff_port), "--workers", str(workers)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "idservice", *args],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                if httpx2.get(f"http://localhost:{self.port}/readyz", timeout=2).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def get(self, path: str, *, staff: bool = False, **options: Any) -> httpx2.Response:
        return httpx2.get(f"http://localhost:{self.staff_port if staff else self.port}{path}", timeout=10, **options)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def served(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(data, tmp_path_factory.mktemp("log") / "service.log", workers=2)
    yield made
    assert made.stop() == 0


def test_T73_staff_and_public_have_listeners_of_their_own(served: Served, data: Path) -> None:
    assert dev(data)["staff_url"] == f"http://localhost:{served.staff_port}"
    token = {"Authorization": f"Bearer {dev(data)['staff']['registrar']['token']}"}
    assert served.get("/v1/cases", headers=token).status_code == 404
    assert served.get("/v1/cases", staff=True, headers=token).status_code == 200
    assert served.get("/v1/cases", staff=True).status_code == 401
    assert served.get("/.well-known/openid-credential-issuer", staff=True).status_code == 404
    assert served.get("/.well-known/openid-credential-issuer").status_code == 200


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded"])
def test_T97_no_header_reaches_the_staff_listener(served: Served, data: Path, name: str) -> None:
    token = dev(data)["staff"]["registrar"]["token"]
    headers = {"Authorization": f"Bearer {token}", name: f"localhost:{served.staff_port}"}
    assert served.get("/v1/cases", headers=headers).status_code == 404


def test_the_dev_clock_reaches_every_worker(served: Served, data: Path) -> None:
    import base64

    offset = data / "clock-offset"
    offset.write_text("+P2D")
    try:
        for _ in range(6):
            payload = served.get("/v1/trusted-list").text.split(".")[1]
            issued = json.loads(base64.urlsafe_b64decode(payload + "=="))["iat"]
            assert issued > time.time() + 86400
    finally:
        offset.unlink()
        (data / "last-signed").unlink()


def test_T65_logs_hold_no_address_and_no_token(served: Served, data: Path) -> None:
    served.get("/vct/Planted-Value/1?name=Planted-Value", headers={"Authorization": "Bearer Planted-Value"})
    time.sleep(0.2)
    text = served.log.read_text()
    assert "Planted-Value" not in text
    assert all(account["token"] not in text for account in dev(data)["staff"].values())
    assert '"route":"/vct/{name}/{version}"' in text


def test_T68_endless_headers_are_cut(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        got = b""
        try:
            for _ in range(2 * MAX_HEAD // 4096):
                peer.sendall(b"a" * 4096)
            got = peer.recv(4096)
        except ConnectionError:
            return
        assert got == b"" or b"431" in got.split(b"\r\n")[0]


def test_many_small_headers_are_cut_too(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            for number in range(2 * MAX_HEAD // 16):
                peer.sendall(b"X-%d: aaaaaaaa\r\n" % number)
            got = peer.recv(4096)
        except ConnectionError:
            return
        assert got == b"" or b"431" in got.split(b"\r\n")[0]


def test_one_connection_serves_many_requests(served: Served) -> None:
    with httpx2.Client(base_url=f"http://localhost:{served.port}") as client:
        assert {client.get("/healthz").status_code for _ in range(20)} == {200}


def test_one_worker_stops_cleanly_with_a_page_open(data: Path, tmp_path: Path) -> None:
    alone = Path(tmp_path / "data")
    assert invoke("init", "--data", str(alone), "--base-url", f"http://localhost:{free_port()}", "--dev").exit_code == 0
    served = Served(alone, tmp_path / "log")
    peer = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    assert served.stop() == 0
    peer.close()


def test_T68_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from uvicorn import Config
    from uvicorn.server import ServerState

    from idservice import protocol

    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)

    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError

    async def scenario() -> bytes:
        config = Config(nothing, http=protocol.GuardedProtocol, ws="none", interface="asgi3", log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: protocol.GuardedProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HT")
        got = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        server.close()
        return got

    assert asyncio.run(scenario()) == b""
