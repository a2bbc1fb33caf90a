"""Authorization request of OpenID4VP 1.0 (sections 5, 8.4) as a signed request object (RFC 9101)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from credentials.jose import UnverifiedJws
from credentials.openid.dcql import Query
from credentials.openid.haip import RESPONSE_MODE
from credentials.signed_list import TrustedVerifier, VerifierTrust
from did.resolver import Fetch
from did.signing import Signer

TYP: Final = "oauth-authz-req+jwt"
MEDIA_TYPE: Final = "application/oauth-authz-req+jwt"
STATIC_AUDIENCE: Final = "https://self-issued.me/v2"
SCHEME: Final = "openid4vp"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLink:
    """What a link carries (`openid4vp://?client_id=…&request_uri=…`): a question to fetch, nothing more."""

    client_id: str
    request_uri: str
    method: str = "get"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionData:
    """One `transaction_data` member; `encoded` is the string that is hashed, `data` what it says."""

    encoded: str
    type: str
    credential_ids: tuple[str, ...]
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedRequest:
    """A request object as it was read; nothing in it is verified."""

    jws: UnverifiedJws
    client_id: str
    prefix: str
    identifier: str
    unverified_claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A verified request. `verifier` says who asks; `encryption_jwk` is None only for plain `direct_post`."""

    client_id: str
    verifier: TrustedVerifier
    response_mode: str
    response_uri: str
    nonce: str
    state: str | None
    query: Query
    encryption_jwk: Mapping[str, Any] | None
    encryption_enc: str | None
    transaction_data: tuple[TransactionData, ...] = ()
    vp_formats: Mapping[str, Any] = field(default_factory=dict)


def client_id_for_certificate(leaf_der: bytes) -> str:
    """Return `x509_hash:` and base64url(SHA-256(DER leaf)). Section 5.9.3."""
    raise NotImplementedError


def client_id_for_did(did: str) -> str:
    """Return `decentralized_identifier:` and the DID. Section 5.9.3."""
    raise NotImplementedError


def build_transaction_data(type: str, credential_ids: Sequence[str], **members: Any) -> str:
    """Return one base64url-encoded `transaction_data` string. Section 8.4."""
    raise NotImplementedError


def build_request(
    *,
    signer: Signer,
    client_id: str,
    response_uri: str,
    nonce: str,
    query: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
    x5c: Sequence[str] = (),
    kid: str | None = None,
    state: str | None = None,
    response_mode: str = RESPONSE_MODE,
    encryption_jwk: Mapping[str, Any] | None = None,
    transaction_data: Sequence[str] = (),
    wallet_nonce: str | None = None,
    audience: str = STATIC_AUDIENCE,
) -> str:
    """Return a signed request object. Give `x5c` with an `x509_hash` client id, `kid` (a DID URL) with a DID.

    `encryption_jwk` = public JWK of the key made for this one request (`encryption_key()` in response.py). HAIP 5.
    """
    raise NotImplementedError


def build_request_link(*, client_id: str, request_uri: str, scheme: str = SCHEME, method: str | None = None) -> str:
    """Return the link for a QR code or button; `method` `post` lets a wallet send its nonce. Section 5.1."""
    raise NotImplementedError


def parse_request_link(link: str, *, dev: bool = False) -> RequestLink:
    """Return what a link carries. Raises ProtocolError `invalid_request` or `invalid_request_uri_method` (T96)."""
    raise NotImplementedError


def build_request_uri_post(*, wallet_nonce: str, wallet_metadata: Mapping[str, Any] | None = None) -> bytes:
    """Return the form body a wallet posts to `request_uri`. Section 5.10."""
    raise NotImplementedError


def parse_request_uri_post(body: bytes) -> str | None:
    """Return the `wallet_nonce` of such a form, None if there is none. Raises ProtocolError `invalid_request`."""
    raise NotImplementedError


def parse_request(jwt: str | bytes) -> UnverifiedRequest:
    """Read a request object: a compact JWS with `typ`, and a `client_id` with prefix. Raises ProtocolError."""
    raise NotImplementedError


def check_request(
    request: str | bytes | UnverifiedRequest,
    *,
    link_client_id: str,
    trust: VerifierTrust,
    now: datetime,
    wallet_nonce: str | None = None,
    transaction_data_types: Collection[str] = (),
    fetch: Fetch | None = None,
    strict: bool = True,
    dev: bool = False,
) -> AuthorizationRequest:
    """Verify a request object and return the typed request (T55, T56).

    `link_client_id` = the one in the link; `trust` = signed list and roots the person added; `wallet_nonce` = the one
    sent, if any; `transaction_data_types` = those this wallet can show; `fetch` = for a did:web verifier; `strict` =
    HAIP's demands on the verifier too. Whether the verifier may ask this is `purposes.check_purpose`.

    Raises VerifierUntrusted (code `verifier_untrusted`), ProtocolError `invalid_request`,
    `invalid_transaction_data`, SignatureInvalid. Sections 5.8-5.10, 8.2, 14.
    """
    raise NotImplementedError
