"""A small wallet for the verifier's tests: it holds copies, answers requests, and can lie in every way."""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi.testclient import TestClient
from httpx2 import Response

from credentials.claims import ClaimPath
from credentials.formats import FORMATS
from credentials.formats.base import IssueRequest, StatusReference
from credentials.jwe import encrypt_jwe
from did.keys import PrivateKey, PublicKey
from did.signing import LocalSigner
from idservice.database import transaction
from idservice.registry import status
from idservice.service import Service

PERSON = {
    "personal_administrative_number": "36805280109",
    "family_name": "Tamm",
    "given_name": "Mari",
    "birthdate": "1968-05-28",
    "nationalities": ["BR"],
    "assurance_level": "high",
    "document_number": "ER1234567",
    "date_of_issuance": "2026-11-20",
    "date_of_expiry": "2031-11-20",
    "issuing_authority": "Registrar",
    "issuing_country": "EE",
}
PLANTED = ("Tamm", "Mari", "36805280109", "1968-05-28", "ER1234567")
"""Values of PERSON that must never be seen where claims do not belong (T65)."""
NAME: tuple[ClaimPath, ...] = (("family_name",), ("given_name",))
AGES = {"age_equal_or_over": {"16": True, "18": True, "65": False}}


@dataclass(frozen=True)
class Held:
    """One copy with its key and its place in the status list."""

    credential: str
    key: PrivateKey
    status_id: str
    vct: str


def hold(
    service: Service, type_name: str = "e-residency", claims: Mapping[str, Any] | None = None, **change: Any
) -> Held:
    """Issue one copy, as the issuer room would; `change` overrides members of the IssueRequest."""
    kind = service.types.get(type_name)
    key = PrivateKey.generate("ES256")
    now = service.clock.now()
    until = now + timedelta(days=10)
    with transaction(service.engine) as db:
        [entry] = status.allocate(db, service, 1, until=until)
    status.publish_now(service)
    request = {
        "type": kind.vct,
        "issuer": service.base_url,
        "claims": claims if claims is not None else PERSON,
        "disclosable": kind.disclosable,
        "holder_key": key.public_key,
        "issued_at": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "valid_until": until,
        "status": StatusReference(uri=entry.uri, index=entry.index),
        "x5c": service.keys.x5c("credentials"),
        "type_integrity": kind.integrity,
    }
    signer = change.pop("signer", service.keys.signer("credentials"))
    made = FORMATS["dc+sd-jwt"].issue(IssueRequest(**{**request, **change}), signer=signer)
    return Held(made, key, entry.id, kind.vct)


def set_status(service: Service, held: Held, value: str) -> None:
    with transaction(service.engine) as db:
        status.set_status(db, service, [held.status_id], value)  # type: ignore[arg-type]  # a name from the test
    status.publish_now(service)


def payload(jwt: str) -> dict[str, Any]:
    """Read a JWS payload without any check."""
    part = jwt.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def header(jwt: str) -> dict[str, Any]:
    part = jwt.split(".")[0]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


class Wallet:
    """Answers one app's requests; keyword arguments of `present` and `answer` are its lies."""

    def __init__(self, service: Service, client: TestClient) -> None:
        self.service = service
        self.client = client

    def fetch(self, link: str, *, wallet_nonce: str | None = None) -> Response:
        query = parse_qs(urlsplit(link).query)
        path = path_of(query["request_uri"][0])
        if wallet_nonce is None:
            return self.client.get(path)
        return self.client.post(path, data={"wallet_nonce": wallet_nonce})

    def open(self, link: str) -> dict[str, Any]:
        """Return the claims of the request object behind a link."""
        answer = self.fetch(link)
        assert answer.status_code == 200, answer.text
        return payload(answer.text)

    def present(
        self,
        asked: Mapping[str, Any],
        held: Held,
        *,
        disclose: Sequence[ClaimPath] = NAME,
        key: PrivateKey | None = None,
        nonce: str | None = None,
        audience: str | None = None,
        now: datetime | None = None,
        transaction_data: Sequence[str] | None = None,
        bound: bool = True,
    ) -> str:
        told = asked.get("transaction_data", ()) if transaction_data is None else transaction_data
        return FORMATS["dc+sd-jwt"].present(
            held.credential,
            disclose=disclose,
            signer=LocalSigner(key or held.key) if bound else None,
            audience=audience or asked["client_id"],
            nonce=nonce or asked["nonce"],
            now=now or self.service.clock.now(),
            transaction_data=told,
        )

    def answer(
        self,
        asked: Mapping[str, Any],
        vp_token: Mapping[str, Any],
        *,
        state: str | None = None,
        enc: str = "A256GCM",
        jwk: Mapping[str, Any] | None = None,
    ) -> Response:
        message = {"vp_token": vp_token, "state": asked["state"] if state is None else state}
        token = encrypt_jwe(json.dumps(message).encode(), recipient_jwk=jwk or self.key_of(asked), enc=enc)
        return self.post(asked, {"response": token})

    def key_of(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        [jwk] = asked["client_metadata"]["jwks"]["keys"]
        return dict(jwk)

    def post(self, asked: Mapping[str, Any], form: Mapping[str, str] | Sequence[tuple[str, str]] | str) -> Response:
        body = form if isinstance(form, str) else urlencode(form)
        return self.client.post(
            path_of(asked["response_uri"]),
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def refuse(self, asked: Mapping[str, Any], error: str = "access_denied") -> Response:
        return self.post(asked, {"error": error, "state": asked["state"]})


def other_key() -> dict[str, Any]:
    """Return an encryption key that nobody offered."""
    key: PublicKey = PrivateKey.generate("ES256").public_key
    return {**key.to_jwk(), "kid": secrets.token_urlsafe(8), "alg": "ECDH-ES", "use": "enc"}
