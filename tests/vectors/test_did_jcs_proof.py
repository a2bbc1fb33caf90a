"""eddsa-jcs-2022: the published worked example, every intermediate value."""

import json
from typing import Any

import pytest

from did.encoding import b64url_encode, jcs, multibase_decode
from did.errors import IdError
from did.jcs_proof import create_proof, document_hash, verify_proof
from did.keys import PrivateKey, PublicKey
from did.signing import LocalSigner
from tests.paths import need


def read(*parts: str) -> str:
    return need("di-eddsa", *parts).read_text().strip()


@pytest.fixture
def keys() -> dict[str, Any]:
    return dict(json.loads(read("keyPair.json")))


def test_published_example(keys: dict[str, Any]) -> None:
    unsigned = json.loads(read("unsigned.json"))
    signed = json.loads(read("eddsa-jcs-2022", "signedJCS.json"))
    config = json.loads(read("eddsa-jcs-2022", "proofConfigJCS.json"))
    assert jcs(unsigned).decode() == read("eddsa-jcs-2022", "canonDocJCS.txt")
    assert jcs(config).decode() == read("eddsa-jcs-2022", "proofCanonJCS.txt")
    assert document_hash(unsigned).hex() == read("eddsa-jcs-2022", "docHashJCS.txt")

    public = PublicKey.from_multikey(keys["publicKeyMultibase"])
    seed = multibase_decode(keys["privateKeyMultibase"])[2:]
    key = PrivateKey.from_jwk({**public.to_jwk(), "d": b64url_encode(seed)})
    options = {name: value for name, value in config.items() if name not in ("type", "cryptosuite", "@context")}
    assert create_proof(unsigned, options, signer=LocalSigner(key)) == signed["proof"]
    assert verify_proof(signed, signed["proof"], key=public, purpose="assertionMethod") == unsigned


def test_any_change_is_refused(keys: dict[str, Any]) -> None:
    signed = json.loads(read("eddsa-jcs-2022", "signedJCS.json"))
    public = PublicKey.from_multikey(keys["publicKeyMultibase"])
    for name in signed["proof"]:
        with pytest.raises(IdError):
            changed = {**signed["proof"], name: "2020-01-01T00:00:00Z"}
            verify_proof(signed, changed, key=public, purpose="assertionMethod")
    for name in signed.keys() - {"proof"}:
        with pytest.raises(IdError):
            verify_proof({**signed, name: "x"}, signed["proof"], key=public, purpose="assertionMethod")
