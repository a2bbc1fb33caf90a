"""DPoP proofs (RFC 9449): a request is tied to a key, and so are the tokens given for it (T49).

Replay of a `jti` and the making of server nonces are the caller's: both need memory or a secret.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from credentials.errors import IdError, ProtocolError
from credentials.jose import UnverifiedJws, parse_jws, sign_jws, verify_jws
from credentials.openid import haip
from credentials.openid.wire import NonceCheck, time_member
from did.encoding import b64url_encode
from did.keys import PublicKey
from did.signing import Signer

TYP: Final = "dpop+jwt"
ERROR: Final = "invalid_dpop_proof"
MAX_AGE: Final = timedelta(minutes=5)
MAX_BYTES: Final = 8192
_HINT: Final = "Make a new DPoP proof for this very request, with the key of the token, and send it once."
_WHAT: Final = "the DPoP proof"
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedDpopProof:
    """A DPoP proof as it was read; nothing in it is verified."""

    jws: UnverifiedJws
    key: PublicKey
    jti: str
    method: str
    url: str
    issued_at: datetime
    access_token_hash: str | None
    nonce: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DpopProof:
    """A verified proof. The caller remembers (`jkt`, `jti`) until `expires_at` and refuses it a second time."""

    key: PublicKey
    jkt: str
    jti: str
    issued_at: datetime
    expires_at: datetime
    nonce: str | None


def _refused(detail: str, *, error: str = ERROR, code: str = "malformed") -> ProtocolError:
    return ProtocolError(error, detail, code=code, hint=_HINT)


def access_token_hash(access_token: str) -> str:
    """Return `ath`: base64url(SHA-256(ASCII access token)). RFC 9449 4.2."""
    return b64url_encode(hashlib.sha256(access_token.encode("ascii")).digest())


def build_dpop_proof(
    *,
    signer: Signer,
    method: str,
    url: str,
    now: datetime,
    jti: str,
    access_token: str | None = None,
    nonce: str | None = None,
) -> str:
    """Return a DPoP proof JWT; `jti` is 128 random bits or more.

    Query and fragment of `url` are left out of `htu`. RFC 9449 4.2.
    """
    claims: dict[str, Any] = {
        "jti": jti,
        "htm": method,
        "htu": url.partition("#")[0].partition("?")[0],
        "iat": int(now.timestamp()),
    }
    if access_token is not None:
        claims["ath"] = access_token_hash(access_token)
    if nonce is not None:
        claims["nonce"] = nonce
    return sign_jws(claims, typ=TYP, signer=signer, header={"jwk": signer.public_key.to_jwk()})


def parse_dpop_proof(jwt: str) -> UnverifiedDpopProof:
    """Read a proof: one compact JWS with a public `jwk` and the required claims.

    Raises ProtocolError `invalid_dpop_proof`. RFC 9449 4.3.
    """
    try:
        jws = parse_jws(jwt, max_bytes=MAX_BYTES)
        claims = jws.unverified_claims()
        jwk = jws.header.get("jwk")
        if not isinstance(jwk, dict):
            raise _refused("the DPoP proof has no jwk in its header")
        key = PublicKey.from_jwk(jwk)
    except ProtocolError:
        raise
    except IdError as exc:
        raise _refused(f"the DPoP proof cannot be read: {exc.detail}", code=exc.code) from exc
    issued_at = time_member(claims, "iat", what=_WHAT, error=ERROR)
    if issued_at is None:
        raise _refused("the DPoP proof has no iat")
    return UnverifiedDpopProof(
        jws=jws,
        key=key,
        jti=_text(claims, "jti", 256),
        method=_text(claims, "htm", 16),
        url=_text(claims, "htu", 2048),
        issued_at=issued_at,
        access_token_hash=_text(claims, "ath", 64) if "ath" in claims else None,
        nonce=_text(claims, "nonce", 512) if "nonce" in claims else None,
    )


def _text(claims: dict[str, Any], name: str, limit: int) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise _refused(f"the DPoP proof has no {name}, or an overlong one")
    return value


def check_dpop_proof(
    jwt: str | UnverifiedDpopProof,
    *,
    method: str,
    url: str,
    now: datetime,
    access_token: str | None = None,
    expected_jkt: str | None = None,
    nonce: NonceCheck | None = None,
    max_age: timedelta = MAX_AGE,
    algs: Collection[str] = haip.SIGNING_ALGS,
) -> DpopProof:
    """Verify a proof for this request (T49). `access_token` demands `ath`; `expected_jkt` is the key a token or code
    is bound to; `nonce`, when given, must be in the proof: else ProtocolError `use_dpop_nonce`.

    `url` is the URL of this endpoint from our configuration. `iat` may lie `max_age` before `now`, 60 s after it.
    Raises ProtocolError `invalid_dpop_proof` (code `holder_binding_invalid` for another key). RFC 9449 4.3.
    """
    proof = parse_dpop_proof(jwt) if isinstance(jwt, str) else jwt
    try:
        verify_jws(proof.jws, key=proof.key, typ=TYP, algs=algs)
    except IdError as exc:
        raise _refused(f"the DPoP proof is not genuine: {exc.detail}", code=exc.code) from exc
    if proof.method != method:
        raise _refused("the DPoP proof is for another HTTP method", code="holder_binding_invalid")
    target = _normal(proof.url)
    if target is None or target != _normal(url):
        raise _refused("the DPoP proof is for another URL", code="audience_mismatch")
    if proof.issued_at > now + haip.CLOCK_SKEW or proof.issued_at < now - max_age:
        raise _refused("the DPoP proof is too old, or from the future: check the clock", code="holder_binding_invalid")
    _check_times(proof.jws.unverified_claims(), now)
    if nonce is not None:
        _check_nonce(proof, nonce)
    if access_token is not None and proof.access_token_hash != access_token_hash(access_token):
        raise _refused("the DPoP proof is for another access token", code="holder_binding_invalid")
    jkt = proof.key.thumbprint()
    if expected_jkt is not None and jkt != expected_jkt:
        raise _refused("the DPoP proof is signed by another key", code="holder_binding_invalid")
    return DpopProof(
        key=proof.key,
        jkt=jkt,
        jti=proof.jti,
        issued_at=proof.issued_at,
        expires_at=max(proof.issued_at, now) + max_age + haip.CLOCK_SKEW,
        nonce=proof.nonce,
    )


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    """`exp` and `nbf` are not asked for; where they stand they count (FAPI 2.0 conformance)."""
    expires_at = time_member(claims, "exp", what=_WHAT, error=ERROR)
    starts_at = time_member(claims, "nbf", what=_WHAT, error=ERROR)
    if (expires_at is not None and now >= expires_at + haip.CLOCK_SKEW) or (
        starts_at is not None and now < starts_at - haip.CLOCK_SKEW
    ):
        raise _refused("the DPoP proof says that it is not valid now", code="holder_binding_invalid")


def _check_nonce(proof: UnverifiedDpopProof, nonce: NonceCheck) -> None:
    problem = _refused("the DPoP proof needs the nonce of this server", error="use_dpop_nonce", code="nonce_mismatch")
    if proof.nonce is None:
        raise problem
    if isinstance(nonce, str):
        if proof.nonce != nonce:
            raise problem
        return
    try:
        nonce(proof.nonce)
    except ProtocolError:
        raise
    except IdError as exc:
        raise problem from exc


def _normal(url: str) -> SplitResult | None:
    """Return a URL normalised as RFC 9449 4.3 asks (RFC 3986 6.2.2, 6.2.3), without query and fragment; None if bad."""
    if not url.isascii() or any(char <= " " for char in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    if default is None or not parts.hostname or "@" in parts.netloc:
        return None
    host = parts.hostname + ("" if port in (None, default) else f":{port}")
    return SplitResult(parts.scheme, host, _PERCENT.sub(_plain, parts.path) or "/", "", "")


def _plain(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code in _UNRESERVED else found[0].upper()
