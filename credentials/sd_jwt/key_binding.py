"""Key binding: the holder's proof over one presentation. RFC 9901 sections 4.3 and 7.3."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from credentials.claims import SKEW, check_times, numeric_date
from credentials.errors import (
    AlgorithmNotAllowed,
    AudienceMismatch,
    HolderBindingInvalid,
    IdError,
    NonceMismatch,
    TypeUnexpected,
)
from credentials.jose import ALLOWED_ALGS, VerifiedJws, sign_jws, verify_jws
from credentials.sd_jwt.model import DEFAULT_HASH, UnverifiedSdJwt, digest_of, hash_name, parse_sd_jwt
from did.keys import PublicKey
from did.signing import Signer

KB_TYP = "kb+jwt"
KB_WINDOW = timedelta(seconds=300)
"""How old a proof may be: as old as a presentation request (T13)."""


def bind(
    presentation: str,
    *,
    signer: Signer,
    audience: str,
    nonce: str,
    iat: datetime,
    extra: Mapping[str, Any] | None = None,
    hash_alg: str | None = None,
) -> str:
    """Return the presentation followed by its key-binding JWT.

    `presentation` ends in `~`; `extra` adds claims such as `transaction_data_hashes`; `hash_alg` is
    the credential's `_sd_alg`, read from it when not given. RFC 9901 section 4.3.
    """
    if hash_alg is None:
        hash_alg = hash_name(parse_sd_jwt(presentation).jws.unverified_claims())
    claims = {
        **(extra or {}),
        "iat": int(iat.timestamp()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": digest_of(presentation, hash_alg),
    }
    return presentation + sign_jws(claims, typ=KB_TYP, signer=signer)


def verify_key_binding(
    sd_jwt: UnverifiedSdJwt,
    *,
    holder_key: PublicKey,
    audience: str,
    nonce: str,
    now: datetime,
    hash_alg: str = DEFAULT_HASH,
    algs: Collection[str] = ALLOWED_ALGS,
    window: timedelta = KB_WINDOW,
) -> VerifiedJws:
    """Return the verified key-binding JWT of a presentation.

    `holder_key` comes from the issuer-signed `cnf` and nowhere else (T12). `aud` and `nonce` are
    compared exactly, `iat` may lie `window` before `now` and 60 s after it.

    Raises HolderBindingInvalid, NonceMismatch, AudienceMismatch. RFC 9901 section 7.3 (T11-T14).
    """
    if sd_jwt.kb_jwt is None:
        raise HolderBindingInvalid("the presentation has no key-binding JWT")
    try:
        proof = verify_jws(sd_jwt.kb_jwt, key=holder_key, typ=KB_TYP, algs=algs)
    except (TypeUnexpected, AlgorithmNotAllowed) as exc:
        raise HolderBindingInvalid(f"the key-binding JWT is not one: {exc.detail}") from exc
    except IdError as exc:
        raise HolderBindingInvalid("the key-binding JWT was not signed by the key of the credential") from exc
    claims = proof.claims
    if claims.get("nonce") != nonce:
        raise NonceMismatch("the key-binding JWT answers another nonce")
    if claims.get("aud") != audience:
        raise AudienceMismatch("the key-binding JWT was made for another audience")
    try:
        issued_at = numeric_date(claims, "iat")
        if "exp" in claims or "nbf" in claims:
            check_times({name: claims[name] for name in ("exp", "nbf") if name in claims}, now=now)
    except IdError as exc:
        raise HolderBindingInvalid(f"the key-binding JWT is out of its time: {exc.detail}") from exc
    if issued_at is None or not now - window <= issued_at <= now + SKEW:
        raise HolderBindingInvalid("the key-binding JWT was not made just now")
    if claims.get("sd_hash") != digest_of(sd_jwt.presented, hash_alg):
        raise HolderBindingInvalid("the key-binding JWT was made over other disclosures than these")
    return proof
