"""Credential Offer (OpenID4VCI 1.0 section 4), by value and by reference."""

from dataclasses import dataclass
from typing import Final, Literal

from credentials.openid.metadata import AuthorizationServerMetadata, CredentialConfiguration, IssuerMetadata

PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
SCHEME: Final = "openid-credential-offer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TxCode:
    """What the person will be asked for (section 4.1.1); `length` in characters."""

    input_mode: Literal["numeric", "text"] = "numeric"
    length: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreAuthorizedGrant:
    """The pre-authorized code grant; `tx_code` not None means that a transaction code is required."""

    code: str
    tx_code: TxCode | None = None
    authorization_server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCodeGrant:
    """The authorization code grant; a server treats the echoed `issuer_state` as untrusted."""

    issuer_state: str | None = None
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
    raise NotImplementedError


def build_offer_link(offer: CredentialOffer | OfferReference, *, scheme: str = SCHEME) -> str:
    """Return `<scheme>://?credential_offer=...` or `...?credential_offer_uri=...`. Section 4.1."""
    raise NotImplementedError


def parse_offer(body: bytes | str, *, dev: bool = False) -> CredentialOffer:
    """Return the offer in a JSON body. `dev` allows http on loopback names. Raises ProtocolError `invalid_request`."""
    raise NotImplementedError


def parse_offer_link(link: str, *, dev: bool = False) -> CredentialOffer | OfferReference:
    """Return what a link offers: exactly one of `credential_offer` and `credential_offer_uri` (T43, T96).

    Raises ProtocolError `invalid_request`.
    """
    raise NotImplementedError


def check_offer(
    offer: CredentialOffer, *, metadata: IssuerMetadata, server: AuthorizationServerMetadata | None = None
) -> CheckedOffer:
    """See that the issuer, each configuration and the named authorization server are in the metadata.

    Raises ProtocolError `invalid_request`, or `unknown_credential_configuration`. Section 4.1.1.
    """
    raise NotImplementedError
