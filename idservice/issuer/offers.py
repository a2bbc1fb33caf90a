"""Credential offers: made by staff or by a case, read by a wallet, redeemed once (OpenID4VCI 1.0 section 4).

An offer is found by the hashes of its three public values: the pre-authorized code, the id under
`/vci/offers/` and the handle under `/offer/`. The values themselves lie sealed in the row while the offer
waits, so that it can be served by reference, and are wiped when it ends (T44).
"""

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row

from credentials.openid.offer import (
    CredentialOffer,
    OfferReference,
    PreAuthorizedGrant,
    TxCode,
    build_offer,
    build_offer_link,
)
from did.encoding import jcs, json_object
from idservice import audit, limits
from idservice.database import reading
from idservice.issuer import dataset, rows
from idservice.problems import Refused
from idservice.service import Service

OfferState = Literal["waiting", "redeemed", "issued", "expired", "killed", "cancelled"]

CODE_LIFETIME = timedelta(minutes=5)
GUARDED_CODE_LIFETIME = timedelta(minutes=15)
TX_CODE_DIGITS = 6
TX_CODE_TRIES = 5
HANDLE_MISSES = 10
HANDLE_WINDOW = timedelta(minutes=1)

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferItem:
    """One credential of an offer: a type and its dataset.

    `person` is the stable reference that `pairwise_sub` is made from; by default the claim
    `personal_administrative_number`. `slots` is the number of pairwise slots; None gives 64 where the type
    has `pairwise_sub` and the person is known. `holder_thumbprint` (RFC 7638) pins the only key that may be
    proven. `row_ref` is the caller's own reference to the row the credential stands for.
    """

    type_name: str
    claims: Mapping[str, Any]
    person: str | None = None
    slots: int | None = None
    holder_thumbprint: str | None = None
    row_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedOffer:
    """A new offer with its secrets, shown once: `uri` (by reference), `uri_by_value`, `handle`, `tx_code`."""

    id: str
    uri: str
    uri_by_value: str
    handle: str
    tx_code: str | None
    expires_at: datetime
    credential_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """What a page or a staff member may see of an offer; `uri` (by reference) only while it waits."""

    id: str
    state: OfferState
    types: tuple[str, ...]
    expires_at: datetime
    tx_code: bool
    tx_code_misses: int
    case_id: str | None
    uri: str | None


def create_offer(
    db: Connection,
    service: Service,
    *,
    items: Sequence[OfferItem],
    case_id: str | None,
    tx_code: bool,
    holder_jkt: str | None,
    created_by: str,
) -> CreatedOffer:
    """Write an offer and one credential row per item; a case's earlier waiting offers are cancelled.

    `holder_jkt` is the thumbprint of the case's `auth` application key, required with `case_id`; without a
    case the offer is a direct one. Raises Refused `malformed` for a dataset that breaks its type's rules.
    """
    if not items or len({item.type_name for item in items}) != len(items):
        raise Refused("malformed", "an offer names at least one credential type, and each only once")
    if (case_id is None) != (holder_jkt is None):
        raise Refused("malformed", "an offer of a case needs the thumbprint of its auth key, a direct one has none")
    now = service.clock.now()
    offer_id = secrets.token_urlsafe(16)
    if case_id is not None:
        cancel_waiting(db, service, case_id, actor=created_by)
    credential_rows = [_credential_row(service, item, offer_id=offer_id, case_id=case_id, now=now) for item in items]
    code, link, digits = secrets.token_urlsafe(16), secrets.token_urlsafe(16), _new_tx_code() if tx_code else None
    handle = _new_handle(db, short=tx_code)
    sealed = service.keys.seal(jcs({"code": code, "link": link}), _context(offer_id))
    expires_at = now + (GUARDED_CODE_LIFETIME if tx_code else CODE_LIFETIME)
    row = {
        "id": offer_id,
        "case_id": case_id,
        "state": "waiting",
        "code_hash": digest(code),
        "link_hash": digest(link),
        "handle_hash": digest(handle),
        "sealed": sealed,
        "tx_code_mac": None if digits is None else _tx_code_mac(service, offer_id, digits),
        "tx_code_misses": 0,
        "holder_jkt": holder_jkt,
        "created_by": created_by,
        "created_at": now,
        "expires_at": expires_at,
    }
    rows.add_offer(db, row, credential_rows)
    types = sorted(item.type_name for item in items)
    data = {"types": types, "case": case_id, "tx_code": tx_code}
    audit.record(db, service, act="offer.created", actor=created_by, subject=f"offer:{offer_id}", data=data)
    return CreatedOffer(
        id=offer_id,
        uri=_by_reference(service, link),
        uri_by_value=build_offer_link(_offer_object(service, types, code, guarded=tx_code)),
        handle=_hyphened(handle),
        tx_code=digits,
        expires_at=expires_at,
        credential_ids=tuple(str(one["id"]) for one in credential_rows),
    )


def state(db: Connection, service: Service, offer_id: str) -> OfferState:
    """Return the state of an offer. Raises Refused `not_found`."""
    return state_of(_by_id(db, offer_id), service.clock.now())


def get(db: Connection, service: Service, offer_id: str) -> OfferView:
    """Return an offer by its id, for staff. Raises Refused `not_found`."""
    return _view(db, service, _by_id(db, offer_id))


def describe(service: Service, handle: str, *, source: str) -> OfferView:
    """Return the offer behind a handle; hyphens, letter case and look-alike letters do not count.

    `source` is the caller's address: unknown handles are counted by source (T67). Opens transactions of its own.
    Raises Refused `offer_expired` for an unknown handle, `rate_limited`.
    """
    key = f"offer-handle:{source}"
    limits.check(service, key, limit=HANDLE_MISSES, window=HANDLE_WINDOW)
    with reading(service.engine) as db:
        found = rows.offer(db, handle_hash=digest(handle.upper().translate(_LOOK_ALIKE)))
        view = None if found is None else _view(db, service, found)
    if view is None:
        limits.miss(service, key, window=HANDLE_WINDOW)
        raise Refused("offer_expired", "no open offer has this code")
    return view


def by_link(db: Connection, service: Service, link: str) -> bytes:
    """Return the offer object that lies at `/vci/offers/{link}`. Raises Refused `offer_expired` unless it waits."""
    found = rows.offer(db, link_hash=digest(link))
    if found is None or found.sealed is None or state_of(found, service.clock.now()) != "waiting":
        raise Refused("offer_expired", "there is no open offer at this address")
    types = rows.types_of_offer(db, found.id)
    code = _secrets(service, found)["code"]
    return build_offer(_offer_object(service, types, code, guarded=found.tx_code_mac is not None))


def cancel(db: Connection, service: Service, offer_id: str, *, actor: str) -> None:
    """End a waiting offer; harmless when it ended unused. Raises Refused `not_found`, `conflict` once redeemed."""
    found = _by_id(db, offer_id)
    if rows.leave_waiting(db, offer_id, to="cancelled", now=service.clock.now()):
        audit.record(db, service, act="offer.cancelled", actor=actor, subject=f"offer:{offer_id}")
    elif found.state in ("redeemed", "issued"):
        raise Refused(
            "conflict", "the offer has been redeemed and cannot be cancelled", hint="Revoke the credential instead."
        )


def cancel_waiting(db: Connection, service: Service, case_id: str, *, actor: str) -> None:
    """End every offer of a case that nobody has redeemed."""
    for offer_id in rows.waiting_of_case(db, case_id):
        cancel(db, service, offer_id, actor=actor)


# --- for the token endpoint of this room ----------------------------------------------------------


def digest(value: str) -> bytes:
    """Return the hash under which a public value is kept. The values are random, so no salt is due."""
    return sha256(value.encode("utf-8", "surrogatepass")).digest()


def state_of(row: Row[Any], now: datetime) -> OfferState:
    """Return the state of an offer's row: a waiting one past its time has expired."""
    if row.state == "waiting" and now >= row.expires_at:
        return "expired"
    return cast(OfferState, row.state)


def tx_code_fits(service: Service, row: Row[Any], digits: str) -> bool:
    """Compare a transaction code in constant time (T45)."""
    return hmac.compare_digest(_tx_code_mac(service, row.id, digits), row.tx_code_mac)


# --- pieces ---------------------------------------------------------------------------------------


def _credential_row(
    service: Service, item: OfferItem, *, offer_id: str, case_id: str | None, now: datetime
) -> dict[str, Any]:
    credential_id = secrets.token_urlsafe(16)
    kind = service.types.get(item.type_name)
    prepared = dataset.prepare(service, kind, item.claims, person=item.person, slots=item.slots)
    return {
        "id": credential_id,
        "offer_id": offer_id,
        "case_id": case_id,
        "type": item.type_name,
        "state": "valid",
        "slots": prepared.slots,
        "holder_thumbprint": item.holder_thumbprint,
        "row_ref": item.row_ref,
        "dataset": dataset.seal(service, credential_id, prepared),
        "ends_on": prepared.ends_on,
        "created_at": now,
        "changed_at": now,
    }


def _by_id(db: Connection, offer_id: str) -> Row[Any]:
    found = rows.offer(db, id=offer_id) if _ID.fullmatch(offer_id) else None
    if found is None:
        raise Refused("not_found", "there is no such offer")
    return found


def _view(db: Connection, service: Service, row: Row[Any]) -> OfferView:
    current = state_of(row, service.clock.now())
    waits = current == "waiting" and row.sealed is not None
    return OfferView(
        id=row.id,
        state=current,
        types=rows.types_of_offer(db, row.id),
        expires_at=row.expires_at,
        tx_code=row.tx_code_mac is not None,
        tx_code_misses=row.tx_code_misses,
        case_id=row.case_id,
        uri=_by_reference(service, _secrets(service, row)["link"]) if waits else None,
    )


def _offer_object(service: Service, types: Sequence[str], code: str, *, guarded: bool) -> CredentialOffer:
    tx_code = TxCode(input_mode="numeric", length=TX_CODE_DIGITS) if guarded else None
    return CredentialOffer(
        credential_issuer=service.base_url,
        configuration_ids=tuple(types),
        pre_authorized=PreAuthorizedGrant(code=code, tx_code=tx_code),
    )


def _by_reference(service: Service, link: str) -> str:
    return build_offer_link(OfferReference(uri=service.url(f"/vci/offers/{link}")))


def _secrets(service: Service, row: Row[Any]) -> dict[str, str]:
    return json_object(service.keys.unseal(row.sealed, _context(row.id)))


def _context(offer_id: str) -> str:
    return f"issuer_offers.sealed:{offer_id}"


def _tx_code_mac(service: Service, offer_id: str, digits: str) -> bytes:
    return service.keys.mac("tx-code", f"{offer_id}:{digits}".encode("utf-8", "surrogatepass"))


def _new_tx_code() -> str:
    return f"{secrets.randbelow(10**TX_CODE_DIGITS):0{TX_CODE_DIGITS}}"


def _new_handle(db: Connection, *, short: bool) -> str:
    """Draw a handle: 40 bits where a `tx_code` guards the offer, else 130 (contract: 128 at least)."""
    while True:
        handle = "".join(secrets.choice(_CROCKFORD) for _ in range(8 if short else 26))
        if not rows.handle_taken(db, digest(handle)):
            return handle


def _hyphened(handle: str) -> str:
    return "-".join(handle[at : at + 4] for at in range(0, len(handle), 4))
