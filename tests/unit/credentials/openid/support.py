"""Keys, certificates and a signed list for the tests of protocol messages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from credentials import x509
from credentials.errors import IdError, ProtocolError
from credentials.jose import parse_jws, sign_jws
from credentials.openid.purposes import Purpose
from credentials.signed_list import ListedAgency, ListedIssuer, TrustedList, VerifierTrust
from did.keys import PrivateKey
from did.signing import LocalSigner

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ISSUER = "https://id.example"
VERIFIER = "https://bank.example"
VCT = "https://id.example/vct/e-residency/1"


@cache
def signer(name: str, alg: Any = "ES256") -> LocalSigner:
    """Return the signer of that name: the same key within one run."""
    return LocalSigner(PrivateKey.generate(alg))


@dataclass(frozen=True, slots=True)
class Pki:
    """A root, and a leaf under it for one use."""

    root: bytes
    leaf: bytes
    signer: LocalSigner

    @property
    def x5c(self) -> list[str]:
        return x509.x5c_encode([self.leaf])


@cache
def pki(usage: Any = "request_signing", name: str = "bank", host: str = "bank.example") -> Pki:
    """Return a two-level chain whose leaf names `host`."""
    root_signer, leaf_signer = signer(f"{name} root"), signer(f"{name} leaf")
    start = NOW - timedelta(days=30)
    root = x509.make_root(name=f"{name} root", signer=root_signer, now=start, lifetime=timedelta(days=3650))
    leaf = x509.make_leaf(
        profile=usage,
        subject_name=name,
        dns_names=[host],
        public_key=leaf_signer.public_key,
        root=root,
        root_signer=root_signer,
        now=start,
        lifetime=timedelta(days=365),
    )
    return Pki(root, leaf, leaf_signer)


def purpose(**changes: Any) -> Purpose:
    """Return a purpose that allows a name and any nationality of an e-resident."""
    values: dict[str, Any] = {
        "id": "kyc",
        "labels": {"en": "Open an account"},
        "claims": {VCT: (("family_name",), ("nationalities", None), ("address", "country"))},
    }
    return Purpose(**{**values, **changes})


def agency(**changes: Any) -> ListedAgency:
    """Return a registered agency with the certificate of `pki()`."""
    values: dict[str, Any] = {
        "id": "bank",
        "names": {"en": "Bank", "et": "Pank"},
        "did": "did:web:bank.example",
        "certificates": (x509.fingerprint(pki().leaf),),
        "origins": (VERIFIER,),
        "purposes": (purpose(),),
    }
    return ListedAgency(**{**values, **changes})


def issuer(**changes: Any) -> ListedIssuer:
    """Return a listed issuer of e-residency."""
    values: dict[str, Any] = {
        "id": ISSUER,
        "names": {"en": "Registry"},
        "types": frozenset({VCT}),
        "anchors": (pki("credential_signing", "registry", "id.example").root,),
        "leaf_names": (ISSUER,),
    }
    return ListedIssuer(**{**values, **changes})


def trust(*agencies: ListedAgency) -> VerifierTrust:
    """Return the trust of a wallet that has a list with these agencies (default: `agency()`)."""
    return VerifierTrust(
        trusted_list=TrustedList(
            publisher=ISSUER,
            sequence=1,
            issued_at=NOW,
            expires_at=NOW + timedelta(hours=24),
            next_key="A" * 43,
            issuers=(issuer(),),
            agencies=agencies or (agency(),),
            request_anchors=(pki().root,),
        )
    )


def resign(token: str, by: LocalSigner, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Return a token with header members and claims changed (None takes one out), signed anew."""
    jws = parse_jws(token)
    merged = {**jws.unverified_claims(), **claims}
    protected = {**jws.header, **(header or {})}
    typ = protected.pop("typ")
    protected.pop("alg")
    return sign_jws(
        {name: value for name, value in merged.items() if value is not None},
        typ=typ,
        signer=by,
        header={name: value for name, value in protected.items() if value is not None},
    )


def tampered(token: str) -> str:
    """Return a token with another character in the middle of its signature."""
    head, _, signature = token.rpartition(".")
    at = len(signature) // 2
    return f"{head}.{signature[:at]}{'A' if signature[at] != 'A' else 'B'}{signature[at + 1 :]}"


def refused(act: Callable[[], object], *, error: str | None = None, code: str | None = None) -> IdError:
    """Run `act`, which must be refused, and return the error: it has a code, words and a hint or an OAuth error."""
    with pytest.raises(IdError) as caught:
        act()
    assert caught.value.detail
    if error is not None:
        assert isinstance(caught.value, ProtocolError)
        assert caught.value.error == error, caught.value.detail
    if code is not None:
        assert caught.value.code == code, caught.value.detail
    return caught.value
