"""A small world for tests of credentials: a root, an issuer, a status list, a holder, and hostile variants of each."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from credentials import sd_jwt
from credentials.claims import ClaimPath
from credentials.errors import FetchFailed
from credentials.formats import FORMATS
from credentials.formats.base import IssueRequest, StatusReference
from credentials.openid.dcql import Query, parse_query
from credentials.status.token_status_list import StatusList, build_token
from credentials.trust import TrustedIssuer, TrustPolicy
from credentials.verify import Expected, FetchedStatusList, Verdict, verify, verify_vp_token
from credentials.x509 import make_leaf, make_root, x5c_encode
from did.encoding import b64url_encode
from did.keys import PrivateKey
from did.methods.base import Fetched
from did.signing import LocalSigner, Signer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BASE = "https://id.example"
VCT = f"{BASE}/vct/e-residency/1"
LIST_URI = f"{BASE}/status-lists/7"
INDEX = 77
AUDIENCE = "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk"
NONCE = "bUtJdjJESWdmTWNjb011YQ-and-more"

CLAIMS: dict[str, Any] = {
    "family_name": "Tamm-Planted",
    "given_name": "Mari-Planted",
    "birthdate": "1990-05-01",
    "personal_administrative_number": "49005010001",
    "nationalities": ["EE", "FI"],
    "address": {"locality": "Tallinn-Planted", "country": "EE"},
    "assurance_level": "high",
}
DISCLOSABLE: tuple[ClaimPath, ...] = (
    ("family_name",),
    ("given_name",),
    ("birthdate",),
    ("personal_administrative_number",),
    ("nationalities", None),
    ("address",),
    ("address", "locality"),
    ("address", "country"),
    ("assurance_level",),
)
ASKED: tuple[ClaimPath, ...] = (("family_name",), ("nationalities", None), ("address", "country"))


def signer() -> LocalSigner:
    """Return a signer over a new P-256 key."""
    return LocalSigner(PrivateKey.generate("ES256"))


ROOT_KEY, ISSUER, STATUS, HOLDER, OTHER = signer(), signer(), signer(), signer(), signer()
ROOT = make_root(name="Test root", signer=ROOT_KEY, now=NOW - timedelta(days=30), lifetime=timedelta(days=3650))


def leaf(**changes: Any) -> bytes:
    """Return a leaf for the issuer's key under the test root, with these arguments changed."""
    arguments: dict[str, Any] = {
        "profile": "credential_signing",
        "subject_name": "id.example",
        "uris": [BASE],
        "public_key": ISSUER.public_key,
        "root": ROOT,
        "root_signer": ROOT_KEY,
        "now": NOW - timedelta(days=1),
        "lifetime": timedelta(days=365),
    }
    return make_leaf(**(arguments | changes))


LEAF = leaf()
STATUS_LEAF = leaf(profile="status_signing", public_key=STATUS.public_key)
TRUSTED = TrustedIssuer(id=BASE, types=frozenset({VCT}), anchors=(ROOT,))
POLICY = TrustPolicy(issuers=(TRUSTED,), label="list of 2026-11-22")
QUERY = parse_query(
    {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [VCT]},
                "claims": [{"path": list(path)} for path in ASKED],
            }
        ]
    }
)


def no_fetch(url: str, *, accept: str, max_bytes: int) -> Fetched:
    """Refuse to reach any network."""
    raise FetchFailed(f"nothing may be fetched here: {url} as {accept}, {max_bytes} bytes")


@dataclass
class Statuses:
    """A status source with one list; `values` by index, `token` to put something else in its place."""

    values: Mapping[int, int] = field(default_factory=dict)
    fetched_at: datetime = NOW
    signer: Signer = STATUS
    x5c: Sequence[bytes] = (STATUS_LEAF,)
    uri: str = LIST_URI
    expires_at: datetime = NOW + timedelta(days=1)
    token: str | None = None
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the list's token, freshly built."""
        self.asked.append(uri)
        if self.down:
            raise FetchFailed("the list's host does not answer")
        statuses = StatusList.empty(2, 1 << 17)
        for index, value in self.values.items():
            statuses.set(index, value)
        token = self.token or build_token(
            statuses,
            uri=self.uri,
            signer=self.signer,
            x5c=x5c_encode(self.x5c),
            issued_at=min(self.fetched_at, NOW),
            expires_at=self.expires_at,
            ttl=timedelta(seconds=300),
        )
        return FetchedStatusList(token, self.fetched_at)


def request(**changes: Any) -> IssueRequest:
    """Return the request for the standard test credential, with these members changed."""
    arguments: dict[str, Any] = {
        "type": VCT,
        "issuer": BASE,
        "claims": CLAIMS,
        "disclosable": DISCLOSABLE,
        "holder_key": HOLDER.public_key,
        "issued_at": NOW.replace(hour=0),
        "valid_until": NOW.replace(hour=0) + timedelta(days=14),
        "status": StatusReference(uri=LIST_URI, index=INDEX),
        "x5c": x5c_encode([LEAF]),
    }
    return IssueRequest(**(arguments | changes))


def credential(*, by: Signer = ISSUER, **changes: Any) -> str:
    """Return a credential of the standard request, with these members changed."""
    return FORMATS["dc+sd-jwt"].issue(request(**changes), signer=by)


def raw_jws(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, by: Signer = ISSUER) -> str:
    """Return a JWS with exactly this header and payload, whatever they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signed = ".".join(b64url_encode(part) for part in parts)
    return f"{signed}.{b64url_encode(by.sign(signed.encode()))}"


def payload_of(text: str) -> dict[str, Any]:
    """Return the signed payload of an SD-JWT."""
    return sd_jwt.parse_sd_jwt(text).jws.unverified_claims()


def forged(
    change: Callable[[dict[str, Any], dict[str, Any]], None] = lambda header, payload: None,
    *,
    by: Signer = ISSUER,
    source: str | None = None,
    disclosures: Sequence[str] | None = None,
) -> str:
    """Return a credential whose header and payload were changed before signing (by the true issuer, if not said)."""
    parsed = sd_jwt.parse_sd_jwt(source or credential())
    header, payload = dict(parsed.jws.header), parsed.jws.unverified_claims()
    change(header, payload)
    texts = parsed.disclosures if disclosures is None else disclosures
    return "~".join([raw_jws(header, payload, by), *texts, ""])


def present(
    text: str | None = None,
    *,
    disclose: Collection[ClaimPath] = ASKED,
    by: Signer | None = HOLDER,
    nonce: str = NONCE,
    audience: str = AUDIENCE,
    now: datetime = NOW,
    **options: Any,
) -> str:
    """Return a presentation of this (or the standard) credential."""
    return FORMATS["dc+sd-jwt"].present(
        text or credential(),
        disclose=disclose,
        signer=by,
        audience=audience,
        nonce=nonce,
        now=now,
        **options,
    )


def bound(presentation: str, claims: Mapping[str, Any] | None = None, *, by: Signer = HOLDER, **changes: Any) -> str:
    """Return an SD-JWT with a key-binding JWT of exactly these claims: the right ones, changed; None removes one."""
    members = {
        "iat": int(NOW.timestamp()),
        "aud": AUDIENCE,
        "nonce": NONCE,
        "sd_hash": sd_jwt.digest_of(presentation),
        **(claims or {}),
        **changes,
    }
    kept = {name: value for name, value in members.items() if value is not None}
    return presentation + raw_jws({"alg": "ES256", "typ": "kb+jwt"}, kept, by)


def judge(
    presentation: object,
    *,
    query: Query | None = QUERY,
    policy: TrustPolicy = POLICY,
    statuses: Any = None,
    fetch: Any = no_fetch,
    now: datetime = NOW,
    **expected: Any,
) -> Verdict:
    """Judge an answer to the standard request; a mapping is a whole `vp_token`."""
    wanted = Expected(**{"nonce": NONCE, "audience": AUDIENCE, "query": query, **expected})
    source = statuses or Statuses()
    if isinstance(presentation, str) and query is None:
        return verify(presentation, expected=wanted, policy=policy, fetch=fetch, statuses=source, now=now)
    token = {"e": [presentation]} if isinstance(presentation, str) else presentation
    return verify_vp_token(token, expected=wanted, policy=policy, fetch=fetch, statuses=source, now=now)
