"""The `jwt` key proof (OpenID4VCI 1.0 Appendix F.1, F.4): a wallet proves the keys a credential will be bound to."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from credentials.errors import FetchFailed, IdError, ProtocolError
from credentials.jose import UnverifiedJws, parse_jws, sign_jws, verify_jws
from credentials.openid import haip
from credentials.openid.wire import NonceCheck, required_text, text_member, time_member
from credentials.x509 import check_chain, x5c_decode
from did.keys import PublicKey
from did.signing import Signer

TYP: Final = "openid4vci-proof+jwt"
ERROR: Final = "invalid_proof"
MAX_AGE: Final = timedelta(minutes=5)
MAX_BYTES: Final = 64 * 1024
MAX_PROOFS: Final = 1000
_WHAT: Final = "the key proof"
_HINT: Final = "Sign a new key proof with the key that the credential is for, and a fresh nonce of this issuer."

ResolveKid = Callable[[str], PublicKey]
"""Turns the DID URL in `kid` into the key it names; give `did.resolver.resolve_key` with its arguments bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedKeyProof:
    """A key proof as it was read; exactly one of `jwk`, `kid` and `x5c` is set."""

    jws: UnverifiedJws
    jwk: PublicKey | None
    kid: str | None
    x5c: tuple[bytes, ...] | None
    audience: str
    issued_at: datetime
    nonce: str | None
    issuer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """What every proof of one request is held against."""

    audience: str
    nonce: NonceCheck | None
    now: datetime
    max_age: timedelta
    client_id: str | None
    algs: Collection[str]
    resolve_kid: ResolveKid | None
    anchors: Sequence[bytes]


def _refused(detail: str, *, code: str = "holder_binding_invalid") -> ProtocolError:
    return ProtocolError(ERROR, detail, code=code, hint=_HINT)


def _stale(detail: str) -> ProtocolError:
    return ProtocolError("invalid_nonce", detail, code="nonce_mismatch", hint="Fetch a fresh nonce and prove again.")


def build_key_proof(
    *,
    signer: Signer,
    audience: str,
    nonce: str | None,
    now: datetime,
    client_id: str | None = None,
    kid: str | None = None,
) -> str:
    """Return a key proof by `signer`, with its `jwk` in the header, or with `kid`, a DID URL.

    `audience` is the Credential Issuer Identifier; `client_id` stays out for an anonymous wallet. Appendix F.1.
    """
    claims: dict[str, Any] = {"aud": audience, "iat": int(now.timestamp())}
    if client_id is not None:
        claims["iss"] = client_id
    if nonce is not None:
        claims["nonce"] = nonce
    header = {"jwk": signer.public_key.to_jwk()} if kid is None else {"kid": kid}
    return sign_jws(claims, typ=TYP, signer=signer, header=header)


def parse_key_proof(jwt: str) -> UnverifiedKeyProof:
    """Read a proof: exactly one key header without private part, and the required claims.

    Raises ProtocolError `invalid_proof`. Appendix F.1.
    """
    try:
        jws = parse_jws(jwt, max_bytes=MAX_BYTES)
        claims = jws.unverified_claims()
        headers = [name for name in ("jwk", "kid", "x5c") if name in jws.header]
        if len(headers) != 1:
            raise _refused("the key proof needs exactly one of jwk, kid and x5c in its header")
        jwk, kid = jws.header.get("jwk"), jws.header.get("kid")
        if (jwk is not None and not isinstance(jwk, dict)) or (kid is not None and not isinstance(kid, str)):
            raise _refused("the key header of the key proof is of the wrong type", code="malformed")
        key = None if jwk is None else PublicKey.from_jwk(jwk)
        chain = tuple(x5c_decode(jws.header["x5c"])) if "x5c" in jws.header else None
    except ProtocolError:
        raise
    except IdError as exc:
        raise _refused(f"the key proof cannot be read: {exc.detail}", code=exc.code) from exc
    if key is None and kid is None and chain is None:
        raise _refused("the key header of the key proof is null", code="malformed")
    issued_at = time_member(claims, "iat", what=_WHAT, error=ERROR)
    if issued_at is None:
        raise _refused("the key proof has no iat", code="malformed")
    return UnverifiedKeyProof(
        jws=jws,
        jwk=key,
        kid=kid,
        x5c=chain,
        audience=required_text(claims, "aud", what=_WHAT, error=ERROR),
        issued_at=issued_at,
        nonce=text_member(claims, "nonce", what=_WHAT, error=ERROR),
        issuer=text_member(claims, "iss", what=_WHAT, error=ERROR),
    )


def check_key_proof(
    jwt: str | UnverifiedKeyProof,
    *,
    audience: str,
    nonce: NonceCheck | None,
    now: datetime,
    max_age: timedelta = MAX_AGE,
    client_id: str | None = None,
    algs: Collection[str] = haip.SIGNING_ALGS,
    resolve_kid: ResolveKid | None = None,
    anchors: Sequence[bytes] = (),
) -> PublicKey:
    """Return the holder key that signed this proof (T50).

    `audience` is compared exactly. `nonce` is the one `c_nonce` that will do, or a function that raises when it will
    not; None = the issuer has no nonce endpoint. `iat` may lie `max_age` before `now` and 60 s after it.
    `client_id` None = anonymous: then `iss` must be absent; otherwise it is optional.

    Raises ProtocolError `invalid_nonce` (code `nonce_mismatch`) first, then `invalid_proof`; FetchFailed when
    `resolve_kid` got no answer. Appendix F.4.
    """
    proof = parse_key_proof(jwt) if isinstance(jwt, str) else jwt
    expected = _Expected(
        audience=audience,
        nonce=nonce,
        now=now,
        max_age=max_age,
        client_id=client_id,
        algs=algs,
        resolve_kid=resolve_kid,
        anchors=anchors,
    )
    _check_nonce(proof, expected)
    return _check(proof, expected)


def check_key_proofs(
    proofs: Sequence[str],
    *,
    audience: str,
    nonce: NonceCheck | None,
    now: datetime,
    max_age: timedelta = MAX_AGE,
    client_id: str | None = None,
    algs: Collection[str] = haip.SIGNING_ALGS,
    resolve_kid: ResolveKid | None = None,
    anchors: Sequence[bytes] = (),
) -> tuple[tuple[PublicKey, ...], str | None]:
    """Check every proof of one request and return the keys, all different, and the one nonce they share (T50, T51).

    Raises as `check_key_proof`; `invalid_proof` also for a key proven twice, `invalid_nonce` for two nonces.
    """
    if not 0 < len(proofs) <= MAX_PROOFS:
        raise _refused("the request has no key proof, or too many")
    parsed = [parse_key_proof(proof) for proof in proofs]
    expected = _Expected(
        audience=audience,
        nonce=nonce,
        now=now,
        max_age=max_age,
        client_id=client_id,
        algs=algs,
        resolve_kid=resolve_kid,
        anchors=anchors,
    )
    if len({proof.nonce for proof in parsed}) != 1:
        raise _stale("the key proofs of one request carry different nonces")
    _check_nonce(parsed[0], expected)
    keys = tuple(_check(proof, expected) for proof in parsed)
    if len({key.thumbprint() for key in keys}) != len(keys):
        raise _refused("a key is proven twice: each copy needs its own")
    return keys, parsed[0].nonce


def _check_nonce(proof: UnverifiedKeyProof, expected: _Expected) -> None:
    if expected.nonce is None:
        return
    if proof.nonce is None:
        raise _refused("the key proof has no nonce")
    if isinstance(expected.nonce, str):
        if proof.nonce != expected.nonce:
            raise _stale("the key proof carries another nonce")
        return
    try:
        expected.nonce(proof.nonce)
    except ProtocolError:
        raise
    except IdError as exc:
        raise _stale(exc.detail) from exc


def _check(proof: UnverifiedKeyProof, expected: _Expected) -> PublicKey:
    try:
        key = _key(proof, expected)
        verify_jws(proof.jws, key=key, typ=TYP, algs=expected.algs)
    except (ProtocolError, FetchFailed):
        raise
    except IdError as exc:
        raise _refused(f"the key proof is not genuine: {exc.detail}", code=exc.code) from exc
    if proof.audience != expected.audience:
        raise _refused("the key proof is for another issuer", code="audience_mismatch")
    if proof.issuer is not None and proof.issuer != expected.client_id:
        raise _refused("iss of the key proof is not the client that asks; an anonymous one leaves it out")
    if proof.issued_at > expected.now + haip.CLOCK_SKEW or proof.issued_at < expected.now - expected.max_age:
        raise _refused("the key proof is too old, or from the future: check the clock")
    return key


def _key(proof: UnverifiedKeyProof, expected: _Expected) -> PublicKey:
    if proof.jwk is not None:
        return proof.jwk
    if proof.kid is not None:
        if expected.resolve_kid is None or not proof.kid.startswith("did:"):
            raise _refused("kid of the key proof is not a DID URL that this issuer accepts")
        return expected.resolve_kid(proof.kid)
    return check_chain(proof.x5c or (), anchors=expected.anchors, now=expected.now, usage="document_signing").public_key
