"""Credential Offer (OpenID4VCI 1.0 section 4), by value and by reference."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast
from urllib.parse import quote

from credentials.errors import ProtocolError
from credentials.openid import haip
from credentials.openid.links import check_url, link_parameters
from credentials.openid.metadata_read import AuthorizationServerMetadata, CredentialConfiguration, IssuerMetadata
from credentials.openid.wire import build_json, parse_json, required_text, text_array, text_member

PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
AUTHORIZATION_CODE: Final = "authorization_code"
SCHEME: Final = "openid-credential-offer"
MAX_DESCRIPTION_CHARS: Final = 300
_WHAT: Final = "the credential offer"
_HINT: Final = "Ask whoever made the offer for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class TxCode:
    """What the person will be asked for (section 4.1.1); `length` in characters."""

    input_mode: Literal["numeric", "text"] = "numeric"
    length: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreAuthorizedGrant:
    """The pre-authorized code grant; `tx_code` not None means that a transaction code is required."""

    code: str = field(repr=False)
    tx_code: TxCode | None = None
    authorization_server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCodeGrant:
    """The authorization code grant; a server treats the echoed `issuer_state` as untrusted."""

    issuer_state: str | None = field(default=None, repr=False)
    authorization_server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOffer:
    """An offer; both grants None = the wallet looks at the authorization server's metadata."""

    credential_issuer: str
    configuration_ids: tuple[str, ...]
    pre_authorized: PreAuthorizedGrant | None = None
    authorization_code: AuthorizationCodeGrant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReference:
    """An offer to be fetched (GET, `Accept: application/json`) and given to `parse_offer`."""

    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOffer:
    """An offer that fits its issuer's metadata."""

    offer: CredentialOffer
    configurations: tuple[CredentialConfiguration, ...]
    authorization_server: str


def build_offer(offer: CredentialOffer) -> bytes:
    """Return the offer as a JSON body, for `credential_offer_uri`."""
    grants: dict[str, Any] = {}
    if offer.authorization_code is not None:
        code = offer.authorization_code
        grants[AUTHORIZATION_CODE] = _present(
            issuer_state=code.issuer_state, authorization_server=code.authorization_server
        )
    if offer.pre_authorized is not None:
        grant, tx_code = offer.pre_authorized, offer.pre_authorized.tx_code
        grants[PRE_AUTHORIZED] = {
            "pre-authorized_code": grant.code,
            **_present(authorization_server=grant.authorization_server),
        }
        if tx_code is not None:
            grants[PRE_AUTHORIZED]["tx_code"] = _present(
                input_mode=tx_code.input_mode, length=tx_code.length, description=tx_code.description
            )
    value: dict[str, Any] = {
        "credential_issuer": offer.credential_issuer,
        "credential_configuration_ids": list(offer.configuration_ids),
    }
    return build_json({**value, "grants": grants} if grants else value)


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def build_offer_link(offer: CredentialOffer | OfferReference, *, scheme: str = SCHEME) -> str:
    """Return `<scheme>://?credential_offer=...` or `...?credential_offer_uri=...`. Section 4.1."""
    if isinstance(offer, OfferReference):
        return f"{scheme}://?credential_offer_uri={quote(offer.uri, safe='')}"
    return f"{scheme}://?credential_offer={quote(build_offer(offer), safe='')}"


def parse_offer(body: bytes | str, *, dev: bool = False) -> CredentialOffer:
    """Return the offer in a JSON body; unknown members are ignored. `dev` allows http on loopback names.

    Raises ProtocolError `invalid_request`.
    """
    value = parse_json(body, what=_WHAT)
    issuer = required_text(value, "credential_issuer", what=_WHAT)
    check_url(issuer, what="credential_issuer", dev=dev, query=False)
    ids = text_array(value, "credential_configuration_ids", what=_WHAT)
    if not ids or len(set(ids)) != len(ids):
        raise _refused("credential_configuration_ids is empty, or holds an id twice")
    grants = value.get("grants", {})
    if not isinstance(grants, dict):
        raise _refused("grants is not a JSON object")
    return CredentialOffer(
        credential_issuer=issuer,
        configuration_ids=ids,
        pre_authorized=_pre_authorized(grants[PRE_AUTHORIZED]) if PRE_AUTHORIZED in grants else None,
        authorization_code=_authorization_code(grants[AUTHORIZATION_CODE]) if AUTHORIZATION_CODE in grants else None,
    )


def _grant(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused("a grant is not a JSON object")
    return value


def _authorization_code(value: object) -> AuthorizationCodeGrant:
    grant = _grant(value)
    return AuthorizationCodeGrant(
        issuer_state=text_member(grant, "issuer_state", what="the grant"),
        authorization_server=text_member(grant, "authorization_server", what="the grant"),
    )


def _pre_authorized(value: object) -> PreAuthorizedGrant:
    grant = _grant(value)
    return PreAuthorizedGrant(
        code=required_text(grant, "pre-authorized_code", what="the grant"),
        tx_code=_tx_code(grant["tx_code"]) if "tx_code" in grant else None,
        authorization_server=text_member(grant, "authorization_server", what="the grant"),
    )


def _tx_code(value: object) -> TxCode:
    if not isinstance(value, dict):
        raise _refused("tx_code is not a JSON object")
    mode, length = value.get("input_mode", "numeric"), value.get("length")
    if mode not in ("numeric", "text"):
        raise _refused("input_mode of tx_code is neither numeric nor text")
    if length is not None and (type(length) is not int or not 0 < length <= 64):
        raise _refused("length of tx_code is not a number from 1 to 64")
    description = text_member(value, "description", what="tx_code", max_chars=MAX_DESCRIPTION_CHARS)
    return TxCode(input_mode=cast(Literal["numeric", "text"], mode), length=length, description=description)


def parse_offer_link(link: str, *, dev: bool = False) -> CredentialOffer | OfferReference:
    """Return what a link offers: exactly one of `credential_offer` and `credential_offer_uri` (T43, T96).

    Raises ProtocolError `invalid_request`.
    """
    parameters = link_parameters(link, schemes=haip.OFFER_SCHEMES)
    value, uri = parameters.get("credential_offer"), parameters.get("credential_offer_uri")
    if value is not None and uri is None:
        return parse_offer(value, dev=dev)
    if uri is not None and value is None:
        return OfferReference(uri=check_url(uri, what="credential_offer_uri", dev=dev))
    raise _refused("the link has neither, or both, of credential_offer and credential_offer_uri")


def check_offer(
    offer: CredentialOffer, *, metadata: IssuerMetadata, server: AuthorizationServerMetadata | None = None
) -> CheckedOffer:
    """See that the issuer, each configuration and the named authorization server are in the metadata.

    `server` = metadata of the authorization server, once fetched: then a grant it does not offer is refused.
    Raises ProtocolError `invalid_request`, or `unknown_credential_configuration`. Section 4.1.1.
    """
    if metadata.credential_issuer != offer.credential_issuer:
        raise _refused("the metadata is of another issuer than the offer names")
    unknown = [name for name in offer.configuration_ids if name not in metadata.configurations]
    if unknown:
        raise ProtocolError(
            "unknown_credential_configuration", f"the issuer does not know: {', '.join(unknown)}", hint=_HINT
        )
    grant = offer.pre_authorized or offer.authorization_code
    named = grant.authorization_server if grant else None
    if named is not None and named not in metadata.authorization_servers:
        raise _refused("the offer names an authorization server that its issuer does not")
    chosen = named or metadata.server
    if server is not None:
        wanted = PRE_AUTHORIZED if offer.pre_authorized else AUTHORIZATION_CODE if offer.authorization_code else None
        if server.issuer != chosen or (wanted is not None and wanted not in server.grant_types):
            raise _refused("the authorization server is another one, or does not know the grant of the offer")
    return CheckedOffer(
        offer=offer,
        configurations=tuple(metadata.configurations[name] for name in offer.configuration_ids),
        authorization_server=chosen,
    )


def _refused(detail: str) -> ProtocolError:
    return ProtocolError("invalid_request", detail, hint=_HINT)
