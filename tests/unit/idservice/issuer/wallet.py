"""A small wallet for tests: it speaks to the app through the messages of `credentials.openid`, and can misbehave."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from credentials.openid.credential import CredentialRequest, build_credential_request
from credentials.openid.dpop import build_dpop_proof
from credentials.openid.key_proof import build_key_proof
from credentials.openid.oauth import build_form
from credentials.openid.offer import OfferReference, parse_offer_link
from credentials.openid.token import GRANT_PRE_AUTHORIZED, GRANT_REFRESH
from did.keys import PrivateKey
from did.signing import LocalSigner
from idservice.database import transaction
from idservice.issuer.offers import CreatedOffer, OfferItem, create_offer
from idservice.service import Service

CODE = "36805280109"
ROLE = {"role": "registrar", "agency_did": "did:web:welfare.example", "scopes": ["cases.read", "cases.propose"]}
PERSON = {
    "family_name": "Tamm",
    "given_name": "Mari",
    "birthdate": "1968-05-28",
    "nationalities": ["BR"],
    "personal_administrative_number": CODE,
    "assurance_level": "high",
}
SIGNING = {
    "family_name": "Tamm",
    "given_name": "Mari",
    "personal_administrative_number": CODE,
    "date_of_expiry": "2031-11-20",
}


def new_key() -> PrivateKey:
    return PrivateKey.generate("ES256")


def details(*types: str) -> list[dict[str, str]]:
    return [{"type": "openid_credential", "credential_configuration_id": one} for one in types]


def direct(service: Service, *, type_name: str = "official-role", tx_code: bool = False, **claims: Any) -> CreatedOffer:
    """Make a direct offer."""
    with transaction(service.engine) as db:
        return create_offer(
            db,
            service,
            items=[OfferItem(type_name=type_name, claims=claims or ROLE)],
            case_id=None,
            tx_code=tx_code,
            holder_jkt=None,
            created_by="staff:test",
        )


@dataclass
class Resident:
    """The keys of an applicant and the case they belong to."""

    case_id: str
    auth: PrivateKey
    sign: PrivateKey


def resident() -> Resident:
    return Resident(case_id=f"case-{secrets.token_hex(6)}", auth=new_key(), sign=new_key())


def of_case(service: Service, who: Resident, *, tx_code: bool = True) -> CreatedOffer:
    """Make the offer that ends a case: e-residency and signing."""
    items = [
        OfferItem(type_name="e-residency", claims=PERSON),
        OfferItem(
            type_name="signing", claims=SIGNING, holder_thumbprint=who.sign.public_key.thumbprint(), row_ref=who.case_id
        ),
    ]
    with transaction(service.engine) as db:
        return create_offer(
            db,
            service,
            items=items,
            case_id=who.case_id,
            tx_code=tx_code,
            holder_jkt=who.auth.public_key.thumbprint(),
            created_by="staff:test",
        )


class Wallet:
    """Talks to one app; `key` signs DPoP proofs, None means plain Bearer."""

    def __init__(self, service: Service, client: TestClient, key: PrivateKey | None = None) -> None:
        self.service = service
        self.client = client
        self.key = key

    def dpop(self, path: str, *, access_token: str | None = None, **change: Any) -> str:
        """Return a DPoP proof for a POST to `path`; `change` overrides what it says."""
        assert self.key is not None
        arguments: dict[str, Any] = {
            "signer": LocalSigner(self.key),
            "method": "POST",
            "url": self.service.url(path),
            "now": self.service.clock.now(),
            "jti": secrets.token_urlsafe(16),
            "access_token": access_token,
        }
        return build_dpop_proof(**(arguments | change))

    def code(self, offer: CreatedOffer) -> str:
        """Fetch an offer by reference and return its pre-authorized code."""
        body = self.fetch_offer(offer).json()
        return str(body["grants"][GRANT_PRE_AUTHORIZED]["pre-authorized_code"])

    def fetch_offer(self, offer: CreatedOffer) -> Any:
        reference = parse_offer_link(offer.uri, dev=True)
        assert isinstance(reference, OfferReference)
        return self.client.get(reference.uri.removeprefix(self.service.base_url))

    def token(
        self, code: str, *, tx_code: str | None = None, wanted: Sequence[Mapping[str, str]] = (), **form: str
    ) -> Any:
        """Redeem a code; the response."""
        fields = {"grant_type": GRANT_PRE_AUTHORIZED, "pre-authorized_code": code, **form}
        if tx_code is not None:
            fields["tx_code"] = tx_code
        return self._token(fields, wanted)

    def refresh(self, refresh_token: str, *, wanted: Sequence[Mapping[str, str]] = (), **form: str) -> Any:
        """Use a refresh token; the response."""
        return self._token({"grant_type": GRANT_REFRESH, "refresh_token": refresh_token, **form}, wanted)

    def _token(self, fields: dict[str, str], wanted: Sequence[Mapping[str, str]]) -> Any:
        if wanted:
            fields["authorization_details"] = json.dumps(list(wanted))
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if self.key is not None:
            headers["DPoP"] = self.dpop("/vci/token")
        return self.client.post("/vci/token", content=build_form(fields), headers=headers)

    def redeem(self, offer: CreatedOffer, *, wanted: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
        """Redeem an offer as it should be, and return the token answer."""
        answer = self.token(self.code(offer), tx_code=offer.tx_code, wanted=wanted)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def nonce(self) -> str:
        answer = self.client.post("/vci/nonce")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["c_nonce"])

    def proof(self, key: PrivateKey, nonce: str | None, **change: Any) -> str:
        arguments: dict[str, Any] = {
            "signer": LocalSigner(key),
            "audience": self.service.base_url,
            "nonce": nonce,
            "now": self.service.clock.now(),
        }
        return build_key_proof(**(arguments | change))

    def authorization(self, path: str, access_token: str) -> dict[str, str]:
        if self.key is None:
            return {"Authorization": f"Bearer {access_token}"}
        return {"Authorization": f"DPoP {access_token}", "DPoP": self.dpop(path, access_token=access_token)}

    def credential(
        self,
        access_token: str,
        keys: Sequence[PrivateKey],
        *,
        configuration: str | None = None,
        identifier: str | None = None,
        nonce: str | None = None,
    ) -> Any:
        """Ask for one credential for each key, under a fresh nonce unless one is given; the response."""
        value = nonce or self.nonce()
        request = CredentialRequest(
            configuration_id=configuration,
            identifier=identifier,
            proof_type="jwt",
            proofs=tuple(self.proof(key, value) for key in keys),
        )
        return self.send(access_token, build_credential_request(request))

    def send(self, access_token: str, body: bytes, *, path: str = "/vci/credential") -> Any:
        headers = {"content-type": "application/json", **self.authorization(path, access_token)}
        return self.client.post(path, content=body, headers=headers)


def refusal(answer: Any) -> tuple[int, str, str]:
    """Return status, standard code and house code of a refused protocol request."""
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"].partition(":")[0]
