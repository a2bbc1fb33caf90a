"""Made-up applicants: keys, forms, signed applications and proofs of possession."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from credentials.jose import sign_jws
from credentials.openid.dpop import build_dpop_proof
from did.keys import PrivateKey
from did.signing import LocalSigner, Signer

FORM: dict[str, Any] = {
    "family_name": "Tamm",
    "given_name": "Mari",
    "birthdate": "1968-05-28",
    "nationalities": ["BR"],
    "document": {"number": "KB1234567", "issuing_country": "BR", "date_of_expiry": "2030-01-31"},
    "purpose": "To run a company from afar",
    "pick_up": "Tallinn",
    "email": "mari.tamm@example.org",
    "fee_receipt": "R-1",
    "sex": 2,
}


def form(**changes: Any) -> dict[str, Any]:
    """Return the form of Mari Tamm with some members changed, or left out where the value is None."""
    return {name: value for name, value in {**FORM, **changes}.items() if value is not None}


def another(n: int) -> dict[str, Any]:
    """Return the form of one of many other people: no name, document or receipt twice."""
    word = "".join(chr(ord("a") + int(digit)) for digit in str(n))
    document = {**FORM["document"], "number": f"ZZ{n:07d}"}
    return form(given_name=f"Per{word}", document=document, fee_receipt=f"R-9{n}", email=None)


@dataclass(slots=True)
class Applicant:
    """Somebody with two keys."""

    base_url: str
    auth: PrivateKey = field(default_factory=lambda: PrivateKey.generate("ES256"))
    sign: PrivateKey = field(default_factory=lambda: PrivateKey.generate("ES256"))
    id: str = ""

    @property
    def jkt(self) -> str:
        """Thumbprint of the auth key."""
        return self.auth.public_key.thumbprint()

    @property
    def sign_jkt(self) -> str:
        """Thumbprint of the sign key."""
        return self.sign.public_key.thumbprint()

    def claims(self, now: datetime, sent: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """Return the claims of an application."""
        claims = {
            "aud": self.base_url,
            "iat": int(now.timestamp()),
            "jti": secrets.token_urlsafe(16),
            "type": "e-residency",
            "form": FORM if sent is None else sent,
            "sign_key": self.sign.public_key.to_jwk(),
        }
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not ...}

    def application(self, now: datetime, sent: dict[str, Any] | None = None, **changes: Any) -> str:
        """Return a signed application."""
        return self.signed(self.claims(now, sent, **changes))

    def signed(self, claims: dict[str, Any], typ: str = "application+jwt", **header: Any) -> str:
        """Return claims signed by the auth key."""
        return sign_jws(
            claims, typ=typ, signer=LocalSigner(self.auth), header={"jwk": self.auth.public_key.to_jwk(), **header}
        )

    def proof(self, now: datetime, method: str, path: str, *, by: Signer | None = None, jti: str = "") -> str:
        """Return a DPoP proof for a request, by the auth key unless said otherwise."""
        return build_dpop_proof(
            signer=by or LocalSigner(self.auth),
            method=method,
            url=self.base_url + path,
            now=now,
            jti=jti or secrets.token_urlsafe(16),
        )
