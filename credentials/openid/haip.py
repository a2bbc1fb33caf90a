"""OpenID4VC High Assurance Interoperability Profile 1.0, as data: what may be picked by name from outside."""

from datetime import timedelta
from typing import Final

SIGNING_ALGS: Final[frozenset[str]] = frozenset({"ES256", "ES384", "EdDSA", "Ed25519"})
"""JOSE `alg` values accepted for proofs, requests and tokens (section 7 demands ES256; the others we add)."""

JWE_ALG: Final = "ECDH-ES"
JWE_CURVE: Final = "P-256"
JWE_ENCS: Final[tuple[str, ...]] = ("A128GCM", "A256GCM")
"""Both in a verifier's `encrypted_response_enc_values_supported`; a wallet prefers the last (section 5)."""

FORMATS: Final[tuple[str, ...]] = ("dc+sd-jwt",)
RESPONSE_TYPE: Final = "vp_token"
RESPONSE_MODE: Final = "direct_post.jwt"
RESPONSE_MODES: Final[frozenset[str]] = frozenset({"direct_post", "direct_post.jwt"})

OFFER_SCHEMES: Final[tuple[str, ...]] = ("openid-credential-offer", "haip-vci")
REQUEST_SCHEMES: Final[tuple[str, ...]] = ("openid4vp", "haip-vp")

CLOCK_SKEW: Final = timedelta(seconds=60)
