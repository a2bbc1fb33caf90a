"""Selective Disclosure for JWTs (RFC 9901): issue, parse, process, present, bind, verify.

Which issuer and which type may be trusted, and when key binding is due, is left to the caller:
`formats/sd_jwt_vc.py` decides it for credentials.
"""

from collections.abc import Collection
from datetime import datetime

from credentials.claims import check_times
from credentials.jose import ALLOWED_ALGS, verify_jws
from credentials.sd_jwt.issue import issue
from credentials.sd_jwt.key_binding import KB_TYP, KB_WINDOW, bind, verify_key_binding
from credentials.sd_jwt.model import (
    HASHES,
    MAX_DISCLOSURE_BYTES,
    MAX_DISCLOSURES,
    MAX_NESTING,
    MAX_SD_JWT_BYTES,
    ProcessedSdJwt,
    UnverifiedSdJwt,
    digest_of,
    from_json,
    hash_name,
    parse_sd_jwt,
)
from credentials.sd_jwt.process import present, process
from did.keys import PublicKey

__all__ = [
    "HASHES",
    "KB_TYP",
    "KB_WINDOW",
    "MAX_DISCLOSURES",
    "MAX_DISCLOSURE_BYTES",
    "MAX_NESTING",
    "MAX_SD_JWT_BYTES",
    "ProcessedSdJwt",
    "UnverifiedSdJwt",
    "bind",
    "digest_of",
    "from_json",
    "hash_name",
    "issue",
    "parse_sd_jwt",
    "present",
    "process",
    "verify_key_binding",
    "verify_sd_jwt",
]


def verify_sd_jwt(
    sd_jwt: str | UnverifiedSdJwt,
    *,
    key: PublicKey,
    typ: str | Collection[str],
    now: datetime,
    algs: Collection[str] = ALLOWED_ALGS,
) -> ProcessedSdJwt:
    """Return the processed payload once signature, disclosures and its times are good.

    Times are read from the processed payload, so a hidden `exp` counts once it is disclosed.
    Raises TypeUnexpected, AlgorithmNotAllowed, SignatureInvalid, DisclosureInvalid,
    CredentialExpired, CredentialNotYetValid, MalformedCredential. RFC 9901 section 7.1.
    """
    parsed = parse_sd_jwt(sd_jwt) if isinstance(sd_jwt, str) else sd_jwt
    payload = verify_jws(parsed.jws, key=key, typ=typ, algs=algs).claims
    processed = process(payload, parsed.disclosures)
    check_times(processed.claims, now=now)
    return processed
