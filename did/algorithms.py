"""Signature algorithm names in one place: ours, JOSE's and COSE's.

RFC 7518 and RFC 9864 (JOSE), RFC 9053 and RFC 9864 (COSE). There is no symmetric algorithm here and
no `none`; what is not in these tables cannot be verified (T01).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Alg = Literal["ES256", "ES384", "Ed25519"]
"""What a key of ours signs with: one algorithm per key, never chosen by a message."""

JOSE_ALGS: Mapping[str, Alg] = MappingProxyType(
    {"ES256": "ES256", "ES384": "ES384", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
)
"""JOSE `alg` header values that we know -> key algorithm (`EdDSA` only ever with Ed25519 keys)."""

JOSE_NAMES: Mapping[Alg, str] = MappingProxyType({"ES256": "ES256", "ES384": "ES384", "Ed25519": "EdDSA"})
"""Key algorithm -> the JOSE `alg` that we write."""

COSE_ALGS: Mapping[int, Alg] = MappingProxyType(
    {-7: "ES256", -9: "ES256", -35: "ES384", -51: "ES384", -8: "Ed25519", -19: "Ed25519"}
)
"""COSE algorithm identifiers that we know -> key algorithm."""

COSE_NAMES: Mapping[Alg, int] = MappingProxyType({"ES256": -7, "ES384": -35, "Ed25519": -8})
"""Key algorithm -> the COSE identifier that we write."""
