from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials.errors import NonceMismatch, ProtocolError
from credentials.openid import dpop, oauth
from tests.unit.credentials.openid.support import NOW, refused, resign, signer, tampered

URL = "https://id.example/vci/credential"
KEY = signer("wallet")
TOKEN = "access-token"


def proof(**changes: Any) -> str:
    values: dict[str, Any] = {
        "signer": KEY,
        "method": "POST",
        "url": URL,
        "now": NOW,
        "jti": "j" * 22,
        "access_token": TOKEN,
    }
    return oauth.build_dpop_proof(**{**values, **changes})


def check(jwt: str, **changes: Any) -> oauth.DpopProof:
    values: dict[str, Any] = {"method": "POST", "url": URL, "now": NOW, "access_token": TOKEN}
    return oauth.check_dpop_proof(jwt, **{**values, **changes})


def test_build_parse_check() -> None:
    jwt = proof(nonce="n1")
    parsed = oauth.parse_dpop_proof(jwt)
    assert (parsed.method, parsed.url, parsed.nonce) == ("POST", URL, "n1")
    assert parsed.jws.header["typ"] == "dpop+jwt"
    found = check(jwt, nonce="n1", expected_jkt=KEY.public_key.thumbprint())
    assert found.jkt == KEY.public_key.thumbprint()
    assert found.jti == "j" * 22
    assert found.expires_at > NOW + dpop.MAX_AGE


def test_ath_is_the_hash_of_the_token() -> None:
    """RFC 9449 section 7.1: token and hash of the printed example."""
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    assert oauth.access_token_hash(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (URL, URL + "?a=1"),
        (URL, URL + "#x"),
        (URL, "HTTPS://ID.example:443/vci/credential"),
        (URL, "https://id.example/vci/%63redential"),
        ("https://id.example", "https://id.example/"),
        ("https://id.example/a%2fb", "https://id.example/a%2Fb"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
    ],
)
def test_htu_is_compared_without_query_and_normalised(ours: str, theirs: str) -> None:
    check(resign(proof(), KEY, htu=theirs), url=ours)


@pytest.mark.parametrize(
    "theirs",
    [
        "https://id.example/vci/token",
        "https://id.example/vci/credential/",
        "http://id.example/vci/credential",
        "https://id.example:8443/vci/credential",
        "https://evil.example/vci/credential",
        "https://id.example@evil.example/vci/credential",
        "https://id.example/vci%2Fcredential",
        "/vci/credential",
        "https://id.example/vci/\ncredential",
        "https://[id.example/",
    ],
)
def test_T49_other_urls(theirs: str) -> None:
    refused(lambda: check(resign(proof(), KEY, htu=theirs)), error="invalid_dpop_proof")


def test_T49_proofs_that_are_refused() -> None:
    other = signer("thief")
    private = {**KEY.public_key.to_jwk(), "d": "A" * 43}
    late, early = NOW + timedelta(minutes=5, seconds=1), NOW - timedelta(seconds=61)
    cases: dict[str, Any] = {
        "method": lambda: check(proof(), method="GET"),
        "method in lower case": lambda: check(resign(proof(), KEY, htm="post")),
        "no ath": lambda: check(proof(access_token=None)),
        "other token": lambda: check(proof(), access_token="other"),
        "other key than bound": lambda: check(proof(signer=other), expected_jkt=KEY.public_key.thumbprint()),
        "too old": lambda: check(proof(), now=late),
        "from the future": lambda: check(proof(), now=early),
        "expired": lambda: check(resign(proof(), KEY, exp=int(NOW.timestamp()) - 61)),
        "not yet": lambda: check(resign(proof(), KEY, nbf=int(NOW.timestamp()) + 61)),
        "exp no time": lambda: check(resign(proof(), KEY, exp="x")),
        "typ": lambda: check(resign(proof(), KEY, header={"typ": "JWT"})),
        "alg not allowed": lambda: check(proof(), algs=("ES384",)),
        "no jwk": lambda: check(resign(proof(), KEY, header={"jwk": None})),
        "jwk is text": lambda: check(resign(proof(), KEY, header={"jwk": "x"})),
        "private jwk": lambda: check(resign(proof(), KEY, header={"jwk": private})),
        "jwk of another": lambda: check(resign(proof(), KEY, header={"jwk": other.public_key.to_jwk()})),
        "signature": lambda: check(tampered(proof())),
        "no jti": lambda: check(resign(proof(), KEY, jti=None)),
        "empty jti": lambda: check(resign(proof(), KEY, jti="")),
        "long jti": lambda: check(resign(proof(), KEY, jti="j" * 257)),
        "no htm": lambda: check(resign(proof(), KEY, htm=None)),
        "no htu": lambda: check(resign(proof(), KEY, htu=None)),
        "no iat": lambda: check(resign(proof(), KEY, iat=None)),
        "iat is text": lambda: check(resign(proof(), KEY, iat="1")),
        "two proofs": lambda: check(proof() + "," + proof()),
        "nothing": lambda: check(""),
    }
    for name, act in cases.items():
        error = refused(act, error="invalid_dpop_proof")
        assert error.hint, name


def test_T49_another_key_has_its_own_code() -> None:
    act = lambda: check(proof(signer=signer("thief")), expected_jkt=KEY.public_key.thumbprint())  # noqa: E731
    refused(act, code="holder_binding_invalid")


def test_skew_and_age_at_their_edges() -> None:
    check(proof(), now=NOW - timedelta(seconds=60))
    check(proof(), now=NOW + timedelta(minutes=5))


def test_nonce() -> None:
    def known(nonce: str) -> None:
        if nonce != "n1":
            raise NonceMismatch("unknown")

    check(proof(nonce="n1"), nonce="n1")
    check(proof(nonce="n1"), nonce=known)
    check(proof(nonce="n1"))
    for jwt, nonce in ((proof(), "n1"), (proof(nonce="n2"), "n1"), (proof(nonce="n2"), known), (proof(), known)):
        refused(partial(check, jwt, nonce=nonce), error="use_dpop_nonce", code="nonce_mismatch")

    def own(nonce: str) -> None:
        raise ProtocolError("use_dpop_nonce", "the nonce was used", code="request_replayed")

    refused(lambda: check(proof(nonce="n1"), nonce=own), code="request_replayed")


@pytest.mark.parametrize("alg", ["ES256", "ES384", "Ed25519"])
def test_algorithms(alg: str) -> None:
    assert check(proof(signer=signer(f"wallet {alg}", alg))).key.alg == alg
