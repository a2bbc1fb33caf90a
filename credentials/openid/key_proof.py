"""The `jwt` key proof (OpenID4VCI 1.0 Appendix F.1, F.4): a wallet proves the keys a credential will be bound to."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from did.keys import PublicKey
from did.signing import Signer

from credentials.jose import UnverifiedJws
from credentials.openid import haip
from credentials.openid.oauth import NonceCheck

TYP: Final = "openid4vci-proof+jwt"
MAX_AGE: Final = timedelta(minutes=5)

ResolveKid = Callable[[str], PublicKey]
"""Turns the DID URL in `kid` into the key it names; give `did.resolver.resolve_key` with its arguments bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedKeyProof:
    """A key proof as it was read; exactly one of `jwk`, `kid` and `x5c` is set."""

    jws: UnverifiedJws
    jwk: PublicKey | None
    kid: str | None
    x5c: tuple[str, ...] | None
    audience: str
    issued_at: datetime
    nonce: str | None
    issuer: str | None


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
    raise NotImplementedError


def parse_key_proof(jwt: str) -> UnverifiedKeyProof:
    """Read a proof: `typ`, exactly one key header without private part, required claims.

    Raises ProtocolError `invalid_proof`. Appendix F.1.
    """
    raise NotImplementedError


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
    `client_id` None = anonymous: then `iss` must be absent.

    Raises ProtocolError `invalid_nonce` (code `nonce_mismatch`) first, then `invalid_proof`. Appendix F.4.
    """
    raise NotImplementedError


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
    raise NotImplementedError
