"""Selective Disclosure for JWTs (RFC 9901): issue, parse, process, present, bind, verify."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from did.keys import PublicKey
from did.signing import Signer

from credentials.claims import ClaimPath, ConcretePath
from credentials.jose import ALLOWED_ALGS, UnverifiedJws, VerifiedJws

HASH_ALGS: frozenset[str] = frozenset({"sha-256", "sha-384", "sha-512"})
MAX_DISCLOSURES = 200
MAX_DISCLOSURE_BYTES = 64 * 1024
MAX_NESTING = 16
MAX_SD_JWT_BYTES = 1 << 20
KB_TYP = "kb+jwt"
KB_WINDOW = timedelta(seconds=300)
SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedSdJwt:
    """An SD-JWT or SD-JWT+KB, split. `presented` is what `sd_hash` covers: everything up to the last `~`."""

    jws: UnverifiedJws
    disclosures: tuple[str, ...]
    kb_jwt: str | None
    presented: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedSdJwt:
    """The payload with disclosures put in and digests taken out.

    `disclosed` are the concrete paths (positions as issued, digests of undisclosed items counted)
    that came by disclosure, `hidden` the number of digests without one.
    """

    claims: dict[str, Any]
    disclosed: tuple[ConcretePath, ...]
    hidden: int


def issue(
    claims: Mapping[str, Any],
    *,
    disclosable: Collection[ClaimPath],
    signer: Signer,
    typ: str,
    header: Mapping[str, Any] | None = None,
    decoys: int = 0,
    hash_alg: str = "sha-256",
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Return the SD-JWT over `claims` with every disclosure.

    `disclosable` names what becomes selectively disclosable; a path and a longer one below it give
    a recursive disclosure. `decoys` digests of random data join every `_sd` array. RFC 9901 section 4.
    """
    raise NotImplementedError


def parse_sd_jwt(text: str | bytes) -> UnverifiedSdJwt:
    """Split the compact form; limits of threat case T15. Raises MalformedCredential, TooLarge. RFC 9901 section 4."""
    raise NotImplementedError


def from_json(value: object) -> str:
    """Return the compact form of an SD-JWT in JWS JSON serialization. RFC 9901 section 8."""
    raise NotImplementedError


def process(payload: Mapping[str, Any], disclosures: Collection[str]) -> ProcessedSdJwt:
    """Put disclosures into a payload. Raises DisclosureInvalid, AlgorithmNotAllowed. RFC 9901 section 7.1 step 3."""
    raise NotImplementedError


def present(sd_jwt: str | UnverifiedSdJwt, *, disclose: Collection[ClaimPath]) -> str:
    """Return the SD-JWT with only the disclosures for these paths, their parents and all they contain.

    Raises ClaimMissing when a path selects nothing. RFC 9901 section 7.2.
    """
    raise NotImplementedError


def bind(
    presentation: str,
    *,
    signer: Signer,
    audience: str,
    nonce: str,
    iat: datetime,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """Return the presentation followed by its key-binding JWT. RFC 9901 section 4.3."""
    raise NotImplementedError


def verify_sd_jwt(
    sd_jwt: str | UnverifiedSdJwt,
    *,
    key: PublicKey,
    typ: str | Collection[str],
    now: datetime,
    algs: Collection[str] = ALLOWED_ALGS,
) -> ProcessedSdJwt:
    """Check signature, disclosures and the times of the processed payload. RFC 9901 section 7.1."""
    raise NotImplementedError


def verify_key_binding(
    sd_jwt: UnverifiedSdJwt,
    *,
    holder_key: PublicKey,
    audience: str,
    nonce: str,
    now: datetime,
    hash_alg: str = "sha-256",
    algs: Collection[str] = ALLOWED_ALGS,
    window: timedelta = KB_WINDOW,
) -> VerifiedJws:
    """Check the key-binding JWT. RFC 9901 section 7.3.

    Raises HolderBindingInvalid, NonceMismatch, AudienceMismatch.
    """
    raise NotImplementedError


def sd_hash(presented: str, hash_alg: str = "sha-256") -> str:
    """Return base64url(hash(presented)): the presentation up to and with its last `~`. RFC 9901 section 4.3.1."""
    raise NotImplementedError
