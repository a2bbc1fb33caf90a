"""The signed application: self-proof, audience, time, keys."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credentials.jose import sign_jws
from did.errors import IdError
from did.keys import PrivateKey
from did.signing import LocalSigner
from idservice.registrar.application import Application, open_application, photo_of, read_application

from .people import FORM, Applicant, form

BASE = "https://id.example"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def read(text: object, now: datetime = NOW) -> Application:
    return read_application(open_application(text, audience=BASE), now=now)


def refusal(text: object, now: datetime = NOW) -> str:
    with pytest.raises(IdError) as refused:
        read(text, now)
    assert refused.value.hint
    assert "Tamm" not in refused.value.detail + refused.value.hint
    return refused.value.code


def test_an_application_proves_its_own_key() -> None:
    mari = Applicant(BASE)
    application = read(mari.application(NOW))
    assert application.signed.auth_jkt == mari.jkt
    assert application.sign_jkt == mari.sign_jkt
    assert application.form.family_name == "Tamm"
    assert application.renews is None
    assert photo_of(application.signed.compact) is None


def test_T02_a_key_that_did_not_sign_is_not_proven() -> None:
    mari, thief = Applicant(BASE), Applicant(BASE)
    text = sign_jws(
        mari.claims(NOW),
        typ="application+jwt",
        signer=LocalSigner(thief.auth),
        header={"jwk": mari.auth.public_key.to_jwk()},
    )
    assert refusal(text) == "signature_invalid"


def test_T04_another_kind_of_token_is_no_application() -> None:
    mari = Applicant(BASE)
    assert refusal(mari.signed(mari.claims(NOW), typ="dpop+jwt")) == "type_unexpected"
    assert refusal(mari.signed(mari.claims(NOW), typ="JWT")) == "type_unexpected"


def test_T01_only_es256_on_p256() -> None:
    mari = Applicant(BASE, auth=PrivateKey.generate("Ed25519"))
    assert refusal(mari.application(NOW)) == "algorithm_not_allowed"
    mari = Applicant(BASE, sign=PrivateKey.generate("Ed25519"))
    assert refusal(mari.application(NOW)) == "algorithm_not_allowed"


def test_T10_a_private_key_in_the_header_is_refused() -> None:
    mari = Applicant(BASE)
    assert refusal(mari.signed(mari.claims(NOW), jwk=mari.auth.export_jwk())) == "malformed"
    assert refusal(mari.application(NOW, sign_key=mari.sign.export_jwk())) == "malformed"


@pytest.mark.parametrize(
    "audience", ["https://id.example/", "https://ID.example", [BASE], "https://id.example.evil", ...]
)
def test_the_audience_is_this_service_exactly(audience: Any) -> None:
    assert refusal(Applicant(BASE).application(NOW, aud=audience)) == "audience_mismatch"


@pytest.mark.parametrize(
    ("age", "good"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(seconds=-60), True),
        (timedelta(seconds=-61), False),
    ],
)
def test_T08_an_application_is_fresh(age: timedelta, good: bool) -> None:
    text = Applicant(BASE).application(NOW - age)
    assert read(text) if good else refusal(text) == "malformed"


@pytest.mark.parametrize("iat", [..., "now", True, None, float(10**30), -1])
def test_T08_iat_is_a_number_of_our_time(iat: Any) -> None:
    assert refusal(Applicant(BASE).application(NOW, iat=iat)) == "malformed"


@pytest.mark.parametrize("jti", [..., "", "short", 12345678, "x" * 129, "with a space", "ünïcödé-1"])
def test_jti_is_needed_to_tell_applications_apart(jti: Any) -> None:
    assert refusal(Applicant(BASE).application(NOW, jti=jti)) == "malformed"


def test_two_roles_need_two_keys() -> None:
    mari = Applicant(BASE)
    assert refusal(mari.application(NOW, sign_key=mari.auth.public_key.to_jwk())) == "malformed"
    assert refusal(mari.application(NOW, sign_key="key")) == "malformed"
    assert refusal(mari.application(NOW, sign_key=...)) == "malformed"


def test_what_is_signed_is_wholly_understood() -> None:
    mari = Applicant(BASE)
    assert refusal(mari.application(NOW, admin=True)) == "malformed"
    assert refusal(mari.application(NOW, type="pid")) == "malformed"
    assert refusal(mari.application(NOW, form=None)) == "malformed"
    assert refusal(mari.application(NOW, form(birthdate="1968-02-30"))) == "malformed"
    assert refusal(mari.application(NOW, renews="x", renewal_code=...)) == "malformed"
    assert refusal(mari.application(NOW, renews="A" * 22, renewal_code="B" * 22)) == "malformed"


@pytest.mark.parametrize("text", [None, 1, {}, "", "a.b", "a.b.c", "a.b.c.d", b"x"])
def test_T07_what_is_no_jws_is_malformed(text: object) -> None:
    assert refusal(text) == "malformed"


def test_T68_an_application_has_a_size_limit() -> None:
    assert refusal("A" * (1 << 20) + ".B.C") == "too_large"


def test_a_renewal_names_the_old_case_or_its_code() -> None:
    mari = Applicant(BASE)
    assert read(mari.application(NOW, renews="A" * 22)).renews == "A" * 22
    assert read(mari.application(NOW, dict(FORM), renewal_code="B" * 22)).renewal_code == "B" * 22
