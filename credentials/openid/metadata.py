"""Metadata of credential issuers (OpenID4VCI 1.0 section 12) and of authorization servers (RFC 8414)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from did.signing import Signer

ISSUER: Final = "openid-credential-issuer"
AUTHORIZATION_SERVER: Final = "oauth-authorization-server"
SIGNED_TYP: Final = "openidvci-issuer-metadata+jwt"


def well_known_url(identifier: str, name: str) -> str:
    """Return the URL of a well-known document: the name goes between host and path (RFC 8414 3.1, VCI 12.2.2)."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialConfiguration:
    """One member of `credential_configurations_supported`; `type` = `vct` or doctype, None for other formats.
    `proof_algs`: proof type -> algorithms, empty when no proof is needed. `raw` is the JSON object."""

    id: str
    format: str
    type: str | None
    scope: str | None
    binding_methods: tuple[str, ...]
    proof_algs: Mapping[str, tuple[str, ...]]
    signing_algs: tuple[str | int, ...]
    raw: Mapping[str, Any] = field(repr=False)

    def display(self, languages: Sequence[str]) -> Mapping[str, Any]:
        """Return the `credential_metadata.display` object for the first language there is, or the first object."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerMetadata:
    """Credential issuer metadata; `batch_size` 1 = no batches. `raw` is the JSON object."""

    credential_issuer: str
    authorization_servers: tuple[str, ...]
    credential_endpoint: str
    nonce_endpoint: str | None
    notification_endpoint: str | None
    deferred_credential_endpoint: str | None
    batch_size: int
    configurations: Mapping[str, CredentialConfiguration]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def server(self) -> str:
        """Return the authorization server to use when the offer names none: the first, or the issuer itself."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServerMetadata:
    """Authorization server metadata (RFC 8414). `raw` is the JSON object."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None
    pushed_authorization_request_endpoint: str | None
    grant_types: tuple[str, ...]
    dpop_algs: tuple[str, ...]
    anonymous_pre_authorized: bool
    authorization_details_types: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False)


def build_configuration(
    *,
    format: str,
    type: str,
    scope: str,
    display: Sequence[Mapping[str, Any]],
    claims: Sequence[Mapping[str, Any]],
    signing_algs: Sequence[str | int] = ("ES256",),
    proof_algs: Sequence[str] = ("ES256",),
    binding_methods: Sequence[str] = ("jwk",),
) -> dict[str, Any]:
    """Return one credential configuration object; `type` becomes `vct` or `doctype` by the format. Section 12.2.4."""
    raise NotImplementedError


def build_issuer_metadata(
    *,
    credential_issuer: str,
    credential_endpoint: str,
    nonce_endpoint: str,
    configurations: Mapping[str, Mapping[str, Any]],
    notification_endpoint: str | None = None,
    deferred_credential_endpoint: str | None = None,
    authorization_servers: Sequence[str] = (),
    batch_size: int | None = None,
    display: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Return issuer metadata as JSON. Section 12.2.4."""
    raise NotImplementedError


def build_authorization_server_metadata(
    *,
    issuer: str,
    token_endpoint: str,
    grant_types: Sequence[str],
    dpop_algs: Sequence[str] = ("ES256",),
    scopes: Sequence[str] = (),
    anonymous_pre_authorized: bool = True,
    jwks_uri: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """Return authorization server metadata as JSON; `extra` adds members (PAR, PKCE). RFC 8414 2, VCI 12.3."""
    raise NotImplementedError


def parse_issuer_metadata(body: bytes) -> IssuerMetadata:
    """Return issuer metadata read from JSON; unknown members are kept in `raw`.

    Raises ProtocolError `invalid_issuer_metadata`.
    """
    raise NotImplementedError


def parse_authorization_server_metadata(body: bytes) -> AuthorizationServerMetadata:
    """Return server metadata read from JSON. Raises ProtocolError `invalid_issuer_metadata`."""
    raise NotImplementedError


def check_issuer_metadata(
    metadata: IssuerMetadata, *, credential_issuer: str, dev: bool = False, haip: bool = True
) -> IssuerMetadata:
    """See that the metadata is of the issuer asked for, byte for byte (T43), and that its URLs are https.

    `dev` allows http on loopback names; `haip` also demands scopes and a nonce endpoint. Raises ProtocolError.
    """
    raise NotImplementedError


def check_authorization_server_metadata(
    metadata: AuthorizationServerMetadata, *, issuer: str, dev: bool = False
) -> AuthorizationServerMetadata:
    """See that `issuer` is the one asked for, byte for byte, and that URLs are https (RFC 8414 3.3)."""
    raise NotImplementedError


def build_signed_issuer_metadata(
    metadata: bytes, *, signer: Signer, x5c: Sequence[str], now: datetime, expires_at: datetime | None = None
) -> str:
    """Return the metadata as a JWS, answered when `Accept` is `application/jwt`. Section 12.2.3."""
    raise NotImplementedError


def check_signed_issuer_metadata(
    jws: str, *, credential_issuer: str, anchors: Collection[bytes], now: datetime, dev: bool = False
) -> IssuerMetadata:
    """Verify signed metadata by its `x5c` and return it. Raises ProtocolError. Section 12.2.3, HAIP 4.1."""
    raise NotImplementedError
