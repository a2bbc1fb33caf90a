from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials import x509
from credentials.errors import FetchFailed, NonceMismatch, ProtocolError
from credentials.jose import sign_jws
from credentials.openid import key_proof
from did.keys import PublicKey
from did.methods.jwk import JwkMethod
from did.resolver import resolve_key
from tests.unit.credentials.openid.support import ISSUER, NOW, pki, refused, resign, signer, tampered

KEY = signer("holder")
NONCE = "c-nonce"


def proof(**changes: Any) -> str:
    values: dict[str, Any] = {"signer": KEY, "audience": ISSUER, "nonce": NONCE, "now": NOW}
    return key_proof.build_key_proof(**{**values, **changes})


def check(jwt: str, **changes: Any) -> PublicKey:
    values: dict[str, Any] = {"audience": ISSUER, "nonce": NONCE, "now": NOW}
    return key_proof.check_key_proof(jwt, **{**values, **changes})


def test_build_parse_check() -> None:
    parsed = key_proof.parse_key_proof(proof())
    assert parsed.jws.header["typ"] == "openid4vci-proof+jwt"
    assert (parsed.audience, parsed.nonce, parsed.issuer, parsed.kid, parsed.x5c) == (ISSUER, NONCE, None, None, None)
    assert check(proof()) == KEY.public_key
    assert check(proof(client_id="w"), client_id="w") == KEY.public_key
    assert check(proof(), client_id="w") == KEY.public_key  # `iss` is optional for a client that is known
    assert check(proof(nonce=None), nonce=None) == KEY.public_key


def test_kid_is_resolved_as_a_did() -> None:
    did = JwkMethod().create(KEY.public_key)
    jwt = proof(kid=f"{did}#0")

    def resolve(kid: str) -> PublicKey:
        return resolve_key(kid, relationship="authentication", fetch=None, now=NOW)

    assert check(jwt, resolve_kid=resolve) == KEY.public_key
    refused(lambda: check(jwt), error="invalid_proof")
    refused(lambda: check(proof(kid="key-1"), resolve_kid=resolve), error="invalid_proof")
    refused(lambda: check(proof(kid=f"{did}#1"), resolve_kid=resolve), error="invalid_proof")
    other = JwkMethod().create(signer("other holder").public_key)
    refused(
        lambda: check(proof(kid=f"{other}#0"), resolve_kid=resolve), error="invalid_proof", code="signature_invalid"
    )

    def silent(kid: str) -> PublicKey:
        raise FetchFailed("no answer")

    with pytest.raises(FetchFailed):
        check(jwt, resolve_kid=silent)


def test_x5c_needs_an_anchor() -> None:
    chain = pki("document_signing", "person", "person.example")
    jwt = sign_jws(
        {"aud": ISSUER, "iat": int(NOW.timestamp()), "nonce": NONCE},
        typ=key_proof.TYP,
        signer=chain.signer,
        header={"x5c": x509.x5c_encode([chain.leaf])},
    )
    assert check(jwt, anchors=[chain.root]) == chain.signer.public_key
    refused(lambda: check(jwt), error="invalid_proof", code="issuer_untrusted")
    refused(lambda: check(jwt, anchors=[pki().root]), error="invalid_proof")


def test_T50_proofs_that_are_refused() -> None:
    other = signer("other holder")
    jwk = KEY.public_key.to_jwk()
    cases: dict[str, Any] = {
        "other issuer": lambda: check(proof(audience=ISSUER + "/")),
        "aud is an array": lambda: check(resign(proof(), KEY, aud=[ISSUER])),
        "no aud": lambda: check(resign(proof(), KEY, aud=None)),
        "no nonce": lambda: check(proof(nonce=None)),
        "typ": lambda: check(resign(proof(), KEY, header={"typ": "JWT"})),
        "draft typ": lambda: check(resign(proof(), KEY, header={"typ": "openid4vci-proof"})),
        "alg": lambda: check(proof(), algs=("ES384",)),
        "two key headers": lambda: check(resign(proof(), KEY, header={"kid": "did:example:1#1"})),
        "jwk and x5c": lambda: check(resign(proof(), KEY, header={"x5c": pki().x5c})),
        "no key header": lambda: check(resign(proof(), KEY, header={"jwk": None})),
        "private part": lambda: check(resign(proof(), KEY, header={"jwk": {**jwk, "d": "A" * 43}})),
        "symmetric": lambda: check(resign(proof(), KEY, header={"jwk": {"kty": "oct", "k": "AAAA"}})),
        "key not proven": lambda: check(resign(proof(), KEY, header={"jwk": other.public_key.to_jwk()})),
        "jwk is text": lambda: check(resign(proof(), KEY, header={"jwk": "x"})),
        "signature": lambda: check(tampered(proof())),
        "iss of an anonymous client": lambda: check(proof(client_id="w")),
        "iss of another client": lambda: check(proof(client_id="w"), client_id="v"),
        "too old": lambda: check(proof(), now=NOW + timedelta(minutes=5, seconds=1)),
        "from the future": lambda: check(proof(), now=NOW - timedelta(seconds=61)),
        "no iat": lambda: check(resign(proof(), KEY, iat=None)),
        "iat is a date": lambda: check(resign(proof(), KEY, iat="2018-09-14T21:19:10Z")),
        "no JWT": lambda: check("x"),
    }
    for name, act in cases.items():
        error = refused(act, error="invalid_proof")
        assert error.hint, name


def test_T50_another_nonce_is_told_apart() -> None:
    def known(nonce: str) -> None:
        if nonce != NONCE:
            raise NonceMismatch("the nonce is unknown or too old")

    assert check(proof(), nonce=known) == KEY.public_key
    for nonce in ("other", known):
        refused(partial(check, proof(nonce="stale"), nonce=nonce), error="invalid_nonce", code="nonce_mismatch")

    def used(nonce: str) -> None:
        raise ProtocolError("invalid_nonce", "used", code="request_replayed")

    refused(lambda: check(proof(), nonce=used), error="invalid_nonce", code="request_replayed")


def test_nonce_is_looked_at_before_the_signature() -> None:
    """A stale nonce sends the wallet for a fresh one, whatever else is wrong (interop note 23)."""
    refused(lambda: check(tampered(proof(nonce="stale"))), error="invalid_nonce")


# --- several proofs ------------------------------------------------------------------------------


def check_all(*proofs: str, **changes: Any) -> tuple[tuple[PublicKey, ...], str | None]:
    values: dict[str, Any] = {"audience": ISSUER, "nonce": NONCE, "now": NOW}
    return key_proof.check_key_proofs(proofs, **{**values, **changes})


def test_batch() -> None:
    keys = [signer(f"copy {n}") for n in range(3)]
    found, nonce = check_all(*(proof(signer=key) for key in keys))
    assert found == tuple(key.public_key for key in keys)
    assert nonce == NONCE
    assert check_all(proof(nonce=None), nonce=None) == ((KEY.public_key,), None)


def test_T63_T51_batches_that_are_refused() -> None:
    other = signer("copy 1")
    refused(lambda: check_all(), error="invalid_proof")
    refused(lambda: check_all(proof(), proof()), error="invalid_proof")
    refused(lambda: check_all(proof(), proof(signer=other, nonce="n2")), error="invalid_nonce")
    refused(lambda: check_all(proof(), proof(signer=other, nonce=None)), error="invalid_nonce")
    refused(lambda: check_all(proof(), tampered(proof(signer=other))), error="invalid_proof")
    refused(lambda: check_all(proof(), proof(signer=other, audience="https://evil.example")), error="invalid_proof")


def test_the_nonce_is_asked_about_once() -> None:
    asked: list[str] = []
    check_all(*(proof(signer=signer(f"copy {n}")) for n in range(3)), nonce=asked.append)
    assert asked == [NONCE]
