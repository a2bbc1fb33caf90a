"""The `dc+sd-jwt` row: issue, parse, present, and what its examination adds (T17, T19, T20, T62, T63)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials import sd_jwt
from credentials.errors import (
    ClaimMissing,
    HolderBindingInvalid,
    IdError,
    MalformedCredential,
    TransactionMismatch,
)
from credentials.formats import FORMATS
from credentials.formats.base import CheckContext, StatusReference
from credentials.formats.sd_jwt_vc_check import NEVER_DISCLOSED
from credentials.trust import TrustPolicy
from credentials.type_metadata import integrity
from did.encoding import b64url_decode, b64url_encode
from did.keys import PrivateKey
from did.signing import LocalSigner
from tests.unit.credentials.test_trust import DID, JWK, KEY_ID, PLACE, Web, did_document
from tests.unit.credentials.world import (
    AUDIENCE,
    BASE,
    CLAIMS,
    HOLDER,
    INDEX,
    ISSUER,
    LIST_URI,
    NONCE,
    NOW,
    POLICY,
    TRUSTED,
    VCT,
    bound,
    credential,
    forged,
    judge,
    no_fetch,
    payload_of,
    present,
)

FORMAT = FORMATS["dc+sd-jwt"]


def context(**changes: Any) -> CheckContext:
    arguments: dict[str, Any] = {"policy": POLICY, "fetch": no_fetch, "now": NOW, "nonce": NONCE, "audience": AUDIENCE}
    return CheckContext(**(arguments | changes))


def disclosure(*parts: Any) -> str:
    return b64url_encode(json.dumps(list(parts)).encode())


def test_what_is_issued() -> None:
    text = credential(type_integrity="sha256-AAAA", key_id="k", decoys=1, valid_from=NOW)
    parsed = sd_jwt.parse_sd_jwt(text)
    payload = parsed.jws.unverified_claims()
    assert parsed.jws.header["typ"] == "dc+sd-jwt" and parsed.jws.header["kid"] == "k"
    assert {name: payload[name] for name in ("iss", "vct", "vct#integrity", "cnf", "status")} == {
        "iss": BASE,
        "vct": VCT,
        "vct#integrity": "sha256-AAAA",
        "cnf": {"jwk": HOLDER.public_key.to_jwk()},
        "status": {"status_list": {"idx": INDEX, "uri": LIST_URI}},
    }
    assert payload["nbf"] == int(NOW.timestamp()) and payload["exp"] - payload["iat"] == 14 * 86400
    assert not CLAIMS.keys() - {"nationalities"} & payload.keys()


def test_only_what_was_asked_for_is_set() -> None:
    bare = credential(issued_at=None, valid_until=None, holder_key=None, status=None, x5c=(), issuer=None)
    assert payload_of(bare).keys() == {"vct", "nationalities", "_sd", "_sd_alg"}
    assert sd_jwt.parse_sd_jwt(bare).jws.header == {"alg": "ES256", "typ": "dc+sd-jwt"}


@pytest.mark.parametrize("name", sorted(NEVER_DISCLOSED | {"iat"}))
def test_T17_registered_claims_are_the_issuers_and_never_disclosable(name: str) -> None:
    with pytest.raises(MalformedCredential):
        credential(claims={**CLAIMS, name: "x"})
    with pytest.raises(MalformedCredential):
        credential(disclosable=[(name, "jwk")])


@pytest.mark.parametrize("name", sorted(NEVER_DISCLOSED))
def test_T17_registered_claims_by_disclosure(name: str) -> None:
    """Hidden in the credential and shown to us: refused, whatever its value."""
    value = payload_of(credential(type_integrity="sha256-AA", valid_from=NOW)).get(name, ["urn:other"])
    text = disclosure("salt", name, value)

    def hide(header: dict[str, Any], payload: dict[str, Any]) -> None:
        payload["_sd"].append(sd_jwt.digest_of(text))
        if name not in ("vct", "iss", "cnf"):
            payload.pop(name, None)

    presentation = bound(forged(hide, disclosures=[text]))
    verdict = judge(presentation)
    assert verdict.code == "disclosure_invalid"


@pytest.mark.parametrize("name", ["cnf", "status"])
def test_T17_parts_of_registered_claims_may_not_hide(name: str) -> None:
    def hide(header: dict[str, Any], payload: dict[str, Any]) -> None:
        payload[name]["_sd"] = ["A" * 43]

    assert judge(present(forged(hide))).code == "disclosure_invalid"


def test_iat_and_sub_may_be_disclosed_and_iat_still_counts() -> None:
    for value, code in ((int(NOW.timestamp()), None), (int(NOW.timestamp()) + 3600, "credential_not_yet_valid")):
        texts = [disclosure("s", "iat", value), disclosure("s", "sub", "urn:x")]

        def hide(header: dict[str, Any], payload: dict[str, Any], texts: list[str] = texts) -> None:
            payload.pop("iat")
            payload["_sd"] += [sd_jwt.digest_of(text) for text in texts]

        verdict = judge(bound(forged(hide, disclosures=texts)), query=None)
        assert verdict.code == code


def test_parse_for_the_wallet() -> None:
    parsed = FORMAT.parse(credential())
    assert (parsed.format, parsed.type, parsed.issuer) == ("dc+sd-jwt", VCT, BASE)
    assert {name: parsed.unverified_claims[name] for name in CLAIMS} == CLAIMS
    assert parsed.holder_key == HOLDER.public_key
    assert parsed.status == StatusReference(uri=LIST_URI, index=INDEX)
    assert parsed.valid_until == NOW.replace(hour=0) + timedelta(days=14) and parsed.valid_from is None
    assert len(parsed.authority_key_ids) == 1
    assert ("nationalities", 1) in parsed.disclosable and ("address", "country") in parsed.disclosable
    bare = FORMAT.parse(credential(holder_key=None, status=None, x5c=(), issuer=None))
    assert (bare.holder_key, bare.status, bare.issuer, bare.authority_key_ids) == (None, None, None, ())


def test_parse_gives_each_caller_claims_of_its_own() -> None:
    text = credential()
    FORMAT.parse(text).unverified_claims["nationalities"].append("XX")
    assert FORMAT.parse(text).unverified_claims["nationalities"] == ["EE", "FI"]


def test_parse_refuses_what_comes_with_a_binding() -> None:
    with pytest.raises(MalformedCredential):
        FORMAT.parse(present())
    with pytest.raises(MalformedCredential):
        FORMAT.parse(forged(lambda header, payload: payload.update(vct=1)))


def test_present_discloses_the_least() -> None:
    text = present()
    shown = sd_jwt.process(payload_of(text), sd_jwt.parse_sd_jwt(text).disclosures)
    assert set(shown.disclosed) == {
        ("family_name",),
        ("nationalities", 0),
        ("nationalities", 1),
        ("address",),
        ("address", "country"),
    }
    with pytest.raises(ClaimMissing):
        present(disclose=[("pet",)])


def test_present_protects_the_proofs_own_claims() -> None:
    for name in ("nonce", "aud", "iat", "sd_hash", "transaction_data_hashes"):
        with pytest.raises(MalformedCredential):
            present(extra={name: "x"})
    proof = sd_jwt.parse_sd_jwt(present(extra={"issue_receipt": "r"})).kb_jwt
    assert proof is not None and json.loads(b64url_decode(proof.split(".")[1]))["issue_receipt"] == "r"
    with pytest.raises(MalformedCredential):
        present(by=None, transaction_data=["e30"])
    with pytest.raises(TransactionMismatch):
        present(transaction_data=["e30"], transaction_data_alg="md5")


def test_present_uses_the_credentials_hash_for_sd_hash() -> None:
    issued = sd_jwt.issue(
        {"vct": VCT, "iss": BASE, "cnf": {"jwk": HOLDER.public_key.to_jwk()}, "family_name": "X"},
        disclosable=[("family_name",)],
        signer=ISSUER,
        typ="dc+sd-jwt",
        header={"x5c": sd_jwt.parse_sd_jwt(credential()).jws.header["x5c"]},
        hash_alg="sha-512",
    )
    verified = FORMAT.verify(present(issued, disclose=[("family_name",)]), context())
    assert verified.claims["family_name"] == "X" and verified.holder_bound


def test_verified_credential() -> None:
    verified = FORMAT.verify(present(), context())
    assert verified.types == (VCT,) and verified.issuer == TRUSTED and verified.hidden == 5
    assert verified.subject_claims == {
        "family_name": "Tamm-Planted",
        "nationalities": ["EE", "FI"],
        "address": {"country": "EE"},
    }
    assert verified.proof["nonce"] == NONCE and verified.valid_from is None
    with pytest.raises(IdError):
        FORMAT.verify({"not": "text"}, context())


def test_cnf_must_be_a_jwk() -> None:
    def with_cnf(cnf: Any) -> str:
        return bound(forged(lambda header, payload: payload.update(cnf=cnf)))

    symmetric = {"kty": "oct", "k": "AA"}
    bad: list[Any] = [None, {}, {"kid": "x"}, {"jkt": "x"}, {"jwk": None}, {"jwk": symmetric}, {"jwk": {}}]
    for cnf in bad:
        with pytest.raises(HolderBindingInvalid):
            FORMAT.verify(with_cnf(cnf), context())
    private = {"jwk": HOLDER.key.export_jwk()}
    with pytest.raises(HolderBindingInvalid):
        FORMAT.verify(with_cnf(private), context())


@pytest.mark.parametrize("alg", ["ES384", "Ed25519"])
def test_issuers_and_holders_with_other_algorithms(alg: Any) -> None:
    issuer, holder = LocalSigner(PrivateKey.generate(alg)), LocalSigner(PrivateKey.generate(alg))
    did = f"did:key:{issuer.public_key.to_multikey()}"
    policy = TrustPolicy(issuers=(replace(TRUSTED, anchors=(), dids=frozenset({did})),))
    text = credential(by=issuer, issuer=did, x5c=(), holder_key=holder.public_key, status=None)
    assert judge(present(text, by=holder), policy=policy).verdict == "valid"
    pinned = TrustPolicy(issuers=(replace(policy.issuers[0], algs=frozenset({"ES256"})),))
    assert judge(present(text, by=holder), policy=pinned).code == "algorithm_not_allowed"


def test_issuer_by_did_and_by_published_keys_in_a_verdict() -> None:
    by_did = TrustPolicy(issuers=(replace(TRUSTED, anchors=(), dids=frozenset({DID})),))
    web = Web({"https://issuer.example/.well-known/did.json": did_document()})
    text = credential(issuer=DID, x5c=(), key_id=KEY_ID, status=None)
    assert judge(present(text), policy=by_did, fetch=web).verdict == "valid"
    by_keys = TrustPolicy(issuers=(replace(TRUSTED, anchors=(), jwks_issuer=True),))
    published = {"issuer": BASE, "jwks": {"keys": [JWK]}}
    text = credential(x5c=(), key_id="k1", status=None)
    assert judge(present(text), policy=by_keys, fetch=Web({PLACE: published})).verdict == "valid"
    silent = judge(present(text), policy=by_keys)
    assert (silent.verdict, silent.code) == ("undetermined", "issuer_key_unresolvable")
    assert silent.failures[0].name == "issuer_trust"
    wrong = judge(present(text), policy=by_keys, fetch=Web({PLACE: {"issuer": BASE}}))
    assert (wrong.verdict, wrong.code) == ("invalid", "issuer_key_unresolvable")


# --- type metadata (T20) -------------------------------------------------------------------------

PARENT = "urn:eu:residency:1"


def _document(vct: str, **members: Any) -> bytes:
    return json.dumps({"vct": vct, **members}).encode()


def _with_types(**documents: bytes) -> TrustPolicy:
    return TrustPolicy(issuers=(TRUSTED,), metadata={VCT: documents["own"], PARENT: documents.get("parent", b"{}")})


RULES = [
    {"path": ["family_name"], "mandatory": True, "sd": "always"},
    {"path": ["nationalities"], "sd": "never", "mandatory": True},
    {"path": ["nationalities", None], "sd": "always"},
]


def test_T20_metadata_whose_rules_hold() -> None:
    own = _document(VCT, claims=RULES)
    assert judge(present(credential(type_integrity=integrity(own))), policy=_with_types(own=own)).verdict == "valid"
    # one of two items shown: their rules look at issued positions
    query_less = judge(present(disclose=[("nationalities", 1)]), policy=_with_types(own=own), query=None)
    assert query_less.verdict == "valid" and query_less.credentials[0].claims == {"nationalities": ["FI"]}


def test_T20_metadata_not_matching_its_integrity_hash() -> None:
    own = _document(VCT, claims=RULES)
    text = credential(type_integrity=integrity(own + b" "))
    verdict = judge(present(text), policy=_with_types(own=own))
    assert (verdict.code, verdict.failures[0].name) == ("type_unexpected", "type")
    assert judge(present(forged(lambda h, p: p.update({"vct#integrity": 5})))).code == "type_unexpected"
    # a type whose metadata nobody gave us is accepted without its rules, and nothing is fetched
    assert judge(present(text)).verdict == "valid"


def test_T20_circular_extends() -> None:
    own, parent = _document(VCT, extends=PARENT), _document(PARENT, extends=VCT)
    assert judge(present(), policy=_with_types(own=own, parent=parent)).code == "type_unexpected"


def test_T20_extended_types_answer_for_their_parents() -> None:
    own, parent = _document(VCT, extends=PARENT), _document(PARENT)
    policy = _with_types(own=own, parent=parent)
    verdict = judge(present(), policy=policy, query=None, types=frozenset({PARENT}))
    assert verdict.verdict == "valid" and verdict.verified[0].types == (VCT, PARENT)
    # but being allowed the child says nothing of the parent
    as_parent = forged(lambda header, payload: payload.update(vct=PARENT))
    assert judge(present(as_parent), policy=policy, query=None).code == "issuer_untrusted"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"path": ["family_name"], "sd": "never"}, "disclosure_invalid"),
        ({"path": ["nationalities"], "sd": "always"}, "disclosure_invalid"),
        ({"path": ["address", "country"], "sd": "never"}, "disclosure_invalid"),
    ],
)
def test_T20_metadata_rules_that_are_broken(rule: dict[str, Any], code: str) -> None:
    verdict = judge(present(), policy=_with_types(own=_document(VCT, claims=[rule])))
    assert (verdict.code, verdict.failures[0].name) == (code, "disclosures")


def test_T20_mandatory_claim_that_is_nowhere() -> None:
    own = _document(VCT, claims=[{"path": ["shoe_size"], "mandatory": True}])
    policy = _with_types(own=own)
    assert judge(present(), policy=policy).verdict == "valid"  # it may be among the hidden ones
    whole = FORMAT.verify(credential(), context(presenting=False))
    assert whole.hidden == 0
    with pytest.raises(ClaimMissing):
        FORMAT.verify(credential(), context(presenting=False, policy=policy))


# --- batches -------------------------------------------------------------------------------------


def test_T62_T63_copies_share_nothing_but_what_they_must() -> None:
    keys = [LocalSigner(PrivateKey.generate("ES256")) for _ in range(10)]
    copies = [
        credential(holder_key=key.public_key, status=StatusReference(uri=LIST_URI, index=at))
        for at, key in enumerate(keys)
    ]
    salts = [json.loads(b64url_decode(text))[0] for copy in copies for text in copy.split("~")[1:-1]]
    assert len(set(salts)) == len(salts)
    assert len({copy.split(".")[2].split("~")[0] for copy in copies}) == 10
    payloads = [payload_of(copy) for copy in copies]
    assert len({json.dumps(payload["cnf"]) for payload in payloads}) == 10
    digests = [digest for payload in payloads for digest in payload["_sd"]]
    assert len(set(digests)) == len(digests)
    # times are the caller's, and here rounded to the day: they tell nothing apart
    assert len({(payload["iat"], payload["exp"]) for payload in payloads}) == 1
    assert payloads[0]["iat"] % 86400 == 0


# --- any input -----------------------------------------------------------------------------------

GOOD = present()


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.text(alphabet="AZaz09-_~.=é\n", max_size=3), st.integers(0, 3))
def test_mutations_of_a_good_presentation_are_refused_without_surprise(at: int, put: str, cut: int) -> None:
    text = GOOD[:at] + put + GOOD[at + cut :]
    verdict = judge(text)
    assert verdict.verdict == ("valid" if text == GOOD else "invalid")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = sorted(NEVER_DISCLOSED | {"iat", "_sd", "_sd_alg", "...", "nationalities"})


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON, min_size=1, max_size=3))
def test_any_value_of_a_signed_member_gives_a_verdict(changes: dict[str, Any]) -> None:
    text = forged(lambda header, payload: payload.update(changes))
    verdict = judge(bound("~".join([text.partition("~")[0], ""])), query=None)
    assert verdict.verdict in ("valid", "invalid", "undetermined")
    try:
        FORMAT.parse(text)
    except IdError:
        pass


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "x5c", "jwk", "crit", "other"]), JSON, max_size=3))
def test_any_value_of_a_header_member_gives_a_verdict(changes: dict[str, Any]) -> None:
    assert judge(bound(forged(lambda header, payload: header.update(changes))), query=None).verdict in (
        "valid",
        "invalid",
    )


@settings(max_examples=150)
@given(JSON)
def test_any_answer_gives_a_verdict(answer: Any) -> None:
    assert judge(answer if not isinstance(answer, str) else [answer]).verdict == "invalid"
    assert judge({"e": answer}).verdict == "invalid"


def test_request_keeps_times_of_any_zone() -> None:
    east = datetime(2026, 12, 1, 2, 0, tzinfo=UTC).astimezone()
    assert payload_of(credential(valid_until=east))["exp"] == int(east.timestamp())
