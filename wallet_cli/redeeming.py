"""Redeeming a code or a refresh token, and putting down what will be asked for before it is asked.

What is put down is the access token and the keys of every request: after a crash the same keys are
proven under the same token, and the issuer answers with the same copies (contract: retries).
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from credentials.openid.metadata import CredentialConfiguration
from credentials.openid.offer import CredentialOffer
from credentials.openid.token import (
    GRANT_PRE_AUTHORIZED,
    GRANT_REFRESH,
    AuthorizationDetail,
    TokenRequest,
    TokenResponse,
)
from did.signing import LocalSigner
from wallet_cli import copies as pools
from wallet_cli.errors import WalletError
from wallet_cli.issuing import DEFAULT_TOKEN_LIFETIME, Issuing, choose_identifier, read_issuer, read_server
from wallet_cli.model import Credential, Grant, Pending, PendingItem
from wallet_cli.offering import BATCH, OfferInHand, role_of

if TYPE_CHECKING:
    from wallet_cli.session import Session


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
    code = offer.pre_authorized.code if offer.pre_authorized is not None else ""
    return hashlib.sha256(f"{offer.credential_issuer}\n{code}".encode()).hexdigest()
