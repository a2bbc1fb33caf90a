"""PyJWT and joserfc as oracles: they read what we sign, we read what they sign, and they agree on what is bad."""

import warnings
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from credentials.errors import IdError
from credentials.jose import ALLOWED_ALGS, parse_jws, sign_jws, verify_jws
from did.keys import PrivateKey
from did.signing import LocalSigner

SIGNERS = {alg: LocalSigner(PrivateKey.generate(alg)) for alg in ("ES256", "ES384", "Ed25519")}
WIRE = {"ES256": "ES256", "ES384": "ES384", "Ed25519": "EdDSA"}
CLAIMS = {"sub": "somebody", "n": 1, "nested": {"list": [1, "two", None, True]}}


def _joserfc_key(signer: LocalSigner) -> Any:
    kind = OKPKey if signer.alg == "Ed25519" else ECKey
    return kind.import_key(dict(signer.key.export_jwk()))


@pytest.mark.parametrize("alg", SIGNERS)
def test_they_read_ours(alg: str) -> None:
    signer = SIGNERS[alg]
    token = sign_jws(CLAIMS, typ="test+jwt", signer=signer, header={"kid": "k"})
    assert jwt.decode(token, signer.public_key.crypto, algorithms=[WIRE[alg]]) == CLAIMS
    assert jwt.get_unverified_header(token) == {"alg": WIRE[alg], "typ": "test+jwt", "kid": "k"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # RFC 9864 deprecates the name EdDSA, and joserfc says so each time
        read = joserfc_jws.deserialize_compact(token, _joserfc_key(signer), algorithms=[WIRE[alg]])
    assert read.payload == parse_jws(token).payload


@pytest.mark.parametrize("alg", SIGNERS)
def test_we_read_theirs(alg: str) -> None:
    signer = SIGNERS[alg]
    theirs = jwt.encode(CLAIMS, signer.key.crypto, algorithm=WIRE[alg], headers={"typ": "test+jwt"})
    assert verify_jws(theirs, key=signer.public_key, typ="test+jwt", algs=ALLOWED_ALGS).claims == CLAIMS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = joserfc_jws.serialize_compact(
            {"alg": WIRE[alg], "typ": "test+jwt"}, b'{"a": 1}', _joserfc_key(signer), algorithms=[WIRE[alg]]
        )
    assert verify_jws(other, key=signer.public_key, typ="test+jwt", algs=ALLOWED_ALGS).claims == {"a": 1}


ES256 = SIGNERS["ES256"]
GOOD = sign_jws(CLAIMS, typ="JWT", signer=ES256)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.text(alphabet="AZaz09-_.=", max_size=2), st.integers(0, 2))
def test_we_accept_nothing_that_they_refuse(at: int, put: str, cut: int) -> None:
    token = GOOD[:at] + put + GOOD[at + cut :]
    try:
        claims = verify_jws(token, key=ES256.public_key, typ="JWT").claims
    except IdError:
        return
    try:
        assert jwt.decode(token, ES256.public_key.crypto, algorithms=["ES256"]) == claims
        joserfc_jws.deserialize_compact(token, _joserfc_key(ES256), algorithms=["ES256"])
    except (jwt.PyJWTError, JoseError):
        pytest.fail("accepted a token that the oracles refuse")
    assert token == GOOD
