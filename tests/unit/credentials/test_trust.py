"""The trust policy: key, issuer and type linked in one place (T02, T03, T09)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from credentials.errors import FetchFailed, IssuerKeyUnresolvable, IssuerUntrusted, MalformedCredential, StatusInvalid
from credentials.formats.sd_jwt_vc_check import TYP
from credentials.jwt_vc_issuer import fetch_issuer_keys, metadata_url, pick_key
from credentials.trust import TrustedIssuer, TrustPolicy, find_issuer_key, find_status_key
from credentials.x509 import fingerprint, x5c_encode
from did.encoding import b64url_encode
from did.methods.base import Fetched
from tests.unit.credentials.world import (
    BASE,
    ISSUER,
    LEAF,
    NOW,
    OTHER,
    POLICY,
    ROOT,
    STATUS,
    STATUS_LEAF,
    TRUSTED,
    VCT,
    leaf,
    no_fetch,
)

HEADER = {"alg": "ES256", "typ": TYP, "x5c": x5c_encode([LEAF])}
CLAIMS = {"iss": BASE, "vct": VCT}
DID = "did:web:issuer.example"
KEY_ID = f"{DID}#key-1"


def did_document(**changes: Any) -> dict[str, Any]:
    method = {"id": KEY_ID, "type": "JsonWebKey", "controller": DID, "publicKeyJwk": ISSUER.public_key.to_jwk()}
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": DID,
        "verificationMethod": [method],
        "assertionMethod": [KEY_ID],
        **changes,
    }


class Web:
    """Answers from a table of addresses; notes what was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        self.asked.append(url)
        answer = self.answers.get(url, 404)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Fetched):
            return answer
        if isinstance(answer, int):
            return Fetched(answer, "text/plain", b"")
        return Fetched(200, "application/json", json.dumps(answer).encode())


def find(
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    *,
    policy: TrustPolicy = POLICY,
    fetch: Any = no_fetch,
    now: Any = NOW,
) -> Any:
    return find_issuer_key(header or HEADER, claims or CLAIMS, policy=policy, fetch=fetch, now=now)


def only(**changes: Any) -> TrustPolicy:
    """Return a policy with one entry: the standard one, changed."""
    return TrustPolicy(issuers=(replace(TRUSTED, **changes),))


def test_by_certificate() -> None:
    found = find()
    assert (found.issuer, found.key, found.source) == (TRUSTED, ISSUER.public_key, "x5c")
    assert len(found.authority_key_ids) == 1
    assert find(claims={"vct": VCT}).key == ISSUER.public_key


def test_T09_issuer_not_trusted_or_not_for_this_type() -> None:
    for claims in (
        {**CLAIMS, "vct": VCT + "/2"},
        {**CLAIMS, "vct": VCT.upper()},
        {**CLAIMS, "iss": BASE + "/"},
        {**CLAIMS, "iss": BASE.replace("id", "іd")},
        {**CLAIMS, "iss": "https://evil.example"},
        {"iss": BASE},
        {"iss": BASE, "vct": [VCT]},
    ):
        with pytest.raises(IssuerUntrusted):
            find(claims=claims)
    with pytest.raises(MalformedCredential):
        find(claims={**CLAIMS, "iss": None})
    with pytest.raises(IssuerUntrusted):
        find(policy=only(types=frozenset({"urn:other"})))


def test_T09_one_root_two_issuers() -> None:
    """A trusted root does not make every leaf below it this issuer."""
    neighbour = leaf(uris=["https://neighbour.example"], public_key=OTHER.public_key)
    with pytest.raises(IssuerUntrusted, match="another name"):
        find({**HEADER, "x5c": x5c_encode([neighbour])})
    both = TrustPolicy(
        issuers=(
            TRUSTED,
            replace(TRUSTED, id="https://neighbour.example", types=frozenset({VCT})),
        )
    )
    found = find({**HEADER, "x5c": x5c_encode([neighbour])}, {"vct": VCT}, policy=both)
    assert found.issuer.id == "https://neighbour.example"
    with pytest.raises(IssuerUntrusted):
        find({**HEADER, "x5c": x5c_encode([neighbour])}, CLAIMS, policy=both)


def test_T03_names_of_leaves() -> None:
    named = leaf(uris=(), dns_names=["signer.id.example"])
    header = {**HEADER, "x5c": x5c_encode([named])}
    assert find(header, policy=only(leaf_names=frozenset({"signer.id.example"}))).key == ISSUER.public_key
    for names in (frozenset(), frozenset({"id.example"}), frozenset({"SIGNER.id.example"})):
        with pytest.raises(IssuerUntrusted):
            find(header, policy=only(leaf_names=names))
    with pytest.raises(IssuerUntrusted):
        find({**HEADER, "x5c": x5c_encode([leaf(uris=())])})


def test_T02_nothing_in_the_token_replaces_the_policy() -> None:
    for header in (
        {"alg": "ES256", "jwk": ISSUER.public_key.to_jwk()},
        {"alg": "ES256", "kid": KEY_ID},
        {"alg": "ES256", "kid": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK#x"},
        {"alg": "ES256", "kid": "' OR 1=1 --"},
        {"alg": "ES256"},
    ):
        with pytest.raises(IssuerUntrusted):
            find(header)


def test_T02_no_fetch_for_strangers() -> None:
    web = Web({})
    for header, claims in (
        ({"alg": "ES256", "kid": "x"}, {**CLAIMS, "iss": "https://evil.example"}),
        ({"alg": "ES256", "kid": "did:web:evil.example#k"}, {**CLAIMS, "iss": "did:web:evil.example"}),
        ({"alg": "ES256", "kid": "did:web:evil.example#k"}, CLAIMS),
        ({"alg": "ES256", "kid": "x"}, CLAIMS),
    ):
        with pytest.raises(IssuerUntrusted):
            find(header, claims, fetch=web, policy=only(dids=frozenset({DID})))
    assert web.asked == []


def test_by_did() -> None:
    policy = only(anchors=(), dids=frozenset({DID}))
    web = Web({"https://issuer.example/.well-known/did.json": did_document()})
    for header, claims in (
        ({"kid": KEY_ID}, {**CLAIMS, "iss": DID}),
        ({"kid": "#key-1"}, {**CLAIMS, "iss": DID}),
        ({"kid": KEY_ID}, CLAIMS),
        ({"kid": KEY_ID}, {"vct": VCT}),
        ({"kid": KEY_ID, "x5c": ["ignored: the policy holds no root"]}, CLAIMS),
    ):
        found = find(header, claims, policy=policy, fetch=web)
        assert (found.key, found.source, found.issuer.id) == (ISSUER.public_key, "did", BASE)


def test_by_did_that_is_its_own_key() -> None:
    did = f"did:key:{ISSUER.public_key.to_multikey()}"
    policy = only(dids=frozenset({did}), anchors=())
    for kid in ({}, {"kid": f"{did}#{did[8:]}"}):
        assert find({"alg": "ES256", **kid}, {**CLAIMS, "iss": did}, policy=policy).key == ISSUER.public_key
    jwk = json.dumps(ISSUER.public_key.to_jwk()).encode()
    did = f"did:jwk:{b64url_encode(jwk)}"
    policy = only(dids=frozenset({did}), anchors=())
    assert find({"alg": "ES256"}, {**CLAIMS, "iss": did}, policy=policy).key == ISSUER.public_key


def test_by_did_refusals() -> None:
    policy = only(anchors=(), dids=frozenset({DID}))
    claims = {**CLAIMS, "iss": DID}
    address = "https://issuer.example/.well-known/did.json"
    for answer in (
        did_document(assertionMethod=[]),
        did_document(id="did:web:other.example"),
        did_document(verificationMethod=[], assertionMethod=[]),
        404,
    ):
        with pytest.raises((IssuerKeyUnresolvable, FetchFailed)):
            find({"kid": KEY_ID}, claims, policy=policy, fetch=Web({address: answer}))
    with pytest.raises(FetchFailed):
        find({"kid": KEY_ID}, claims, policy=policy, fetch=Web({address: FetchFailed("down")}))
    for kid in (f"{DID}x#key-1", "did:web:other.example#key-1", "key-1", ""):
        with pytest.raises(IssuerUntrusted):
            find({"kid": kid}, claims, policy=policy, fetch=Web({address: did_document()}))


# --- JWT VC issuer metadata ----------------------------------------------------------------------

PLACE = f"{BASE}/.well-known/jwt-vc-issuer"
JWK = {**ISSUER.public_key.to_jwk(), "kid": "k1"}


def test_by_published_keys() -> None:
    policy = only(anchors=(), jwks_issuer=True)
    web = Web({PLACE: {"issuer": BASE, "jwks": {"keys": [{"kty": "RSA", "kid": "r"}, JWK]}}})
    found = find({"kid": "k1"}, policy=policy, fetch=web)
    assert (found.key, found.source) == (ISSUER.public_key, "jwt-vc-issuer")
    with pytest.raises(IssuerUntrusted):
        find({"kid": "k1"}, {"vct": VCT}, policy=policy, fetch=web)
    with pytest.raises(IssuerUntrusted):
        find({"kid": "k1"}, policy=only(anchors=()), fetch=web)
    assert web.asked == [PLACE]


@pytest.mark.parametrize(
    "answer",
    [
        {"issuer": BASE + "/", "jwks": {"keys": [JWK]}},
        {"jwks": {"keys": [JWK]}},
        {"issuer": BASE},
        {"issuer": BASE, "jwks": {"keys": [JWK]}, "jwks_uri": f"{BASE}/keys"},
        {"issuer": BASE, "jwks": []},
        {"issuer": BASE, "jwks": {"keys": {}}},
        {"issuer": BASE, "jwks": {"keys": [1]}},
        {"issuer": BASE, "jwks": {"keys": [JWK] * 65}},
        {"issuer": BASE, "jwks_uri": "http://id.example/keys"},
        {"issuer": BASE, "jwks_uri": 5},
        [],
        Fetched(200, "text/html", b"{}"),
        Fetched(200, "application/json", b'{"issuer":"a","issuer":"b"}'),
        Fetched(301, "application/json", b"{}"),
        404,
    ],
)
def test_metadata_that_cannot_be_used(answer: Any) -> None:
    with pytest.raises(IssuerKeyUnresolvable):
        fetch_issuer_keys(BASE, fetch=Web({PLACE: answer}))


@pytest.mark.parametrize("answer", [500, 503, 429, FetchFailed("down")])
def test_metadata_that_is_not_to_be_had(answer: Any) -> None:
    with pytest.raises(FetchFailed):
        fetch_issuer_keys(BASE, fetch=Web({PLACE: answer}))


def test_picking_a_key() -> None:
    assert pick_key([JWK], "k1") == pick_key([JWK], None) == ISSUER.public_key
    for keys, kid in (
        ([JWK], "k2"),
        ([JWK, JWK], "k1"),
        ([JWK, {**JWK, "kid": "k2"}], None),
        ([], None),
        ([{**JWK, "kid": 1}], 1),
        ([{**JWK, "use": "enc"}], "k1"),
        ([{**JWK, "d": "AA"}], "k1"),
        ([{"kid": "k1", "kty": "oct", "k": "AA"}], "k1"),
    ):
        with pytest.raises(IssuerKeyUnresolvable):
            pick_key(keys, kid)


def test_where_metadata_lies() -> None:
    assert metadata_url("https://a.example/tenant/1/") == "https://a.example/.well-known/jwt-vc-issuer/tenant/1"
    assert metadata_url("http://localhost:8000") == "http://localhost:8000/.well-known/jwt-vc-issuer"
    for issuer in ("", "a", "did:web:a", "https://", "https://u:p@a.example", "https://a/?q", "https://[", "ftp://a"):
        with pytest.raises(IssuerKeyUnresolvable):
            metadata_url(issuer)


# --- the rest ------------------------------------------------------------------------------------


def test_policy_lookups_are_exact() -> None:
    policy = only(dids=frozenset({DID}))
    assert policy.issuers_for(VCT) == policy.issuers and policy.issuers_for(VCT[:-1]) == ()
    assert policy.get(BASE) == policy.get(DID) == policy.issuers[0]
    assert policy.get(BASE + "/") is None
    assert policy == only(dids=frozenset({DID}))


def test_status_keys_follow_the_same_rules() -> None:
    header = {"x5c": x5c_encode([STATUS_LEAF])}
    found = find_status_key(header, TRUSTED, fetch=no_fetch, now=NOW)
    assert found.key == STATUS.public_key and found.until is not None and found.until > NOW
    for bad in ({"x5c": x5c_encode([LEAF])}, {"x5c": x5c_encode([STATUS_LEAF, ROOT])}, {}, {"kid": KEY_ID}):
        with pytest.raises(StatusInvalid):
            find_status_key(bad, TRUSTED, fetch=no_fetch, now=NOW)
    with pytest.raises(StatusInvalid):
        find_status_key(header, TRUSTED, fetch=no_fetch, now=NOW + timedelta(days=999))
    by_did = replace(TRUSTED, anchors=(), dids=frozenset({DID}))
    web = Web({"https://issuer.example/.well-known/did.json": did_document()})
    assert find_status_key({"kid": KEY_ID}, by_did, fetch=web, now=NOW).key == ISSUER.public_key
    by_keys = replace(TRUSTED, anchors=(), jwks_issuer=True)
    keys = Web({PLACE: {"issuer": BASE, "jwks": {"keys": [JWK]}}})
    assert find_status_key({"kid": "k1"}, by_keys, fetch=keys, now=NOW) == (ISSUER.public_key, None)
    with pytest.raises(FetchFailed):
        find_status_key({"kid": "k1"}, by_keys, fetch=Web({PLACE: 503}), now=NOW)


def test_status_anchors_of_their_own() -> None:
    separate = TrustedIssuer(id=BASE, types=frozenset({VCT}), anchors=(ROOT,), status_anchors=(LEAF,))
    with pytest.raises(StatusInvalid):
        find_status_key({"x5c": x5c_encode([STATUS_LEAF])}, separate, fetch=no_fetch, now=NOW)
    assert fingerprint(LEAF) != fingerprint(STATUS_LEAF)
