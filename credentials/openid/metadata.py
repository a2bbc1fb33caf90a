"""Metadata of credential issuers (OpenID4VCI 1.0 section 12) and of authorization servers (RFC 8414).

Building is in metadata_build.py, reading and checking in metadata_read.py.
"""

from credentials.openid.metadata_build import (
    build_authorization_server_metadata,
    build_configuration,
    build_issuer_metadata,
    build_signed_issuer_metadata,
    check_signed_issuer_metadata,
)
from credentials.openid.metadata_read import (
    AUTHORIZATION_SERVER,
    ISSUER,
    AuthorizationServerMetadata,
    CredentialConfiguration,
    IssuerMetadata,
    check_authorization_server_metadata,
    check_issuer_metadata,
    parse_authorization_server_metadata,
    parse_issuer_metadata,
    well_known_url,
)

__all__ = [
    "AUTHORIZATION_SERVER",
    "ISSUER",
    "AuthorizationServerMetadata",
    "CredentialConfiguration",
    "IssuerMetadata",
    "build_authorization_server_metadata",
    "build_configuration",
    "build_issuer_metadata",
    "build_signed_issuer_metadata",
    "check_authorization_server_metadata",
    "check_issuer_metadata",
    "check_signed_issuer_metadata",
    "parse_authorization_server_metadata",
    "parse_issuer_metadata",
    "well_known_url",
]
