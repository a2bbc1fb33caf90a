"""Metadata of the issuer and of its authorization server, built once for each worker (OpenID4VCI 1.0 section 12).

Nothing in it depends on a request: types are read at the start, and the base URL was fixed at `init`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from credentials.openid.metadata import (
    IssuerMetadata,
    build_authorization_server_metadata,
    build_configuration,
    build_issuer_metadata,
    build_signed_issuer_metadata,
    parse_issuer_metadata,
)
from credentials.openid.token import GRANT_TYPES
from idservice.catalogue import CredentialType
from idservice.issuer import credential, nonce, notification, token
from idservice.issuer.authorization import DPOP_ALGS
from idservice.service import Service

SIGNED_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Documents:
    """The published bytes, and the same read back for the checks of the credential endpoint."""

    issuer: bytes
    server: bytes
    parsed: IssuerMetadata


def build(service: Service) -> Documents:
    """Return both documents of a service."""
    issuer = build_issuer_metadata(
        credential_issuer=service.base_url,
        credential_endpoint=service.url(credential.PATH),
        nonce_endpoint=service.url(nonce.PATH),
        notification_endpoint=service.url(notification.PATH),
        batch_size=credential.BATCH_SIZE,
        display=[{"name": service.settings.issuing_authority, "locale": "en"}],
        configurations={kind.name: _configuration(kind) for kind in service.types},
    )
    server = build_authorization_server_metadata(
        issuer=service.base_url,
        token_endpoint=service.url(token.PATH),
        grant_types=GRANT_TYPES,
        dpop_algs=DPOP_ALGS,
        scopes=[kind.name for kind in service.types],
        anonymous_pre_authorized=True,
    )
    return Documents(issuer=issuer, server=server, parsed=parse_issuer_metadata(issuer))


def signed(service: Service, documents: Documents) -> str:
    """Return the issuer's metadata as a JWS, for `Accept: application/jwt`. Section 12.2.3."""
    now = service.clock.now().replace(minute=0, second=0, microsecond=0)
    return build_signed_issuer_metadata(
        documents.issuer,
        signer=service.keys.signer("metadata"),
        x5c=service.keys.x5c("metadata"),
        now=now,
        expires_at=now + SIGNED_LIFETIME,
    )


def _configuration(kind: CredentialType) -> dict[str, Any]:
    display = [
        {"locale": language, "name": name, "description": kind.descriptions[language]}
        for language, name in kind.names.items()
    ]
    claims: list[Mapping[str, Any]] = [
        {
            "path": list(claim.path),
            "mandatory": claim.mandatory,
            "display": [{"locale": language, "name": label} for language, label in claim.label.items()],
        }
        for claim in kind.file.claims
    ]
    return build_configuration(
        format=credential.FORMAT,
        type=kind.vct,
        scope=kind.name,
        display=display,
        claims=claims,
        proof_algs=credential.PROOF_ALGS,
    )
