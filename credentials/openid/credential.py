"""Nonce, credential and notification messages (OpenID4VCI 1.0 sections 7, 8 and 11), in plain JSON."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, cast

from credentials.errors import ProtocolError
from credentials.openid.metadata_read import CredentialConfiguration, IssuerMetadata
from credentials.openid.wire import build_json, parse_json, required_text, text_member

NotificationEvent = Literal["credential_accepted", "credential_failure", "credential_deleted"]
EVENTS: Final[tuple[NotificationEvent, ...]] = ("credential_accepted", "credential_failure", "credential_deleted")
MAX_PROOFS: Final = 1000
MAX_INTERVAL: Final = timedelta(days=30)
_REQUEST: Final = "the credential request"
_RESPONSE: Final = "the credential response"
_ERROR: Final = "invalid_credential_request"
_HINT: Final = "Send the request as OpenID4VCI 1.0 section 8.2 has it."


def _refused(detail: str, *, error: str = _ERROR, code: str = "malformed") -> ProtocolError:
    return ProtocolError(error, detail, code=code, hint=_HINT)


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


# --- nonce ---------------------------------------------------------------------------------------


def build_nonce_response(c_nonce: str) -> bytes:
    """Return the JSON body of the nonce endpoint; send it with `Cache-Control: no-store`. Section 7.2."""
    return build_json({"c_nonce": c_nonce})


def parse_nonce_response(body: bytes) -> str:
    """Return the `c_nonce` in a JSON body. Raises ProtocolError."""
    value = parse_json(body, what="the nonce response")
    return required_text(value, "c_nonce", what="the nonce response")


# --- request -------------------------------------------------------------------------------------


def build_credential_request(request: CredentialRequest) -> bytes:
    """Return the JSON body. Section 8.2."""
    value: dict[str, Any] = {
        "credential_configuration_id": request.configuration_id,
        "credential_identifier": request.identifier,
        "proofs": {request.proof_type: list(request.proofs)} if request.proof_type else None,
        "credential_response_encryption": request.response_encryption,
    }
    return build_json({name: member for name, member in value.items() if member is not None})


def parse_credential_request(body: bytes) -> CredentialRequest:
    """Return the request in a JSON body; unknown members are ignored, draft members never stand in for those of 1.0.

    Raises ProtocolError `invalid_credential_request` or `invalid_proof`. Section 8.2.
    """
    value = parse_json(body, what=_REQUEST, error=_ERROR)
    configuration_id = text_member(value, "credential_configuration_id", what=_REQUEST, error=_ERROR)
    identifier = text_member(value, "credential_identifier", what=_REQUEST, error=_ERROR)
    if (configuration_id is None) == (identifier is None):
        raise _refused("the request needs exactly one of credential_configuration_id and credential_identifier")
    encryption = value.get("credential_response_encryption")
    if encryption is not None and not isinstance(encryption, dict):
        raise _refused("credential_response_encryption is not a JSON object")
    proof_type, proofs = _proofs(value)
    return CredentialRequest(
        configuration_id=configuration_id,
        identifier=identifier,
        proof_type=proof_type,
        proofs=proofs,
        response_encryption=encryption,
    )


def _proofs(value: Mapping[str, Any]) -> tuple[str | None, tuple[Any, ...]]:
    if "proofs" not in value:
        return None, ()
    members = value["proofs"]
    if not isinstance(members, dict) or len(members) != 1:
        raise _refused("proofs does not have exactly one member", error="invalid_proof")
    ((proof_type, proofs),) = members.items()
    if not isinstance(proofs, list) or not 0 < len(proofs) <= MAX_PROOFS:
        raise _refused("the member of proofs is not a non-empty array", error="invalid_proof")
    if proof_type == "jwt" and not all(isinstance(proof, str) and proof for proof in proofs):
        raise _refused("a jwt proof is not a string", error="invalid_proof")
    return proof_type, tuple(proofs)


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
    configuration = metadata.configurations.get(_granted(request, configuration_ids, identifiers or {}))
    if configuration is None:
        raise _refused("the issuer does not offer this configuration", error="unknown_credential_configuration")
    if request.response_encryption is not None:
        raise _refused(
            "this issuer encrypts responses by TLS only: leave credential_response_encryption out",
            error="invalid_encryption_parameters",
        )
    if configuration.proof_algs and request.proof_type is None:
        raise _refused("this credential is bound to a key, yet the request has no proofs", error="invalid_proof")
    if request.proof_type is not None and request.proof_type not in configuration.proof_algs:
        raise _refused("the configuration does not take proofs of this type", error="invalid_proof")
    if len(request.proofs) > metadata.batch_size:
        raise _refused(f"the request has more proofs than batch_size, {metadata.batch_size}")
    return GrantedRequest(
        configuration=configuration,
        identifier=request.identifier,
        proof_type=request.proof_type,
        proofs=request.proofs,
    )


def _granted(request: CredentialRequest, configuration_ids: Collection[str], identifiers: Mapping[str, str]) -> str:
    """Return the configuration that the access token lets this request have."""
    if request.identifier is not None:
        if request.identifier not in identifiers:
            raise _refused("the access token does not cover this identifier", error="unknown_credential_identifier")
        return identifiers[request.identifier]
    if request.configuration_id is None or request.configuration_id not in configuration_ids:
        raise _refused("the access token does not cover this configuration", error="unknown_credential_configuration")
    if identifiers:
        raise _refused("the token response listed credential_identifiers: one of them has to be used")
    return request.configuration_id


# --- response ------------------------------------------------------------------------------------


def build_credential_response(response: CredentialResponse | DeferredResponse) -> bytes:
    """Return the JSON body: status 200 for credentials, 202 for a deferred answer. Section 8.3."""
    if isinstance(response, DeferredResponse):
        interval = int(response.interval.total_seconds())
        return build_json({"transaction_id": response.transaction_id, "interval": interval})
    value: dict[str, Any] = {"credentials": [{"credential": one} for one in response.credentials]}
    if response.notification_id is not None:
        value["notification_id"] = response.notification_id
    return build_json(value)


def parse_credential_response(body: bytes) -> CredentialResponse | DeferredResponse:
    """Return the response in a JSON body. Raises ProtocolError. Section 8.3."""
    value = parse_json(body, what=_RESPONSE)
    transaction_id = text_member(value, "transaction_id", what=_RESPONSE)
    if (transaction_id is None) == ("credentials" not in value):
        raise _refused("the credential response needs exactly one of credentials and transaction_id")
    if transaction_id is not None:
        seconds = value.get("interval")
        if type(seconds) is not int or not 0 < seconds <= MAX_INTERVAL.total_seconds():
            raise _refused("interval of the credential response is not a number of seconds")
        return DeferredResponse(transaction_id=transaction_id, interval=timedelta(seconds=seconds))
    entries = value["credentials"]
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_PROOFS:
        raise _refused("credentials is not a non-empty array")
    return CredentialResponse(
        credentials=tuple(_credential(entry) for entry in entries),
        notification_id=text_member(value, "notification_id", what=_RESPONSE),
    )


def _credential(entry: object) -> str | Mapping[str, Any]:
    credential = entry.get("credential") if isinstance(entry, dict) else None
    if not isinstance(credential, str | dict) or not credential:
        raise _refused("a member of credentials has no credential")
    return credential


def check_credential_response(response: CredentialResponse | DeferredResponse, *, keys: int) -> CredentialResponse:
    """See that there are credentials, and not more than keys were proven. Raises ProtocolError. Section 8.3."""
    if isinstance(response, DeferredResponse):
        raise ProtocolError(
            "issuance_pending",
            "the issuer has not made the credential yet",
            code="unavailable",
            hint=f"Ask again in {int(response.interval.total_seconds())} s.",
        )
    if len(response.credentials) > max(keys, 1):
        raise _refused("the issuer sent more credentials than keys were proven")
    return response


# --- notification --------------------------------------------------------------------------------


def build_notification(notification: Notification) -> bytes:
    """Return the JSON body. Section 11.1."""
    value = {"notification_id": notification.notification_id, "event": notification.event}
    if notification.description is not None:
        value["event_description"] = notification.description
    return build_json(value)


def parse_notification(body: bytes) -> Notification:
    """Return the notification in a JSON body. Raises ProtocolError `invalid_notification_request`. Section 11.1."""
    what, error = "the notification", "invalid_notification_request"
    value = parse_json(body, what=what, error=error)
    event = value.get("event")
    if event not in EVENTS:
        raise ProtocolError(error, f"event is not one of {', '.join(EVENTS)}")
    return Notification(
        notification_id=required_text(value, "notification_id", what=what, error=error),
        event=cast(NotificationEvent, event),
        description=text_member(value, "event_description", what=what, error=error),
    )
