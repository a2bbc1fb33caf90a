"""did:key: the published identifiers, their keys and relationships, in every registered key type."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from did.document import Relationship
from did.encoding import base58btc_decode
from did.keys import PrivateKey
from did.keytypes import RawKey
from did.methods.base import Context
from did.methods.key import KeyMethod
from did.url import parse_did
from tests.paths import need
from tests.unit.did.samples import NOW

FILES = {"ed25519-x25519": 4, "x25519": 4, "nist-curves": 5, "secp256k1": 4, "bls12381": 4, "rsa": 2}
SIGNING: tuple[Relationship, ...] = (
    "authentication",
    "assertionMethod",
    "capabilityInvocation",
    "capabilityDelegation",
)
CONTEXT = Context(fetch=None, now=NOW)


def documents(name: str) -> dict[str, Any]:
    vectors = json.loads(need("did-key", f"{name}.json").read_text())
    if name == "x25519":
        return dict(vectors["didDocument"])
    return {did: case["didDocument"] for did, case in vectors.items()}


def key_of(method: dict[str, Any], like: RawKey) -> RawKey:
    """Read a key in the forms of its day: base58 of the raw key, or a JWK."""
    if "publicKeyJwk" in method:
        return RawKey.from_jwk(method["publicKeyJwk"])
    return RawKey.checked(like.name, base58btc_decode(method["publicKeyBase58"]))


@pytest.mark.parametrize(("name", "count"), FILES.items())
def test_documents(name: str, count: int) -> None:
    published = documents(name)
    assert len(published) == count
    for did, expected in published.items():
        document = KeyMethod().resolve(parse_did(did), CONTEXT).document
        ((method_id, method),) = document.methods.items()
        assert document.id == expected["id"] == did
        assert method_id == f"{did}#{did.removeprefix('did:key:')}"
        assert (method.type, method.controller) == ("Multikey", did)
        assert method.raw_key() == key_of(expected["verificationMethod"][0], method.raw_key())
        assert did == f"did:key:{method.raw_key().to_multikey()}"
        for relationship in SIGNING:
            assert document.relationships[relationship] == (() if method.raw_key().name == "X25519" else (method_id,))
        if method.raw_key().name != "Bls12381G2":
            assert RawKey.from_jwk(method.raw_key().to_jwk()) == method.raw_key()
            as_jwk = KeyMethod(form="JsonWebKey").resolve(parse_did(did), CONTEXT).document
            assert next(iter(as_jwk.methods.values())).raw_key() == method.raw_key()


def test_key_agreement_is_derived_from_ed25519_on_demand() -> None:
    for did, expected in documents("ed25519-x25519").items():
        document = KeyMethod(derive_encryption_key=True).resolve(parse_did(did), CONTEXT).document
        (agreement_id,) = document.relationships["keyAgreement"]
        derived = document.methods[agreement_id].raw_key()
        published = [method for method in expected["verificationMethod"] if agreement_id == method["id"]]
        assert published and key_of(published[0], derived) == derived
        assert not KeyMethod().resolve(parse_did(did), CONTEXT).document.relationships["keyAgreement"]


def test_seeds_give_the_published_identifiers() -> None:
    for did, case in json.loads(need("did-key", "ed25519-x25519.json").read_text()).items():
        key = PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["seed"])))
        assert KeyMethod().create(key.public_key) == did
