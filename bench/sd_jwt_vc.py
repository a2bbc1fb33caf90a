"""SD-JWT VC in process: issue with 10 claims, present 3 with key binding, verify; P1 to P4."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from credentials.formats import FORMATS
from credentials.formats.base import CheckContext, IssueRequest, StatusReference
from credentials.jose import sign_jws, verify_jws
from credentials.trust import TrustedIssuer, TrustPolicy
from credentials.x509 import make_leaf, make_root, x5c_encode
from did.errors import FetchFailed
from did.keys import PrivateKey
from did.methods.base import Fetched
from did.signing import LocalSigner

CLAIMS: Final[dict[str, Any]] = {
    "personal_administrative_number": "48805280019",
    "family_name": "Tamm",
    "given_name": "Maria Lúcia",
    "birthdate": "1988-05-28",
    "nationalities": ["BR"],
    "document_number": "ER-0042-1187",
    "date_of_issuance": "2026-11-22",
    "date_of_expiry": "2031-11-21",
    "issuing_authority": "Registrar of Example",
    "assurance_level": "high",
}
DISCLOSED: Final = ("family_name", "birthdate", "assurance_level")
ISSUER: Final = "https://id.example"
VCT: Final = f"{ISSUER}/vct/e-residency/1"
NONCE: Final = "n-0S6_WzA2Mj"
AUDIENCE: Final = "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk"
NOW: Final = datetime.now(UTC).replace(microsecond=0)


def _no_fetch(url: str, *, accept: str, max_bytes: int) -> Fetched:
    raise FetchFailed("the bench fetches nothing")


class Setting:
    """Keys, a root, one credential and one presentation: what every operation starts from."""

    def __init__(self) -> None:
        root_key, leaf_key = PrivateKey.generate("ES256"), PrivateKey.generate("ES256")
        holder_key = PrivateKey.generate("ES256")
        self.signer, self.holder = LocalSigner(leaf_key), LocalSigner(holder_key)
        root = make_root(name="Bench root", signer=LocalSigner(root_key), now=NOW, lifetime=timedelta(days=3650))
        leaf = make_leaf(
            profile="credential_signing",
            subject_name="Bench issuer",
            dns_names=["id.example"],
            uris=[ISSUER],
            public_key=self.signer.public_key,
            root=root,
            root_signer=LocalSigner(root_key),
            now=NOW,
            lifetime=timedelta(days=365),
        )
        self.x5c = x5c_encode([leaf])
        self.policy = TrustPolicy(
            issuers=(TrustedIssuer(id=ISSUER, types=frozenset({VCT}), anchors=(root,), leaf_names=frozenset({ISSUER})),)
        )
        self.format = FORMATS["dc+sd-jwt"]
        self.credential = self.issue()
        self.presentation = self.present()
        self.verify()
        self.vc_jwt = sign_jws({"iss": ISSUER, "vc": CLAIMS}, typ="JWT", signer=self.signer)
        self.pem_key = self.signer.public_key.crypto

    def issue(self) -> str:
        return self.format.issue(
            IssueRequest(
                type=VCT,
                issuer=ISSUER,
                claims=CLAIMS,
                disclosable=[(name,) for name in CLAIMS],
                holder_key=self.holder.public_key,
                valid_until=NOW + timedelta(days=14),
                status=StatusReference(uri=f"{ISSUER}/status-lists/1", index=4711),
                x5c=self.x5c,
            ),
            signer=self.signer,
        )

    def present(self) -> str:
        return self.format.present(
            self.credential,
            disclose=[(name,) for name in DISCLOSED],
            signer=self.holder,
            audience=AUDIENCE,
            nonce=NONCE,
            now=NOW,
        )

    def verify(self) -> object:
        context = CheckContext(
            policy=self.policy,
            fetch=_no_fetch,
            now=NOW,
            types=frozenset({VCT}),
            nonce=NONCE,
            audience=AUDIENCE,
        )
        return self.format.verify(self.presentation, context)

    def verify_jwt(self) -> object:
        return verify_jws(self.vc_jwt, key=self.signer.public_key, typ="JWT")

    def verify_pyjwt(self) -> object:
        return jwt.decode(self.vc_jwt, self.pem_key, algorithms=["ES256"], options={"verify_exp": False})


def ours(setting: Setting) -> dict[str, Callable[[], object]]:
    """Our operations by name."""
    return {
        "SD-JWT VC issue": setting.issue,
        "SD-JWT VC present 3 + KB": setting.present,
        "SD-JWT VC verify + KB": setting.verify,
        "VC-JWT verify": setting.verify_jwt,
    }


def raw() -> dict[str, Callable[[], object]]:
    """The signatures alone that each operation cannot do without."""
    key = ec.generate_private_key(ec.SECP256R1())
    public, scheme, data = key.public_key(), ec.ECDSA(hashes.SHA256()), secrets.token_bytes(900)
    signature = key.sign(data, scheme)

    def sign() -> object:
        return key.sign(data, scheme)

    def verify() -> object:
        return public.verify(signature, data, scheme)

    def verify_twice() -> object:
        public.verify(signature, data, scheme)
        return public.verify(signature, data, scheme)

    return {
        "SD-JWT VC issue": sign,
        "SD-JWT VC present 3 + KB": sign,
        "SD-JWT VC verify + KB": verify_twice,
        "VC-JWT verify": verify,
    }
