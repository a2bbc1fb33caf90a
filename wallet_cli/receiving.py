"""From an offer to stored credentials, so that a power cut at any step loses nothing that cannot be had again.

offer -> trusted issuer -> shown and agreed -> token -> [stored: token, keys] -> credentials ->
checked -> [stored] -> notified. What is in brackets is on disk before the next step begins: after a
crash `wallet receive` goes on with the same token and the same keys, and the issuer answers with
the same copies (contract: retries). A token answer that never arrived is lost; the office makes a
new offer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from credentials.openid.metadata import CredentialConfiguration
from credentials.openid.offer import (
    CheckedOffer,
    CredentialOffer,
    OfferReference,
    check_offer,
    parse_offer,
    parse_offer_link,
)
from credentials.openid.token import (
    GRANT_PRE_AUTHORIZED,
    GRANT_REFRESH,
    AuthorizationDetail,
    TokenRequest,
    TokenResponse,
)
from did.errors import IdError
from did.signing import LocalSigner
from wallet_cli import copies as pools
from wallet_cli.checking import CheckedCopy, check_batch
from wallet_cli.client import JSON, need_json
from wallet_cli.errors import IssuerUntrusted, WalletError
from wallet_cli.issuing import DEFAULT_TOKEN_LIFETIME, Access, Issuing, choose_identifier, read_issuer, read_server
from wallet_cli.model import Copy, Credential, Event, Grant, Pending, PendingItem, Role
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
        grant = self.checked.offer.pre_authorized
        return grant is not None and grant.tx_code is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What one request brought: type, number of new copies, and the credential they went into."""

    type: str
    copies: int
    credential: str


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


# --- reading an offer ----------------------------------------------------------------------------


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


# --- redeeming -----------------------------------------------------------------------------------


def redeem(session: "Session", hand: OfferInHand, *, tx_code: str | None, key: LocalSigner | None) -> Pending:
    """Redeem the offer's code and put down, before anything is asked for, the token and every key it will prove.

    The roles that are needed must be open.
    """
    offer, issuing = hand.checked.offer, hand.issuing
    request = TokenRequest(
        grant_type=GRANT_PRE_AUTHORIZED,
        pre_authorized_code=offer.pre_authorized.code if offer.pre_authorized else None,
        tx_code=tx_code,
        client_id=issuing.client_id,
        authorization_details=_details(issuing, offer.configuration_ids),
    )
    response = issuing.token(request, key=key)
    wallet = session.wallet
    grant = ""
    if response.refresh_token is not None and key is not None:
        grant = session.new_id(9)
        wallet.grants.append(
            Grant(
                id=grant,
                issuer=issuing.issuer_id,
                key=key.public_key.thumbprint(),
                refresh_token=response.refresh_token,
                identifiers=_identifiers(response),
            )
        )
    configurations = {one.id: one for one in hand.checked.configurations}
    items = [_new_item(session, issuing, configurations[name], response, into="") for name in offer.configuration_ids]
    return _put_down(session, issuing, response, key=key, grant=grant, items=items, offer=offer)


def renew(session: "Session", grant: Grant, wanted: Sequence[tuple[Credential, str]], *, key: LocalSigner) -> Pending:
    """Get a new access token for a grant and put down the requests for `wanted`: (credential, identifier) pairs."""
    metadata = read_issuer(session, grant.issuer)
    issuing = Issuing(session, metadata, read_server(session, metadata.server))
    names = list(dict.fromkeys(credential.configuration_id for credential, _ in wanted))
    request = TokenRequest(
        grant_type=GRANT_REFRESH,
        refresh_token=grant.refresh_token,
        client_id=issuing.client_id,
        authorization_details=_details(issuing, names) if grant.identifiers else (),
    )
    response = issuing.token(request, key=key)
    if response.refresh_token is not None:
        grant.refresh_token = response.refresh_token
    grant.identifiers.update(_identifiers(response))
    items = []
    for credential, identifier in wanted:
        configuration = metadata.configurations.get(credential.configuration_id)
        if configuration is None:
            raise WalletError(f"The issuer no longer offers {credential.type}.", hint="ask the issuing office")
        items.append(_new_item(session, issuing, configuration, response, into=credential.id, identifier=identifier))
    return _put_down(session, issuing, response, key=key, grant=grant.id, items=items, offer=None)


def _details(issuing: Issuing, names: Sequence[str]) -> tuple[AuthorizationDetail, ...]:
    if not issuing.takes_details:
        return ()
    locations = (issuing.issuer_id,) if issuing.metadata.authorization_servers else ()
    return tuple(AuthorizationDetail(configuration_id=name, locations=locations) for name in names)


def _identifiers(response: TokenResponse) -> dict[str, list[str]]:
    return {one.configuration_id: list(one.identifiers) for one in response.authorization_details}


def _new_item(
    session: "Session",
    issuing: Issuing,
    configuration: CredentialConfiguration,
    response: TokenResponse,
    *,
    into: str,
    identifier: str = pools.NEW_SLOT,
) -> PendingItem:
    """Make the keys of one request. The sign role has one key for good; a copy of the auth role has a fresh one."""
    wallet = session.wallet
    offered = _identifiers(response).get(configuration.id, [])
    if identifier == pools.NEW_SLOT:
        held = {copy.identifier for one in wallet.credentials for copy in one.copies if one.id == into}
        tied = dict.fromkeys(held, "") | wallet.slots.get(issuing.issuer_id, {})
        draw = int.from_bytes(session.world.random_bytes(8))
        identifier = choose_identifier(offered, tied=tied, draw=draw)
    role = role_of(configuration)
    if role == "sign":
        keys = [_sign_key(session, issuing.issuer_id)]
    else:
        opened = session.open_role("auth")
        count = max(1, min(BATCH, issuing.metadata.batch_size))
        keys = [session.gates.new_key(opened, use="copy", now=session.now()).id for _ in range(count)]
    return PendingItem(configuration_id=configuration.id, identifier=identifier, role=role, keys=keys, into=into)


def _sign_key(session: "Session", issuer: str) -> str:
    """The one sign key: of the newest application at this issuer, else of an earlier credential, else new."""
    for application in reversed(session.wallet.applications):
        if application.service == issuer and application.sign_key in session.wallet.keys:
            return application.sign_key
    for key in session.wallet.keys.values():
        if key.role == "sign" and not any(one.sign_key == key.id for one in session.wallet.applications):
            return key.id
    return session.gates.new_key(session.open_role("sign"), use="application", now=session.now()).id


def _put_down(
    session: "Session",
    issuing: Issuing,
    response: TokenResponse,
    *,
    key: LocalSigner | None,
    grant: str,
    items: list[PendingItem],
    offer: CredentialOffer | None,
) -> Pending:
    pending = Pending(
        id=session.new_id(9),
        issuer=issuing.issuer_id,
        offer=offer_mark(offer) if offer is not None else "",
        grant=grant,
        dpop_key=key.public_key.thumbprint() if key is not None else "",
        access_token=response.access_token,
        expires_at=session.now() + (response.expires_in or DEFAULT_TOKEN_LIFETIME),
        items=items,
    )
    session.wallet.pending.append(pending)
    session.save()
    return pending


def offer_mark(offer: CredentialOffer) -> str:
    """What an interrupted offer is recognised by: a hash, so that its code is not kept."""
    import hashlib

    code = offer.pre_authorized.code if offer.pre_authorized is not None else ""
    return hashlib.sha256(f"{offer.credential_issuer}\n{code}".encode()).hexdigest()


# --- asking, checking, storing -------------------------------------------------------------------


def finish(session: "Session", pending: Pending, *, told: Callable[[Received], None] | None = None) -> list[Received]:
    """Ask for everything that is still open, check it, store it, tell the issuer. Safe to run again after a crash."""
    metadata = read_issuer(session, pending.issuer)
    issuing = Issuing(session, metadata, read_server(session, metadata.server))
    issuer = session.services.issuer(pending.issuer)
    key = _signer(session, "auth", pending.dpop_key) if pending.dpop_key else None
    access = Access(token=pending.access_token, key=key)
    brought: list[Received] = []
    for item in pending.items:
        if not item.done:
            brought.append(_one(session, pending, item, issuing=issuing, issuer=issuer, access=access))
            if told is not None:
                told(brought[-1])
    for notification_id in list(pending.notices):
        issuing.notify(access, notification_id, "credential_accepted")
    forget(session, pending)
    session.save()
    return brought


def _one(
    session: "Session", pending: Pending, item: PendingItem, *, issuing: Issuing, issuer: KnownIssuer, access: Access
) -> Received:
    configuration = issuing.metadata.configurations.get(item.configuration_id)
    if configuration is None or configuration.type is None:
        raise WalletError("The issuer no longer offers what was asked for.", hint="ask the issuing office")
    session.services.learn_type(configuration.type)
    signers = [_signer(session, item.role, key_id) for key_id in item.keys]
    response = issuing.credentials(access, configuration=configuration, identifier=item.identifier, keys=signers)
    try:
        checked = check_batch(
            session,
            response.credentials,
            format=configuration.format,
            vct=configuration.type,
            issuer=issuing.issuer_id,
            keys={signer.public_key.thumbprint(): signer.public_key for signer in signers},
        )
    except IdError:
        if response.notification_id is not None:
            issuing.notify(access, response.notification_id, "credential_failure")
        raise
    received = _store(session, pending, item, checked, configuration=configuration, issuer=issuer)
    if response.notification_id is not None:
        pending.notices.append(response.notification_id)
    item.done = True
    for key_id in item.keys:
        pools.drop_key(session.wallet, key_id)  # the issuer made fewer copies than keys were proven
    session.save()
    return received


def _store(
    session: "Session",
    pending: Pending,
    item: PendingItem,
    checked: Sequence[CheckedCopy],
    *,
    configuration: CredentialConfiguration,
    issuer: KnownIssuer,
) -> Received:
    wallet = session.wallet
    now = session.now()
    credential = _credential_for(session, pending, item, configuration=configuration, issuer=issuer)
    replaced = [copy for copy in credential.copies if copy.identifier == item.identifier]
    credential.copies = [copy for copy in credential.copies if copy.identifier != item.identifier]
    credential.copies += [
        Copy(
            text=copy.text,
            key=copy.key,
            number=number,
            batch=len(checked),
            received_at=now,
            valid_until=copy.parsed.valid_until,
            identifier=item.identifier,
        )
        for number, copy in enumerate(checked, start=1)
    ]
    for copy in replaced:
        pools.drop_key(wallet, copy.key)
    credential.received_at = now
    credential.single_use = item.role != "sign"
    wallet.history.append(
        Event(
            at=now,
            kind="received",
            who=issuer.name,
            who_id=issuer.did,
            what=f"{credential.type}: {len(checked)} {'copies' if len(checked) != 1 else 'copy'}",
            outcome="refreshed" if item.into else "received",
        )
    )
    return Received(type=credential.type, copies=len(checked), credential=credential.id)


def _credential_for(
    session: "Session",
    pending: Pending,
    item: PendingItem,
    *,
    configuration: CredentialConfiguration,
    issuer: KnownIssuer,
) -> Credential:
    wallet = session.wallet
    for credential in wallet.credentials:
        if credential.id == item.into:
            return credential
    name = type_name(configuration)
    credential = Credential(
        id=new_credential_id([one.id for one in wallet.credentials], name),
        type=name,
        configuration_id=configuration.id,
        format=configuration.format,
        vct=configuration.type or "",
        issuer=issuer.id,
        issuer_name=issuer.name,
        role=item.role,
        received_at=session.now(),
        grant=pending.grant,
    )
    wallet.credentials.append(credential)
    return credential


def new_credential_id(taken: Sequence[str], type_name: str) -> str:
    """A short id for people to type: the type's first letter and a number, `e1`."""
    letter = next((char for char in type_name.lower() if char.isascii() and char.isalpha()), "c")
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def forget(session: "Session", pending: Pending) -> None:
    """Drop an issuance that is over, with the keys that nothing is bound to; the caller saves."""
    wallet = session.wallet
    if pending in wallet.pending:
        wallet.pending.remove(pending)
    for item in pending.items:
        for key_id in item.keys:
            pools.drop_key(wallet, key_id)


def _signer(session: "Session", role: Role, key_id: str) -> LocalSigner:
    return session.gates.signer(session.open_role(role), key_id)


# --- refilling -----------------------------------------------------------------------------------


def refill(session: "Session", wanted: Sequence[tuple[Credential, str]]) -> list[Received]:
    """Fetch new batches for (credential, identifier) pairs, grouped by what lets us ask. The auth role must be open."""
    brought: list[Received] = []
    by_grant: dict[str, list[tuple[Credential, str]]] = {}
    for credential, identifier in wanted:
        by_grant.setdefault(credential.grant, []).append((credential, identifier))
    for grant_id, pairs in by_grant.items():
        grant = next((one for one in session.wallet.grants if one.id == grant_id), None)
        if grant is None:
            continue
        key = _signer(session, "auth", grant.key)
        brought += finish(session, renew(session, grant, pairs, key=key))
    return brought


def resume(session: "Session", *, told: Callable[[Received], None] | None = None) -> list[Received]:
    """Go on with every issuance that was interrupted; one whose token has run out is dropped.

    What was dropped can be fetched again with `wallet refresh` where the issuer gave a refresh token.
    """
    brought: list[Received] = []
    for pending in list(session.wallet.pending):
        open_items = [item for item in pending.items if not item.done]
        if open_items and session.now() >= pending.expires_at - timedelta(seconds=5):
            forget(session, pending)
            session.save()
            continue
        brought += finish(session, pending, told=told)
    return brought


def lost_items(session: "Session") -> int:
    """How many requests are waiting under tokens that have run out."""
    late = [one for one in session.wallet.pending if session.now() >= one.expires_at - timedelta(seconds=5)]
    return sum(1 for pending in late for item in pending.items if not item.done)
