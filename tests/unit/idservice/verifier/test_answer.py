"""Answers of honest and lying wallets: one ends a request, what cannot be read leaves it as it was (T54, T57-T59)."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response
from joserfc import jwe
from joserfc.jwk import ECKey
from sqlalchemy import select

from credentials.jwe import encrypt_jwe
from did.encoding import b64url_encode
from did.keys import PrivateKey
from did.signing import LocalSigner
from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.service import Service
from idservice.verifier import rows

from .conftest import Ask, move_clock
from .wallet import AGES, NAME, PERSON, PLANTED, Held, Wallet, hold, other_key, set_status

Read = Callable[..., Response]


@pytest.fixture
def held(service: Service) -> Held:
    return hold(service)


def assert_refused(answer: Response, code: str) -> None:
    """The wallet was told no: the standard's shape, beginning with our code."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["error"] == "invalid_request"
    assert body["error_description"].startswith(f"{code}: "), body
    assert answer.headers["cache-control"] == "no-store"


def assert_untouched(read: Read, made: dict[str, Any]) -> None:
    body = read(made["id"]).json()
    assert body["state"] in ("waiting", "opened")
    assert body["verdict"] is None


def assert_ended(read: Read, made: dict[str, Any], code: str, *, verdict: str = "invalid") -> None:
    body = read(made["id"]).json()
    assert body["state"] == "answered"
    assert body["verdict"]["verdict"] == verdict
    assert body["verdict"]["code"] == code
    assert body["verdict"]["credentials"] == []
    assert body["claims"] is None
    [failed] = [check for check in body["verdict"]["checks"] if check["outcome"] == "failed"]
    assert failed["code"] == code
    assert failed["hint"]


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_an_honest_answer_is_valid(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read, enc: str
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    answer = wallet.answer(asked, {"e": [wallet.present(asked, held)]}, enc=enc)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {}
    body = read(made["id"]).json()
    assert body["verdict"]["verdict"] == "valid"
    [claims] = body["claims"]["e"]
    assert claims["family_name"] == "Tamm"
    assert claims["given_name"] == "Mari"
    assert "birthdate" not in claims
    [credential] = body["verdict"]["credentials"]
    assert credential["query_id"] == "e"
    assert credential["type"] == held.vct
    assert credential["claims"] == claims


# --- T54: what is posted ---------------------------------------------------------------------------


def test_T54_a_second_answer_is_a_replay(ask: Ask, wallet: Wallet, held: Held) -> None:
    asked = wallet.open(ask()["request"])
    vp_token = {"e": [wallet.present(asked, held)]}
    assert wallet.answer(asked, vp_token).status_code == 200
    assert_refused(wallet.answer(asked, vp_token), "request_replayed")
    assert_refused(wallet.refuse(asked), "request_replayed")


def test_T54_T85_fifty_answers_at_once_end_it_once(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    vp_token = {"e": [wallet.present(asked, held)]}
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(lambda _: wallet.answer(asked, vp_token), range(50)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [400] * 49
    for answer in answers:
        if answer.status_code == 400:
            assert_refused(answer, "request_replayed")
    with transaction(service.engine) as db:
        acts = (
            db.execute(select(audit_rows.c.act).where(audit_rows.c.subject == f"presentation:{made['id']}"))
            .scalars()
            .all()
        )
    assert acts.count("presentation.answered") == 1


@pytest.mark.parametrize("state", ["", "other", "A" * 22])
def test_T54_another_state_leaves_the_request_as_it_was(
    ask: Ask, wallet: Wallet, held: Held, read: Read, state: str
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    assert_refused(wallet.answer(asked, {"e": [wallet.present(asked, held)]}, state=state), "malformed")
    assert_untouched(read, made)
    assert wallet.answer(asked, {"e": [wallet.present(asked, held)]}).status_code == 200


def test_T54_the_state_of_another_request_does_not_serve(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    first, second = ask(), ask()
    one, two = wallet.open(first["request"]), wallet.open(second["request"])
    answer = wallet.answer(one, {"e": [wallet.present(one, held)]}, state=two["state"])
    assert_refused(answer, "malformed")
    assert_untouched(read, first)
    assert_untouched(read, second)


def test_T54_an_answer_to_another_request_cannot_be_decrypted(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    first, second = ask(), ask()
    one, two = wallet.open(first["request"]), wallet.open(second["request"])
    wrong_place = {**two, "response_uri": one["response_uri"]}
    assert wallet.answer(wrong_place, {"e": [wallet.present(two, held)]}).status_code == 400
    assert_untouched(read, first)
    assert_untouched(read, second)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "state={state}",
        "response=",
        "response=a.b.c.d.e",
        "response={jwe}&response={jwe}",
        "response={jwe}&state={state}&state={state}",
        "response={jwe}&error=access_denied",
        "response={jwe}&vp_token=%7B%7D",
        "error=access_denied&error=access_denied&state={state}",
        "error=access_denied",
        "error=access_denied&state=other",
        "vp_token=%7B%22e%22%3A%5B%22x%22%5D%7D&state={state}",
        "response=%ff",
        "\x00",
    ],
)
def test_T54_T57_forms_that_are_not_an_answer_change_nothing(
    ask: Ask, wallet: Wallet, held: Held, read: Read, form: str
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    message = {"vp_token": {"e": [wallet.present(asked, held)]}, "state": asked["state"]}
    jwe = encrypt_jwe(json.dumps(message).encode(), recipient_jwk=wallet.key_of(asked), enc="A128GCM")
    answer = wallet.post(asked, form.format(state=asked["state"], jwe=jwe))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert_untouched(read, made)


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_T69_another_content_type_is_refused(ask: Ask, wallet: Wallet, read: Read, content_type: str) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    path = asked["response_uri"].partition("://")[2].partition("/")[2]
    answer = wallet.client.post(f"/{path}", content=b"{}", headers={"Content-Type": content_type})
    assert answer.status_code in (400, 415)
    assert_untouched(read, made)


def test_T54_an_unknown_response_address_is_refused(ask: Ask, wallet: Wallet) -> None:
    asked = wallet.open(ask()["request"])
    nowhere = {**asked, "response_uri": asked["response_uri"][:-1] + "_"}
    assert_refused(wallet.refuse(nowhere), "not_found")


def test_T54_an_answer_after_the_end_is_refused(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    presented = wallet.present(asked, held)
    move_clock(service, "PT5M1S")
    assert_refused(wallet.answer(asked, {"e": [presented]}), "request_expired")
    assert read(made["id"]).json()["state"] == "expired"


@pytest.mark.parametrize(
    "vp_token",
    [None, [], "x", {}, {"e": "not a list"}, {"e": []}, {"e": [5]}, {"e": [None]}, {"e": [[]]}, {"e": [""]}],
)
def test_T54_what_is_no_vp_token_leaves_the_request_as_it_was(
    ask: Ask, wallet: Wallet, read: Read, vp_token: Any
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    assert wallet.answer(asked, vp_token).status_code == 400
    assert_untouched(read, made)


# --- T57: how it is locked -------------------------------------------------------------------------


def test_T57_another_key_is_refused(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    vp_token = {"e": [wallet.present(asked, held)]}
    assert wallet.answer(asked, vp_token, jwk=other_key()).status_code == 400
    same_name = {**other_key(), "kid": wallet.key_of(asked)["kid"]}
    assert wallet.answer(asked, vp_token, jwk=same_name).status_code == 400
    assert_untouched(read, made)


@pytest.mark.parametrize(
    "change", [{"enc": "A128CBC-HS256"}, {"enc": "A192GCM"}, {"alg": "ECDH-ES+A128KW"}, {"zip": "DEF"}]
)
def test_T57_other_algorithms_and_compression_are_refused(
    ask: Ask, wallet: Wallet, held: Held, read: Read, change: dict[str, Any]
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    plain = json.dumps({"vp_token": {"e": [wallet.present(asked, held)]}, "state": asked["state"]}).encode()
    public = wallet.key_of(asked)
    top = {"alg": "ECDH-ES", "enc": "A128GCM", "kid": public["kid"], **change}
    key = ECKey.import_key({name: public[name] for name in ("kty", "crv", "x", "y")})
    registry = jwe.JWERegistry(None, [str(top["alg"]), str(top["enc"]), "DEF"])
    token = jwe.encrypt_compact(top, plain, key, registry=registry)
    assert wallet.post(asked, {"response": token}).status_code == 400
    assert_untouched(read, made)


def test_T57_a_password_algorithm_costs_nothing(ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    top = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_000_000_000, "p2s": "c2FsdHNhbHRzYWx0"}
    token = ".".join([b64url_encode(json.dumps(top).encode()), "A" * 32, "A" * 16, "AAAA", "A" * 22])
    started = time.monotonic()
    assert wallet.post(asked, {"response": token}).status_code == 400
    assert time.monotonic() - started < 2
    assert_untouched(read, made)


# --- T58: what is shown ----------------------------------------------------------------------------


def test_T58_a_stale_nonce_ends_it_as_invalid(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    answer = wallet.answer(asked, {"e": [wallet.present(asked, held, nonce="yesterday")]})
    assert_refused(answer, "nonce_mismatch")
    assert_ended(read, made, "nonce_mismatch")


@pytest.mark.parametrize("audience", ["x509_hash:other", "https://library.example", "X509_HASH"])
def test_T58_another_audience_ends_it_as_invalid(
    ask: Ask, wallet: Wallet, held: Held, read: Read, audience: str
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    assert_refused(wallet.answer(asked, {"e": [wallet.present(asked, held, audience=audience)]}), "audience_mismatch")
    assert_ended(read, made, "audience_mismatch")


def test_T18_a_stolen_credential_under_another_key_is_refused(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    answer = wallet.answer(asked, {"e": [wallet.present(asked, held, key=PrivateKey.generate("ES256"))]})
    assert_refused(answer, "holder_binding_invalid")
    assert_ended(read, made, "holder_binding_invalid")


def test_T11_a_presentation_without_key_binding_is_refused(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    assert_refused(wallet.answer(asked, {"e": [wallet.present(asked, held, bound=False)]}), "holder_binding_invalid")
    assert_ended(read, made, "holder_binding_invalid")


def test_T13_a_presentation_made_for_another_request_is_refused(
    ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    first, second = ask(), ask()
    one, two = wallet.open(first["request"]), wallet.open(second["request"])
    assert_refused(wallet.answer(two, {"e": [wallet.present(one, held)]}), "nonce_mismatch")
    assert_ended(read, second, "nonce_mismatch")
    assert_untouched(read, first)


@pytest.mark.parametrize(
    "away", [timedelta(days=365), timedelta(days=-365), timedelta(minutes=10), timedelta(minutes=-10)]
)
def test_T13_a_key_binding_of_another_time_is_refused(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read, away: timedelta
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    presented = wallet.present(asked, held, now=service.clock.now() + away)
    assert wallet.answer(asked, {"e": [presented]}).status_code == 400
    assert read(made["id"]).json()["verdict"]["verdict"] == "invalid"


def test_T58_more_than_was_asked_is_refused_and_not_kept(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    presented = wallet.present(asked, held, disclose=[*NAME, ("birthdate",), ("document_number",)])
    assert_refused(wallet.answer(asked, {"e": [presented]}), "claim_unrequested")
    assert_ended(read, made, "claim_unrequested")


def test_T58_less_than_was_asked_is_refused(ask: Ask, wallet: Wallet, held: Held, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    presented = wallet.present(asked, held, disclose=[("family_name",)])
    assert_refused(wallet.answer(asked, {"e": [presented]}), "claim_missing")
    assert_ended(read, made, "claim_missing")


def test_T58_another_type_is_refused(service: Service, ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    other = hold(service, "age-over", AGES)
    assert_refused(wallet.answer(asked, {"e": [wallet.present(asked, other, disclose=[])]}), "type_unexpected")
    assert_ended(read, made, "type_unexpected")


def test_T58_two_presentations_where_one_was_asked_are_refused(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    both = [wallet.present(asked, held), wallet.present(asked, hold(service))]
    assert wallet.answer(asked, {"e": both}).status_code == 400
    assert read(made["id"]).json()["verdict"]["verdict"] == "invalid"


def test_T58_an_answer_to_a_query_that_nobody_asked_is_refused(
    ask: Ask, wallet: Wallet, held: Held, read: Read
) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    one = wallet.present(asked, held)
    assert wallet.answer(asked, {"e": [one], "also": [one]}).status_code == 400
    assert read(made["id"]).json()["verdict"]["verdict"] == "invalid"


def test_T58_another_value_than_asked_is_refused(service: Service, ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask(
        purpose="proof",
        dcql_query={
            "credentials": [
                {
                    "id": "e",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": [service.types.get("e-residency").vct]},
                    "claims": [{"path": ["assurance_level"], "values": ["high"]}],
                }
            ]
        },
    )
    asked = wallet.open(made["request"])
    low = hold(service, claims={**PERSON, "assurance_level": "low"})
    answer = wallet.answer(asked, {"e": [wallet.present(asked, low, disclose=[("assurance_level",)])]})
    assert_refused(answer, "claim_missing")


def test_T09_an_issuer_of_ones_own_making_is_refused(service: Service, ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask()
    asked = wallet.open(made["request"])
    forged = hold(service, signer=LocalSigner(PrivateKey.generate("ES256")))
    assert wallet.answer(asked, {"e": [wallet.present(asked, forged)]}).status_code == 400
    verdict = read(made["id"]).json()["verdict"]
    assert verdict["verdict"] == "invalid"
    assert verdict["code"] in ("signature_invalid", "issuer_untrusted")


@pytest.mark.parametrize(("status", "code"), [("suspended", "credential_suspended"), ("revoked", "credential_revoked")])
def test_a_credential_that_was_withdrawn_is_refused(
    service: Service, ask: Ask, wallet: Wallet, held: Held, read: Read, status: str, code: str
) -> None:
    set_status(service, held, status)
    made = ask()
    asked = wallet.open(made["request"])
    assert_refused(wallet.answer(asked, {"e": [wallet.present(asked, held)]}), code)
    assert_ended(read, made, code)


def test_a_credential_that_has_ended_is_refused(service: Service, ask: Ask, wallet: Wallet, read: Read) -> None:
    old = hold(service, valid_until=service.clock.now() - timedelta(days=1))
    made = ask()
    asked = wallet.open(made["request"])
    assert_refused(wallet.answer(asked, {"e": [wallet.present(asked, old)]}), "credential_expired")
    assert_ended(read, made, "credential_expired")


# --- T59: what was confirmed -----------------------------------------------------------------------


@pytest.fixture
def signing(service: Service, ask: Ask, wallet: Wallet) -> Iterator[tuple[dict[str, Any], dict[str, Any], Held]]:
    kind = service.types.get("signing")
    made = ask(
        purpose="sign",
        dcql_query={
            "credentials": [
                {
                    "id": "s",
                    "format": "dc+sd-jwt",
                    "meta": {"vct_values": [kind.vct]},
                    "claims": [{"path": ["family_name"]}],
                }
            ]
        },
        transaction_data=[{"type": "document-sign", "credential_ids": ["s"], "name": "loan.pdf", "sha256": "ab"}],
    )
    person = {name: PERSON[name] for name in ("family_name", "given_name", "personal_administrative_number")}
    claims = {**person, "date_of_expiry": "2031-11-20", "certificate": "-----BEGIN CERTIFICATE-----"}
    yield made, wallet.open(made["request"]), hold(service, "signing", claims)


def test_T59_the_confirmation_comes_back(signing: Any, wallet: Wallet, read: Read) -> None:
    made, asked, held = signing
    presented = wallet.present(asked, held, disclose=[("family_name",)])
    assert wallet.answer(asked, {"s": [presented]}).status_code == 200
    assert read(made["id"]).json()["verdict"]["verdict"] == "valid"


@pytest.mark.parametrize("lie", [(), ("eyJ0eXBlIjoicGF5bWVudCJ9",)])
def test_T59_transaction_data_changed_or_missing_are_refused(
    signing: Any, wallet: Wallet, read: Read, lie: tuple[str, ...]
) -> None:
    made, asked, held = signing
    presented = wallet.present(asked, held, disclose=[("family_name",)], transaction_data=lie)
    assert_refused(wallet.answer(asked, {"s": [presented]}), "transaction_mismatch")
    assert_ended(read, made, "transaction_mismatch")


# --- refusals --------------------------------------------------------------------------------------


def test_a_refusal_is_taken_with_200_and_has_no_verdict(ask: Ask, wallet: Wallet, read: Read) -> None:
    made = ask()
    answer = wallet.refuse(wallet.open(made["request"]))
    assert answer.status_code == 200
    assert answer.json() == {}
    body = read(made["id"]).json()
    assert (body["state"], body["verdict"], body["claims"]) == ("refused", None, None)
    assert body["error"] == "access_denied"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("wallet_unavailable", "wallet_unavailable"),
        ("vp_formats_not_supported",) * 2,
        ("<b>Mari Tamm</b>", "invalid_request"),
    ],
)
def test_only_known_error_codes_are_kept(ask: Ask, wallet: Wallet, read: Read, sent: str, kept: str) -> None:
    made = ask()
    assert wallet.refuse(wallet.open(made["request"]), sent).status_code == 200
    assert read(made["id"]).json()["error"] == kept


def test_T65_no_disclosed_value_is_stored_in_the_open(service: Service, ask: Ask, wallet: Wallet, held: Held) -> None:
    for disclose in (NAME, [*NAME, ("birthdate",)]):
        asked = wallet.open(ask()["request"])
        wallet.answer(asked, {"e": [wallet.present(asked, held, disclose=disclose)]})
    with transaction(service.engine) as db:
        stored = [db.execute(select(table)).all() for table in (rows.presentation_requests, audit_rows)]
    text = repr(stored)
    assert not [value for value in PLANTED if value in text]
