"""did:jwk: the worked example of the method text."""

import json

from did.document import RELATIONSHIPS
from did.keys import PublicKey
from did.methods.base import Context
from did.methods.jwk import JwkMethod
from did.resolver import resolve_key
from did.url import parse_did
from tests.paths import need
from tests.unit.did.samples import NOW


def test_p256_example() -> None:
    vector = json.loads(need("did-jwk", "p256.json").read_text())
    expected = vector["didDocument"]
    document = JwkMethod().resolve(parse_did(vector["did"]), Context(fetch=None, now=NOW)).document
    ours, theirs = document.to_json()["verificationMethod"][0], expected["verificationMethod"][0]
    assert {**ours, "type": "JsonWebKey2020"} == theirs
    for relationship in RELATIONSHIPS:
        # authentication[0] of the published text has a stray `$`; all five are the same `#0`.
        assert document.relationships[relationship] == (vector["didUrl"],)
        assert [item.replace("$", "") for item in expected[relationship]] == [vector["didUrl"]]
    key = PublicKey.from_jwk(theirs["publicKeyJwk"])
    assert JwkMethod().create(key) == vector["did"]
    assert resolve_key(vector["didUrl"], relationship="assertionMethod", fetch=None, now=NOW) == key
