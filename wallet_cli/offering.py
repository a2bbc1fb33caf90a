"""An offer, read and held against its issuer's own word; nothing of it is accepted here (T42, T43).

The issuer has to be trusted before anything is fetched from it, for every type that it offers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from credentials.openid.metadata import CredentialConfiguration
from credentials.openid.offer import CheckedOffer, OfferReference, check_offer, parse_offer, parse_offer_link
from wallet_cli.client import JSON, need_json
from wallet_cli.errors import IssuerUntrusted, WalletError
from wallet_cli.issuing import Issuing, read_issuer, read_server
from wallet_cli.model import Role
from wallet_cli.services import KnownIssuer

if TYPE_CHECKING:
    from wallet_cli.session import Session

BATCH: Final = 10
SIGN_TYPES: Final = frozenset({"signing"})
"""Types whose one copy is bound to the `sign` key (contract, keys)."""
FORMAT: Final = "dc+sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferInHand:
    """An offer of a trusted issuer that fits its metadata; nothing was accepted yet."""

    checked: CheckedOffer
    issuer: KnownIssuer
    issuing: Issuing

    @property
    def needs_tx_code(self) -> bool:
        """Whether the offer asks for the code from the slip."""
        grant = self.checked.offer.pre_authorized
        return grant is not None and grant.tx_code is not None


def type_name(configuration: CredentialConfiguration) -> str:
    """The short name of a configuration's type: `e-residency` of `…/vct/e-residency/1`."""
    return short_type(configuration.type or "", configuration.id)


def short_type(vct: str, fallback: str = "") -> str:
    """The short name in one of our type URLs, else the fallback, else the type itself."""
    parts = vct.rstrip("/").split("/")
    if len(parts) >= 3 and parts[-3] == "vct" and parts[-1].isdigit():
        return parts[-2]
    return fallback or vct


def role_of(configuration: CredentialConfiguration) -> Role:
    """Which of the holder's roles a type's copies are bound to."""
    return "sign" if type_name(configuration) in SIGN_TYPES else "auth"


def open_offer(session: "Session", text: str) -> OfferInHand:
    """Read an offer from a link or JSON, and hold it against its issuer's own word.

    Raises ProtocolError for a bad offer, IssuerUntrusted (before anything is fetched from the issuer).
    """
    dev = session.wallet.dev
    offer = parse_offer(text, dev=dev) if text.lstrip().startswith("{") else parse_offer_link(text, dev=dev)
    if isinstance(offer, OfferReference):
        offer = parse_offer(need_json(session.client.get(offer.uri, accept=JSON)), dev=dev)
    issuer = session.services.issuer(offer.credential_issuer)
    metadata = read_issuer(session, offer.credential_issuer)
    chosen = check_offer(offer, metadata=metadata)
    server = read_server(session, chosen.authorization_server)
    checked = check_offer(offer, metadata=metadata, server=server)
    _check_types(checked, issuer)
    if offer.pre_authorized is None:
        raise WalletError(
            "This offer needs a sign-in at the issuer, which this wallet cannot do.",
            why="It has no pre-authorized code.",
            hint="ask the issuing office for an offer with a code",
        )
    return OfferInHand(checked=checked, issuer=issuer, issuing=Issuing(session, metadata, server))


def _check_types(checked: CheckedOffer, issuer: KnownIssuer) -> None:
    for configuration in checked.configurations:
        if configuration.format != FORMAT or configuration.type is None:
            raise WalletError(
                f"The offer holds a credential of a format this wallet does not keep ({configuration.format}).",
                hint=f"ask the issuing office for the format {FORMAT}",
            )
        if configuration.type not in issuer.types:
            raise IssuerUntrusted(
                f"{issuer.name} is not trusted to issue {type_name(configuration)}.",
                why="The signed list does not name this type for it.  Nothing was accepted.",
                hint="ask the office that runs the list",
            )
