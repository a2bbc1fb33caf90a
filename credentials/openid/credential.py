"""Nonce, credential and notification messages (OpenID4VCI 1.0 sections 7, 8 and 11), in plain JSON."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from credentials.openid.metadata import CredentialConfiguration, IssuerMetadata

NotificationEvent = Literal["credential_accepted", "credential_failure", "credential_deleted"]
EVENTS: Final[tuple[NotificationEvent, ...]] = ("credential_accepted", "credential_failure", "credential_deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRequest:
    """A credential request: exactly one of `configuration_id` and `identifier`; proofs of one type, maybe none."""

    configuration_id: str | None = None
    identifier: str | None = None
    proof_type: str | None = None
    proofs: tuple[Any, ...] = field(default=(), repr=False)
    response_encryption: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedRequest:
    """A request that its access token covers: next come the proofs, then the credential."""

    configuration: CredentialConfiguration
    identifier: str | None
    proof_type: str | None
    proofs: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialResponse:
    """Issued credentials, one per proven key; each a string, or an object for `ldp_vc`."""

    credentials: tuple[str | Mapping[str, Any], ...] = field(repr=False)
    notification_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredResponse:
    """Not ready yet (HTTP 202): ask again after `interval`."""

    transaction_id: str
    interval: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What became of issued credentials."""

    notification_id: str
    event: NotificationEvent
    description: str | None = None


def build_nonce_response(c_nonce: str) -> bytes:
    """Return the JSON body of the nonce endpoint; send it with `Cache-Control: no-store`. Section 7.2."""
    raise NotImplementedError


def parse_nonce_response(body: bytes) -> str:
    """Return the `c_nonce` in a JSON body. Raises ProtocolError."""
    raise NotImplementedError


def build_credential_request(request: CredentialRequest) -> bytes:
    """Return the JSON body. Section 8.2."""
    raise NotImplementedError


def parse_credential_request(body: bytes) -> CredentialRequest:
    """Return the request in a JSON body; unknown members are ignored, draft members never stand in for those of 1.0.

    Raises ProtocolError `invalid_credential_request` or `invalid_proof`. Section 8.2.
    """
    raise NotImplementedError


def check_credential_request(
    request: CredentialRequest,
    *,
    metadata: IssuerMetadata,
    configuration_ids: Collection[str],
    identifiers: Mapping[str, str] | None = None,
) -> GrantedRequest:
    """See that the access token covers the request and that the number and type of proofs fit the configuration.

    `configuration_ids` = what the token covers; `identifiers` = credential identifier -> configuration id when the
    token response listed any: then only `credential_identifier` will do (T53).
    Raises ProtocolError `unknown_credential_configuration`, `unknown_credential_identifier`,
    `invalid_credential_request`, `invalid_proof`, `invalid_encryption_parameters`. Section 8.2, 8.3.1.2.
    """
    raise NotImplementedError


def build_credential_response(response: CredentialResponse | DeferredResponse) -> bytes:
    """Return the JSON body: status 200 for credentials, 202 for a deferred answer. Section 8.3."""
    raise NotImplementedError


def parse_credential_response(body: bytes) -> CredentialResponse | DeferredResponse:
    """Return the response in a JSON body. Raises ProtocolError. Section 8.3."""
    raise NotImplementedError


def check_credential_response(response: CredentialResponse | DeferredResponse, *, keys: int) -> CredentialResponse:
    """See that there are credentials, and not more than keys were proven. Raises ProtocolError. Section 8.3."""
    raise NotImplementedError


def build_notification(notification: Notification) -> bytes:
    """Return the JSON body. Section 11.1."""
    raise NotImplementedError


def parse_notification(body: bytes) -> Notification:
    """Return the notification in a JSON body. Raises ProtocolError `invalid_notification_request`. Section 11.1."""
    raise NotImplementedError
