"""The PyPI package sd-jwt as a peer: same work as ours, in a process and environment of its own.

Reads `{"op", "seconds"}` lines, answers `{"rate"}` lines (operations per second of CPU time).
"""

import json
import sys
import time

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

CLAIMS = json.loads(sys.argv[1])
DISCLOSED = json.loads(sys.argv[2])
ISSUER_KEY = JWK.generate(kty="EC", crv="P-256", alg="ES256")
HOLDER_KEY = JWK.generate(kty="EC", crv="P-256", alg="ES256")
ISSUER_PUBLIC = JWK.from_json(ISSUER_KEY.export_public())
HOLDER_PUBLIC = JWK.from_json(HOLDER_KEY.export_public())
NONCE, AUDIENCE = "n-0S6_WzA2Mj", "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk"


def issue() -> str:
    payload = {
        "iss": "https://id.example",
        "vct": "https://id.example/vct/e-residency/1",
        "exp": 2000000000,
        "status": {"status_list": {"idx": 4711, "uri": "https://id.example/status-lists/1"}},
        **{SDObj(name): value for name, value in CLAIMS.items()},
    }
    issued = SDJWTIssuer(
        payload,
        ISSUER_KEY,
        HOLDER_PUBLIC,
        sign_alg="ES256",
        serialization_format="compact",
        extra_header_parameters={"typ": "dc+sd-jwt"},
    )
    return issued.sd_jwt_issuance


def present(credential: str) -> str:
    holder = SDJWTHolder(credential)
    holder.create_presentation(dict.fromkeys(DISCLOSED, True), NONCE, AUDIENCE, HOLDER_KEY, sign_alg="ES256")
    return holder.sd_jwt_presentation


def verify(presentation: str) -> dict:
    return SDJWTVerifier(presentation, lambda *_: ISSUER_PUBLIC, AUDIENCE, NONCE).get_verified_payload()


CREDENTIAL = issue()
PRESENTATION = present(CREDENTIAL)
assert set(DISCLOSED) <= set(verify(PRESENTATION))
OPERATIONS = {
    "SD-JWT VC issue": issue,
    "SD-JWT VC present 3 + KB": lambda: present(CREDENTIAL),
    "SD-JWT VC verify + KB": lambda: verify(PRESENTATION),
}

for line in sys.stdin:
    asked = json.loads(line)
    act = OPERATIONS.get(asked["op"])
    rate = None
    if act is not None:
        count, start = 0, time.process_time()
        while time.process_time() - start < asked["seconds"]:
            act()
            count += 1
        rate = count / (time.process_time() - start)
    print(json.dumps({"rate": rate}), flush=True)
