"""What every OAuth message shares: forms, the error shape (RFC 6749 5.2) and DPoP proofs (RFC 9449).

Replay of a DPoP `jti` and the making of server nonces are the caller's.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from did.keys import PublicKey
from did.signing import Signer

from credentials.jose import UnverifiedJws
from credentials.openid import haip
from credentials.openid.errors import ProtocolError

FORM: Final = "application/x-www-form-urlencoded"
DPOP_TYP: Final = "dpop+jwt"
DPOP_MAX_AGE: Final = timedelta(minutes=5)

NonceCheck = str | Callable[[str], None]
"""The one nonce that will do, or a function that raises when a nonce will not."""


def build_form(parameters: Mapping[str, str]) -> bytes:
    """Return parameters as an `application/x-www-form-urlencoded` body."""
    raise NotImplementedError


def parse_form(body: bytes | str, *, max_parameters: int = 64) -> dict[str, str]:
    """Return the parameters of a form body or query string. Unknown names are kept; empty values are dropped
    (RFC 6749 3.1). Raises ProtocolError `invalid_request` for a doubled name, bad UTF-8 or bad percent-encoding."""
    raise NotImplementedError


def build_error(error: ProtocolError) -> bytes:
    """Return the JSON body of an error; the description holds only characters RFC 6749 5.2 allows."""
    raise NotImplementedError


def parse_error(body: bytes) -> ProtocolError:
    """Return the error in a JSON body, to be raised. What is not such a body gives `server_error`, code `malformed`."""
    raise NotImplementedError


def parse_authorization(header: str | None) -> tuple[str, str]:
    """Return the scheme in lower case (`dpop` or `bearer`) and the token of an Authorization header.

    Raises ProtocolError `invalid_token` (code `unauthenticated`). RFC 6750 2.1, RFC 9449 7.1.
    """
    raise NotImplementedError


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


def access_token_hash(access_token: str) -> str:
    """Return `ath`: base64url(SHA-256(ASCII access token)). RFC 9449 4.2."""
    raise NotImplementedError


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
    """Return a DPoP proof JWT; `jti` is 128 random bits or more. Query and fragment of `url` are left out. RFC 9449 4.2."""
    raise NotImplementedError


def parse_dpop_proof(jwt: str) -> UnverifiedDpopProof:
    """Read a proof: one compact JWS with a public `jwk` and the required claims.

    Raises ProtocolError `invalid_dpop_proof`. RFC 9449 4.3.
    """
    raise NotImplementedError


def check_dpop_proof(
    jwt: str | UnverifiedDpopProof,
    *,
    method: str,
    url: str,
    now: datetime,
    access_token: str | None = None,
    expected_jkt: str | None = None,
    nonce: NonceCheck | None = None,
    max_age: timedelta = DPOP_MAX_AGE,
    algs: Collection[str] = haip.SIGNING_ALGS,
) -> DpopProof:
    """Verify a proof for this request (T49). `access_token` demands `ath`; `expected_jkt` is the key a token or code
    is bound to; `nonce`, when given, must be in the proof: else ProtocolError `use_dpop_nonce`.

    Raises ProtocolError `invalid_dpop_proof` (code `holder_binding_invalid` for another key). RFC 9449 4.3.
    """
    raise NotImplementedError
