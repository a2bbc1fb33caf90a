"""The ordered checks: each has an input that fails it and no other; verdicts, hints, privacy of what is said."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from credentials import sd_jwt
from credentials.errors import MalformedCredential
from credentials.openid.dcql import parse_query
from credentials.trust import TrustPolicy
from credentials.verdict import STAGES, Check, CredentialView, Verdict
from credentials.verify import Expected, NoStatus, verify, verify_credential
from credentials.x509 import x5c_encode
from did.encoding import b64url_encode
from tests.unit.credentials import world
from tests.unit.credentials.world import (
    AUDIENCE,
    BASE,
    CLAIMS,
    HOLDER,
    INDEX,
    ISSUER,
    LEAF,
    NONCE,
    NOW,
    OTHER,
    POLICY,
    QUERY,
    TRUSTED,
    VCT,
    Statuses,
    bound,
    credential,
    forged,
    judge,
    present,
)


def _drop(name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda header, payload: payload.pop(name)


def _set(**changes: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda header, payload: payload.update(changes)


def _head(**changes: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda header, payload: header.update(changes)


def transaction(**members: Any) -> str:
    """Return a transaction data string for the credential query `e`."""
    return b64url_encode(json.dumps({"type": "payment", "credential_ids": ["e"], **members}).encode())


PAYMENT = transaction(amount="12.00 EUR")


def _tampered(text: str) -> str:
    """Return the same credential with another valid-looking signature under it."""
    head, _, rest = text.partition("~")
    signed, _, _ = head.rpartition(".")
    return f"{signed}.{b64url_encode(OTHER.sign(signed.encode()))}~{rest}"


def _policy(issuer_changes: dict[str, Any]) -> TrustPolicy:
    return TrustPolicy(issuers=(replace(TRUSTED, **issuer_changes),))


def _bad_policy(views: Any) -> Check:
    return Check("library-card@2", "failed", "library rules 4", "no place left", "Come again in May.", "policy_not_met")


# stage -> inputs that fail there, with the code they must have
FAILING: list[tuple[str, str, str, Callable[[], Verdict]]] = [
    ("size", "huge", "too_large", lambda: judge("x" * (sd_jwt.MAX_SD_JWT_BYTES + 1))),
    ("shape", "no tilde", "malformed", lambda: judge(present().replace("~", "."))),
    ("shape", "vp_token is a string", "malformed", lambda: judge([present()])),
    ("shape", "unasked query id", "malformed", lambda: judge({"x": [present()]})),
    ("shape", "two for one", "malformed", lambda: judge({"e": [present(), present()]})),
    ("shape", "empty answer", "malformed", lambda: judge({})),
    ("shape", "not text", "malformed", lambda: judge({"e": [{"a": 1}]})),
    ("shape", "payload no object", "malformed", lambda: judge(world.raw_jws({"alg": "ES256"}, b"[]") + "~")),
    ("type", "other typ", "type_unexpected", lambda: judge(present(forged(_head(typ="vc+sd-jwt"))))),
    ("type", "other vct", "type_unexpected", lambda: judge(present(forged(_set(vct=VCT + "0"))))),
    ("type", "no vct", "type_unexpected", lambda: judge(present(forged(_set(vct=""))))),
    ("algorithm", "alg none", "algorithm_not_allowed", lambda: judge(bound(forged(_head(alg="none"))))),
    (
        "algorithm",
        "sd_alg",
        "algorithm_not_allowed",
        lambda: judge(bound(forged(_set(_sd_alg="sha-1"), disclosures=[]))),
    ),
    ("issuer_trust", "other iss", "issuer_untrusted", lambda: judge(present(forged(_set(iss=BASE + "/"))))),
    ("issuer_trust", "empty policy", "issuer_untrusted", lambda: judge(present(), policy=TrustPolicy())),
    (
        "issuer_trust",
        "alg of issuer",
        "algorithm_not_allowed",
        lambda: judge(present(), policy=_policy({"algs": frozenset({"ES384"})})),
    ),
    ("signature", "other signature", "signature_invalid", lambda: judge(bound(_tampered(present(by=None))))),
    (
        "time",
        "expired",
        "credential_expired",
        lambda: judge(present(credential(valid_until=NOW - timedelta(seconds=60)))),
    ),
    (
        "time",
        "not yet",
        "credential_not_yet_valid",
        lambda: judge(present(credential(valid_from=NOW + timedelta(seconds=61)))),
    ),
    ("time", "text", "malformed", lambda: judge(present(forged(_set(exp="tomorrow"))), query=None)),
    ("holder_binding", "no KB-JWT", "holder_binding_invalid", lambda: judge(present(by=None))),
    ("holder_binding", "nonce", "nonce_mismatch", lambda: judge(present(nonce=NONCE + "x"))),
    ("holder_binding", "audience", "audience_mismatch", lambda: judge(present(audience=AUDIENCE[:-1]))),
    ("transaction", "not confirmed", "transaction_mismatch", lambda: judge(present(), transaction_data=(PAYMENT,))),
    (
        "transaction",
        "other",
        "transaction_mismatch",
        lambda: judge(present(transaction_data=[transaction(amount="13.00 EUR")]), transaction_data=(PAYMENT,)),
    ),
    ("transaction", "not asked", "transaction_mismatch", lambda: judge(present(transaction_data=[PAYMENT]))),
    (
        "disclosures",
        "unreferenced",
        "disclosure_invalid",
        lambda: judge(bound(present(by=None) + b64url_encode(b'["salt","x",1]') + "~")),
    ),
    (
        "query",
        "claim missing",
        "claim_missing",
        lambda: judge(present(disclose=(("family_name",), ("nationalities",)))),
    ),
    (
        "query",
        "claim unrequested",
        "claim_unrequested",
        lambda: judge(present(disclose=(*world.ASKED, ("birthdate",)))),
    ),
    ("status", "revoked", "credential_revoked", lambda: judge(present(), statuses=Statuses({INDEX: 1}))),
    ("status", "suspended", "credential_suspended", lambda: judge(present(), statuses=Statuses({INDEX: 2}))),
    ("status", "unknown value", "status_invalid", lambda: judge(present(), statuses=Statuses({INDEX: 3}))),
    ("status", "unavailable", "status_unavailable", lambda: judge(present(), statuses=Statuses(down=True))),
    (
        "status",
        "malformed",
        "status_invalid",
        lambda: judge(present(forged(_set(status={"status_list": {"idx": -1, "uri": "u"}})))),
    ),
    ("library-card@2", "policy", "policy_not_met", lambda: judge(present(), policy_checks=(_bad_policy,))),
]


@pytest.mark.parametrize(("stage", "what", "code", "run"), FAILING, ids=[f"{row[0]}-{row[1]}" for row in FAILING])
def test_each_check_has_an_input_that_fails_it_and_no_other(
    stage: str, what: str, code: str, run: Callable[[], Verdict]
) -> None:
    verdict = run()
    assert [check.name for check in verdict.failures] == [stage], what
    assert verdict.code == verdict.failures[0].code == code
    assert verdict.verdict == ("undetermined" if code == "status_unavailable" else "invalid")
    assert verdict.failures[0].hint and verdict.failures[0].spec and verdict.failures[0].detail
    assert verdict.credentials == () and verdict.verified == ()
    names = [check.name for check in verdict.checks]
    assert names[:12] == list(STAGES)
    if stage in STAGES:
        at = STAGES.index(stage)
        assert all(check.outcome == "not_run" for check in verdict.checks[at + 1 :])
        assert all(check.outcome in ("passed", "not_run", "warning") for check in verdict.checks[:at])


def test_every_stage_has_a_failing_input() -> None:
    assert {row[0] for row in FAILING} >= set(STAGES)


def test_a_good_answer_is_valid_and_shows_what_was_asked_for() -> None:
    verdict = judge(present())
    assert verdict.verdict == "valid" and verdict.code is None
    assert [check.name for check in verdict.checks] == list(STAGES)
    assert {check.name: check.outcome for check in verdict.checks if check.outcome != "passed"} == {
        "transaction": "not_run"
    }
    view = verdict.credentials[0]
    assert view.to_json() == {
        "query_id": "e",
        "format": "dc+sd-jwt",
        "type": VCT,
        "issuer": BASE,
        "claims": {"family_name": "Tamm-Planted", "nationalities": ["EE", "FI"], "address": {"country": "EE"}},
        "status": "valid",
        "valid_until": "2026-12-06T00:00:00Z",
    }
    assert verdict.verified[0].holder_key == HOLDER.public_key
    assert verdict.to_json()["credentials"] == [view.to_json()]


def test_the_words_of_a_verdict_hold_no_claim_value_key_or_token() -> None:
    """Planted values appear in claims of a valid verdict only (ui.md section 6, T65)."""
    secret = [str(value) for value in CLAIMS.values() if isinstance(value, str)] + ["Tallinn-Planted", "Planted"]
    secret += [HOLDER.public_key.thumbprint(), HOLDER.public_key.to_jwk()["x"], ISSUER.public_key.thumbprint()]
    for _, _, _, run in FAILING:
        words = json.dumps(run().to_json())
        assert not [value for value in secret if value in words]
    checks = json.dumps([check.to_json() for check in judge(present()).checks])
    assert not [value for value in secret if value in checks]


def test_an_identifier_that_is_no_plain_text_is_not_repeated() -> None:
    verdict = judge(present(forged(_set(vct="\u202eevil\x1b[0m" * 50))))
    assert "evil" not in json.dumps(verdict.to_json())


def test_checks_as_the_interface_shapes_them() -> None:
    failed = judge(present(by=None)).to_json()
    assert failed["verdict"] == "invalid" and failed["code"] == "holder_binding_invalid" and failed["credentials"] == []
    row = next(check for check in failed["checks"] if check["outcome"] == "failed")
    assert set(row) == {"name", "outcome", "code", "spec", "detail", "hint"}
    assert "code" not in failed["checks"][0]


def test_a_credential_without_an_end_or_status_is_valid_with_a_warning() -> None:
    verdict = judge(present(credential(valid_until=None, status=None)))
    assert verdict.verdict == "valid"
    outcomes = {check.name: check.outcome for check in verdict.checks}
    assert outcomes["time"] == "warning" and outcomes["status"] == "not_run"
    assert verdict.credentials[0].status is None and verdict.credentials[0].valid_until is None


def test_no_source_is_asked_before_the_presentation_is_good() -> None:
    statuses = Statuses()
    judge(present(by=OTHER), statuses=statuses)
    assert statuses.asked == []
    judge(present(), statuses=statuses)
    assert statuses.asked == [world.LIST_URI]


def test_all_failures_of_a_stage_are_listed_and_told_apart() -> None:
    query = parse_query({"credentials": [{**QUERY.raw["credentials"][0], "multiple": True}]})
    verdict = judge({"e": [present(nonce="x"), present(), present(audience="y")]}, query=query)
    assert [(check.name, check.code) for check in verdict.failures] == [
        ("holder_binding", "nonce_mismatch"),
        ("holder_binding", "audience_mismatch"),
    ]
    assert verdict.code == "nonce_mismatch" and verdict.verdict == "invalid"


def test_what_is_wrong_outweighs_what_is_unknown() -> None:
    class OneDown(Statuses):
        def get(self, uri: str, *, now: Any) -> Any:
            self.down = len(self.asked) == 0
            return super().get(uri, now=now)

    query = parse_query({"credentials": [{**QUERY.raw["credentials"][0], "multiple": True}]})
    answer = {"e": [present(), present()]}
    verdict = judge(answer, query=query, statuses=OneDown({INDEX: 1}))
    assert [check.code for check in verdict.failures] == ["status_unavailable", "credential_revoked"]
    assert (verdict.verdict, verdict.code) == ("invalid", "credential_revoked")


def test_several_presentations_pass_as_one_line_each_stage() -> None:
    query = parse_query({"credentials": [{**QUERY.raw["credentials"][0], "multiple": True}]})
    verdict = judge({"e": [present(), present()]}, query=query)
    assert verdict.verdict == "valid" and len(verdict.credentials) == 2
    assert [check.name for check in verdict.checks] == list(STAGES)
    assert verdict.checks[5].detail.startswith("e: key ")


def test_a_presentation_without_a_query() -> None:
    verdict = judge(present(), query=None)
    assert verdict.verdict == "valid"
    assert next(check for check in verdict.checks if check.name == "query").outcome == "not_run"
    assert judge(present(), query=None, types=frozenset({"urn:other"})).code == "type_unexpected"
    assert judge(present(), query=None, nonce=None).code == "holder_binding_invalid"


def test_T18_one_holder_where_one_is_demanded() -> None:
    query = parse_query({"credentials": [{**QUERY.raw["credentials"][0], "multiple": True}]})
    other = present(credential(holder_key=OTHER.public_key), by=OTHER)
    answer = {"e": [present(), other]}
    assert judge(answer, query=query).verdict == "valid"
    verdict = judge(answer, query=query, same_holder=True)
    assert verdict.code == "holder_binding_invalid"
    assert [check.name for check in verdict.checks if check.name == "holder_binding"] == ["holder_binding"]
    assert judge({"e": [present(), present()]}, query=query, same_holder=True).verdict == "valid"


def test_T18_stolen_credential_under_another_key() -> None:
    assert judge(present(by=OTHER)).code == "holder_binding_invalid"


def test_T59_transaction_data_confirmed() -> None:
    verdict = judge(present(transaction_data=[PAYMENT]), transaction_data=(PAYMENT,))
    assert verdict.verdict == "valid"
    assert verdict.verified[0].confirmed == {PAYMENT}
    assert next(check for check in verdict.checks if check.name == "transaction").outcome == "passed"


@pytest.mark.parametrize(
    "hashes",
    [[], "x", [1], ["x"], [sd_jwt.digest_of(PAYMENT), sd_jwt.digest_of(PAYMENT)], [sd_jwt.digest_of(PAYMENT + "=")]],
)
def test_T59_wrong_hashes(hashes: Any) -> None:
    presentation = bound(present(by=None), transaction_data_hashes=hashes)
    assert judge(presentation, transaction_data=(PAYMENT,)).code == "transaction_mismatch"


def test_T59_hash_that_was_not_offered() -> None:
    offering = transaction(transaction_data_hashes_alg=["sha-384"])
    good = present(transaction_data=[offering], transaction_data_alg="sha-384")
    assert judge(good, transaction_data=(offering,)).verdict == "valid"
    other = present(transaction_data=[offering], transaction_data_alg="sha-512")
    assert judge(other, transaction_data=(offering,)).code == "transaction_mismatch"
    unnamed = present(transaction_data=[offering])
    assert judge(unnamed, transaction_data=(offering,)).code == "transaction_mismatch"
    unasked = present(transaction_data=[PAYMENT], transaction_data_alg="sha-512")
    assert judge(unasked, transaction_data=(PAYMENT,)).code == "transaction_mismatch"


def test_T59_transaction_data_of_another_credential_query() -> None:
    elsewhere = b64url_encode(json.dumps({"type": "payment", "credential_ids": ["other"]}).encode())
    presentation = present(transaction_data=[elsewhere])
    assert judge(presentation, transaction_data=(elsewhere,)).code == "transaction_mismatch"


def test_T94_wallet_accepts_only_what_is_bound_to_its_own_key() -> None:
    def received(text: str, **changes: Any) -> Verdict:
        arguments: dict[str, Any] = {"policy": POLICY, "fetch": world.no_fetch, "statuses": Statuses(), "now": NOW}
        return verify_credential(text, **(arguments | {"holder_key": HOLDER.public_key} | changes))

    good = received(credential())
    assert good.verdict == "valid" and good.credentials[0].claims == CLAIMS
    assert received(credential(holder_key=OTHER.public_key)).code == "holder_binding_invalid"
    assert received(credential(holder_key=None)).code == "holder_binding_invalid"
    assert received(present()).failures[0].name == "shape"
    assert received(forged(by=OTHER)).code == "signature_invalid"
    assert received(credential(), types=frozenset({"urn:other"})).code == "type_unexpected"
    assert received(credential(), statuses=NoStatus()).verdict == "undetermined"
    anonymous = received(credential(), holder_key=None)
    assert anonymous.verdict == "valid"
    assert next(check for check in anonymous.checks if check.name == "holder_binding").outcome == "not_run"


def test_binding_is_checked_when_it_comes_though_it_was_not_asked_for() -> None:
    raw = {**QUERY.raw["credentials"][0], "require_cryptographic_holder_binding": False}
    query = parse_query({"credentials": [raw]})
    assert judge(present(by=None), query=query).verdict == "valid"
    assert judge(present(), query=query).verdict == "valid"
    assert judge(present(nonce="old"), query=query).code == "nonce_mismatch"


def test_status_list_is_kept_but_its_freshness_and_certificates_are_not() -> None:
    kept = Statuses().get(world.LIST_URI, now=NOW)

    class Same(Statuses):
        def get(self, uri: str, *, now: Any) -> Any:
            return kept

    same = Same()
    later = NOW + timedelta(seconds=600)
    assert judge(present(), statuses=same).verdict == "valid"
    assert judge(present(now=later), statuses=same, now=later).verdict == "valid"
    stale = later + timedelta(seconds=1)
    assert judge(present(now=stale), statuses=same, now=stale).code == "status_unavailable"
    other = _policy({"status_leaf_names": frozenset({"https://status.example"})})
    assert judge(present(), statuses=same, policy=other).code == "status_invalid"


def test_T36_list_of_another_issuer_uri_or_purpose() -> None:
    assert judge(present(), statuses=Statuses(uri=world.LIST_URI + "0")).code == "status_invalid"
    assert judge(present(), statuses=Statuses(signer=OTHER)).code == "status_invalid"
    assert judge(present(), statuses=Statuses(signer=ISSUER, x5c=(LEAF,))).code == "status_invalid"
    stranger = world.leaf(profile="status_signing", uris=["https://evil.example"], public_key=OTHER.public_key)
    assert judge(present(), statuses=Statuses(signer=OTHER, x5c=(stranger,))).code == "status_invalid"
    assert judge(present(), statuses=Statuses(token=credential())).code == "status_invalid"


def test_policy_checks_run_last_and_see_only_verified_claims() -> None:
    seen: list[CredentialView] = []

    def watch(views: Any) -> Check:
        seen.extend(views)
        return Check("adult", "passed", "house rule", "of age")

    verdict = judge(present(), policy_checks=(watch, _bad_policy))
    assert [view.claims["family_name"] for view in seen] == ["Tamm-Planted"]
    assert [check.name for check in verdict.checks[12:]] == ["adult", "library-card@2"]
    assert verdict.code == "policy_not_met" and verdict.credentials == ()
    seen.clear()
    judge(present(by=None), policy_checks=(watch,))
    assert seen == []


def test_T62_verdict_leaves_out_what_links_two_presentations() -> None:
    claims = judge(present()).credentials[0].claims
    assert not {"cnf", "status", "iat", "exp", "nbf", "vct", "iss"} & claims.keys()


def test_one_presentation_for_a_query_of_one() -> None:
    wanted = Expected(nonce=NONCE, audience=AUDIENCE, query=QUERY)
    arguments: dict[str, Any] = {"policy": POLICY, "fetch": world.no_fetch, "statuses": Statuses(), "now": NOW}
    verdict = verify(present(), expected=wanted, **arguments)
    assert verdict.verdict == "valid" and verdict.credentials[0].query_id == "e"
    with pytest.raises(MalformedCredential):
        verify(present(), expected=Expected(), format="unknown", **arguments)
    assert judge({"e": [present()]}, query=None).failures[0].name == "shape"


def test_answers_that_are_too_many_or_of_other_shapes() -> None:
    query = parse_query({"credentials": [{**QUERY.raw["credentials"][0], "multiple": True}]})
    assert judge({"e": ["a"] * 33}, query=query).code == "too_large"
    assert judge({"e": "text"}).code == judge({"e": []}).code == judge({1: ["a"]}).code == "malformed"
    assert judge({"e": [{"not": object()}]}).code == "malformed"
    broken = judge(present(), transaction_data=("not base64url JSON",))
    assert (broken.code, broken.failures[0].name) == ("malformed", "shape")


def test_warnings_of_several_presentations_are_one_line() -> None:
    query = parse_query({"credentials": [{**QUERY.raw["credentials"][0], "multiple": True}]})
    verdict = judge({"e": [present(), present(credential(valid_until=None))]}, query=query)
    line = next(check for check in verdict.checks if check.name == "time")
    assert (line.outcome, line.detail) == ("warning", "e: ends 2026-12-06; e: no end date") and line.hint


def test_leaf_only_in_x5c() -> None:
    assert x5c_encode([LEAF]) == sd_jwt.parse_sd_jwt(credential()).jws.header["x5c"]
