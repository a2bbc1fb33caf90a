"""The signed application: a compact JWS by the applicant's own `auth` key (S01).

The header carries the key itself. That is right here and nowhere else: the application says
"whoever holds this key asks", and the key becomes the one that later proofs are compared with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from credentials.jose import check_algorithm, check_type, parse_jws, verify_jws
from did.keys import PublicKey
from idservice.problems import Refused

from .form import Form, parse_form

TYP: Final = "application+jwt"
TYPE: Final = "e-residency"
ALGS: Final = frozenset({"ES256"})
MAX_BYTES: Final = 1 << 20
MAX_AGE: Final = timedelta(minutes=5)
SKEW: Final = timedelta(seconds=60)
_JTI: Final = re.compile(r"[\x21-\x7e]{8,128}")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_CLAIMS: Final = frozenset({"aud", "iat", "jti", "type", "form", "sign_key", "renews", "renewal_code"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedApplication:
    """An application whose signature, type and audience are good; its form is not read yet."""

    compact: str
    payload: bytes
    auth_key: PublicKey
    auth_jkt: str
    jti: str
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A signed application that passed every rule.

    `renews` is the id of the case that this one renews, to be proven by the old key as well;
    `renewal_code` is what an officer handed out instead.
    """

    signed: SignedApplication
    sign_jkt: str
    form: Form
    renews: str | None
    renewal_code: str | None


def open_application(text: object, *, audience: str) -> SignedApplication:
    """Return the application in a compact JWS: typ, algorithm, key, signature, `aud`, `jti`, in this order.

    Raises an IdError: `malformed`, `too_large`, `type_unexpected`, `algorithm_not_allowed`,
    `signature_invalid`, `audience_mismatch`.
    """
    if not isinstance(text, str):
        raise Refused("malformed", "application must be a compact JWS", hint="send it as text")
    jws = parse_jws(text, max_bytes=MAX_BYTES)
    check_type(jws, TYP)
    check_algorithm(jws, ALGS)
    embedded = jws.header.get("jwk")
    if not isinstance(embedded, Mapping):
        raise Refused("malformed", "the header must hold the auth key as jwk", hint="sign with the auth key")
    key = PublicKey.from_jwk(embedded)
    verified = verify_jws(jws, key=key, typ=TYP, algs=ALGS)
    claims = verified.claims
    if claims.get("aud") != audience:
        raise Refused("audience_mismatch", "the application is addressed to another service", hint=f"aud: {audience}")
    jti = claims.get("jti")
    if not isinstance(jti, str) or _JTI.fullmatch(jti) is None:
        raise Refused("malformed", "jti must be 8 to 128 visible ASCII characters", hint="draw a random value")
    return SignedApplication(
        compact=jws.compact, payload=jws.payload, auth_key=key, auth_jkt=key.thumbprint(), jti=jti, claims=claims
    )


def read_application(signed: SignedApplication, *, now: datetime) -> Application:
    """Return the application with its form read; `iat` may lie 5 minutes before `now` and 60 s after it.

    Raises Refused (`malformed`, `too_large`), and an IdError for a sign key that is none.
    """
    claims = signed.claims
    if not set(claims) <= _CLAIMS:
        raise Refused("malformed", "the application holds a claim it cannot have", hint=", ".join(sorted(_CLAIMS)))
    _check_time(claims.get("iat"), now)
    if claims.get("type") != TYPE:
        raise Refused("malformed", "this type cannot be applied for", hint=f"type: {TYPE}")
    sign_jkt = _sign_jkt(claims.get("sign_key"), signed)
    renews, code = claims.get("renews"), claims.get("renewal_code")
    if renews is not None and code is not None:
        raise Refused("malformed", "renews and renewal_code exclude each other", hint="send one of them")
    for name, value in (("renews", renews), ("renewal_code", code)):
        if value is not None and (not isinstance(value, str) or _CODE.fullmatch(value) is None):
            raise Refused("malformed", f"{name} must be 22 base64url characters", hint="as it was given to you")
    form = parse_form(claims.get("form"), today=now.date())
    return Application(signed=signed, sign_jkt=sign_jkt, form=form, renews=renews, renewal_code=code)


def photo_of(compact: str) -> str | None:
    """Return the photo in an application that was accepted before, as a data URL."""
    photo = parse_jws(compact, max_bytes=MAX_BYTES).unverified_claims()["form"].get("photo")
    return None if photo is None else str(photo)


def _check_time(iat: object, now: datetime) -> None:
    hint = "set the clock of the wallet's machine, then sign again"
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise Refused("malformed", "iat must be a number of seconds", hint=hint)
    if not (now - MAX_AGE).timestamp() <= iat <= (now + SKEW).timestamp():
        raise Refused("malformed", "iat lies outside the 5 minutes that an application is good for", hint=hint)


def _sign_jkt(value: object, signed: SignedApplication) -> str:
    if not isinstance(value, Mapping):
        raise Refused("malformed", "sign_key must be a public JWK", hint="send the public half of the sign key")
    key = PublicKey.from_jwk(value)
    if key.alg not in ALGS:
        raise Refused("algorithm_not_allowed", "sign_key must be a P-256 key", hint="make the sign key on P-256")
    jkt = key.thumbprint()
    if jkt == signed.auth_jkt:
        raise Refused("malformed", "auth key and sign key must differ", hint="make two keys, one for each role")
    return jkt
