"""Compact JWS, strict: type, algorithm and key are given by the caller, never by the token.

RFC 7515, RFC 8725 (best current practice), RFC 9864 (`Ed25519`). Only asymmetric signatures;
no JSON serialization; no `crit`, `b64`, `jku` or `x5u`. Finding the key is left to the caller.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from did.keys import PublicKey
from did.signing import Signer

HAIP_ALGS: frozenset[str] = frozenset({"ES256"})
"""What the high assurance profile asks of everybody (HAIP 1.0 section 7)."""

ALLOWED_ALGS: frozenset[str] = frozenset({"ES256", "ES384", "EdDSA", "Ed25519"})
"""Every JOSE algorithm this library can verify; callers narrow it."""

MAX_JWS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedJws:
    """A well-formed compact JWS whose signature nobody has looked at yet.

    `header` is the protected header (treat it as read-only), `payload` the decoded bytes,
    `signing_input` the ASCII bytes that were signed.
    """

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes
    compact: str

    def unverified_claims(self) -> dict[str, Any]:
        """Return the payload as a strict JSON object. Good for finding the key, and for nothing else."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedJws:
    """A JWS whose type, algorithm and signature were good under `key`. `claims` is the payload object."""

    header: dict[str, Any]
    claims: dict[str, Any]
    payload: bytes
    key: PublicKey
    compact: str


def parse_jws(token: str | bytes, *, max_bytes: int = MAX_JWS_BYTES) -> UnverifiedJws:
    """Split and decode a compact JWS; strict base64url, strict JSON header, no signature check.

    Raises TooLarge, MalformedCredential. RFC 7515 sections 5.2 and 7.1.
    """
    raise NotImplementedError


def verify_jws(
    jws: UnverifiedJws | str, *, key: PublicKey, typ: str | Collection[str], algs: Collection[str] = HAIP_ALGS
) -> VerifiedJws:
    """Return the verified JWS: `typ` exact, `alg` allowed and fitting the key, signature good.

    Raises TypeUnexpected, AlgorithmNotAllowed, SignatureInvalid, MalformedCredential (payload no
    strict JSON object). RFC 8725 sections 3.1, 3.2, 3.11.
    """
    raise NotImplementedError


def sign_jws(
    payload: Mapping[str, Any] | bytes, *, typ: str, signer: Signer, header: Mapping[str, Any] | None = None
) -> str:
    """Return a compact JWS over `payload` (a mapping is written as JSON without whitespace).

    `header` adds members such as `kid`, `x5c`, `jwk`; `alg` and `typ` are set here.
    """
    raise NotImplementedError
