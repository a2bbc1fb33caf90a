"""Applying, following, answering, freezing: the resident's own acts (S01, S05)."""

import pytest

from credentials.jose import parse_jws, verify_jws
from did.encoding import json_object
from did.keys import PublicKey
from tests.simulator import BASE, Simulator
from tests.unit.wallet_cli.driver import Driver
from tests.unit.wallet_cli.test_gates import FORM


def apply(wallet: Driver, **changes: object) -> object:
    return wallet.ok("apply", "e-residency", "--form", str(wallet._file("form", {**FORM, **changes})))


def test_the_form_is_signed_by_its_own_key_and_names_the_sign_key(wallet: Driver, server: Simulator) -> None:
    said = apply(wallet)
    assert said["number"] == "2026-000001" and said["state"] == "submitted"  # type: ignore[index]
    [request] = server.sent("/v1/applications")
    jws = parse_jws(json_object(request.content)["application"])
    key = PublicKey.from_jwk(jws.header["jwk"])
    claims = verify_jws(jws, key=key, typ="application+jwt").claims
    assert claims["aud"] == BASE and claims["form"] == FORM and claims["type"] == "e-residency"
    assert PublicKey.from_jwk(claims["sign_key"]).thumbprint() != key.thumbprint()
    assert set(claims["sign_key"]) == {"kty", "crv", "x", "y"}


def test_the_form_is_asked_for_one_question_at_a_time(wallet: Driver, server: Simulator) -> None:
    answers = "Tamm\nMaria\n1968-05-28\nee, pt\nAB1234567\nEE\n2030-01-01\nA studio.\nLisbon\n\n\n"
    wallet.ok("apply", "e-residency", stdin=answers)
    claims = parse_jws(json_object(server.sent("/v1/applications")[0].content)["application"]).unverified_claims()
    assert claims["form"] == {**FORM, "nationalities": ["EE", "PT"]}


def test_a_slip_in_one_answer_does_not_cost_the_form(wallet: Driver, server: Simulator) -> None:
    answers = "\nTamm\nMaria\n28 May 1968\n1968-05-28\nEstonia\nee\nab 1234567\nee\n2030-01-01\nA studio.\nLisbon\n\n\n"
    said = wallet.type("apply", "e-residency", stdin=answers)
    assert said.exit_code == 0, said.stderr
    claims = parse_jws(json_object(server.sent("/v1/applications")[0].content)["application"]).unverified_claims()
    assert claims["form"] == {**FORM, "nationalities": ["EE"]}
    for words in ("This is needed.", "Year, month and day", "Two letters for each country"):
        assert words in said.stderr


def test_codes_of_a_form_that_was_refused_are_said_to_be_void(wallet: Driver, server: Simulator) -> None:
    for name in ("pin1", "pin2", "puk"):
        del wallet.secrets[name]
    server.lies.add("form_refused")
    ended = wallet.type("apply", "e-residency", "--form", str(wallet._file("form", FORM)))
    assert ended.exit_code == 1 and "These codes count for nothing" in ended.stderr


def test_a_blocked_pin_is_told_before_the_questions(wallet: Driver, server: Simulator) -> None:
    apply(wallet)
    wallet.secrets["pin1"] = "1111"
    for _ in range(3):
        wallet.type("status")
    ended = wallet.type("apply", "e-residency", stdin="Tamm\n")
    assert ended.exit_code == 7 and "Family name" not in ended.stderr


def test_the_decision_day_is_a_day_and_only_until_the_decision(wallet: Driver, server: Simulator) -> None:
    apply(wallet)
    case = next(iter(server.applications.values()))
    case |= {"decision_due": "2026-12-22T10:38:54.453654Z"}
    assert "Decision by  22 Dec 2026" in wallet.type("status", as_json=False).stdout
    case |= {"state": "ready"}
    assert "Decision by" not in wallet.type("status", as_json=False).stdout


def test_the_form_is_not_kept(wallet: Driver, server: Simulator) -> None:
    apply(wallet, purpose="Something very private")
    from wallet_cli.store import encode_wallet

    assert b"Something very private" not in encode_wallet(wallet.look())


def test_a_photo_becomes_part_of_the_form(wallet: Driver, server: Simulator) -> None:
    photo = wallet.folder / "me.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n0000")
    wallet.ok("apply", "e-residency", "--form", str(wallet._file("form", FORM)), "--photo", str(photo))
    claims = parse_jws(json_object(server.sent("/v1/applications")[0].content)["application"]).unverified_claims()
    assert claims["form"]["photo"].startswith("data:image/png;base64,iVBORw0KGgow")
    photo.write_bytes(b"GIF89a")
    ended = wallet.type("apply", "e-residency", "--form", str(wallet._file("form", FORM)), "--photo", str(photo))
    assert ended.exit_code == 2


def test_a_form_the_office_refuses_leaves_nothing_behind(wallet: Driver, server: Simulator) -> None:
    server.lies.add("form_refused")
    ended = wallet.fails(
        "apply", "e-residency", "--form", str(wallet._file("form", FORM)), code="malformed", exit_code=1
    )
    assert "form.birthdate" in ended.stderr and "id 01JXA7" in ended.stderr
    held = wallet.look()
    assert not held.applications and not held.keys
    server.lies.clear()
    apply(wallet)


def test_follow_and_answer(wallet: Driver, server: Simulator) -> None:
    apply(wallet)
    case = next(iter(server.applications.values()))
    case |= {"state": "info_requested", "question": "Which studio?\x1b[2J"}
    ended = wallet.type("status", as_json=False)
    assert "the office has a question" in ended.stdout and "Which studio?<U+001B>" in ended.stdout
    said = wallet.ok("status", "--answer", str(wallet._file("form", {**FORM, "purpose": "The one in Lisbon."})))
    assert said["state"] == "checks"


def test_status_of_nothing(wallet: Driver) -> None:
    wallet.fails("status", code="not_found", exit_code=4)


def test_freeze_takes_one_factor(wallet: Driver, server: Simulator) -> None:
    apply(wallet)
    assert wallet.ok("freeze", no_input=True)["state"] == "suspended"
    wallet.secrets["pin1"] = "1357"
    for _ in range(3):
        wallet.type("status")
    assert wallet.ok("freeze", no_input=True)["state"] == "suspended", "PIN1 is blocked, PIN2 will do"


def test_giving_up_for_good_is_asked_about(wallet: Driver, server: Simulator) -> None:
    apply(wallet)
    wallet.fails("freeze", "--for-good", stdin="no\n", code="access_denied", exit_code=3)
    wallet.fails("freeze", "--for-good", no_input=True, code="malformed", exit_code=2)
    assert wallet.ok("freeze", "--for-good", "--confirm", "2026-000001", no_input=True)["state"] == "revoked"


def test_a_renewal_has_new_keys_and_proves_the_old_one(wallet: Driver, server: Simulator) -> None:
    apply(wallet)
    old = wallet.look().applications[0]
    wallet.ok("apply", "e-residency", "--form", str(wallet._file("form", {**FORM, "purpose": "More."})), "--renew")
    new = wallet.look().applications[1]
    assert {new.auth_key, new.sign_key}.isdisjoint({old.auth_key, old.sign_key})
    request = server.sent("/v1/applications")[-1]
    claims = parse_jws(json_object(request.content)["application"]).unverified_claims()
    assert claims["renews"] == old.id
    proof = parse_jws(request.headers["dpop"])
    assert PublicKey.from_jwk(proof.header["jwk"]).thumbprint() == old.auth_key
    wallet.ok(
        "apply", "e-residency", "--form", str(wallet._file("form", {**FORM, "purpose": "By code."})),
        "--renewal-code", "x" * 22,
    )  # fmt: skip
    claims = parse_jws(json_object(server.sent("/v1/applications")[-1].content)["application"]).unverified_claims()
    assert claims["renewal_code"] == "x" * 22


def test_which_service(lone: Driver) -> None:
    lone.init()
    lone.fails("apply", "e-residency", "--form", str(lone._file("form", FORM)), code="malformed", exit_code=2)


@pytest.mark.parametrize("content", [[], {}, "x"])
def test_a_form_that_is_none(wallet: Driver, content: object) -> None:
    ended = wallet.type("apply", "e-residency", "--form", str(wallet._file("form", content)))
    assert ended.exit_code in (1, 2)
    assert not wallet.look().applications
