"""Credential offers: made by staff or by a case, read by a wallet, redeemed once (OpenID4VCI 1.0 section 4).

An offer is kept under hashes of its three public values: the pre-authorized code, the id under
`/vci/offers/` and the handle under `/offer/`. The values themselves lie sealed in the row until the
offer ends, so that the offer can be served by reference, and are wiped then (T44).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from idservice.service import Service

OfferState = Literal["waiting", "redeemed", "issued", "expired", "killed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferItem:
    """One credential of an offer: a type and its dataset.

    `person` is the stable reference that `pairwise_sub` is made from; by default the claim
    `personal_administrative_number`. `slots` is the number of pairwise slots (contract: 64 where the
    type has `pairwise_sub` and the person is known; None lets the type decide). `holder_thumbprint`
    (RFC 7638) pins the only key that may be proven, `row_ref` is the caller's own reference.
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
class OfferDescription:
    """What a page or a staff member may see of an offer; `uri` only while it waits."""

    id: str
    state: OfferState
    types: tuple[str, ...]
    expires_at: datetime
    needs_tx_code: bool
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

    `holder_jkt` is the thumbprint of the case's `auth` application key: without it the offer is a direct
    one. Raises Refused `malformed` for a dataset that breaks its type's rules.
    """
    raise NotImplementedError


def state(db: Connection, service: Service, offer_id: str) -> OfferState:
    """Return the state of an offer. Raises Refused `not_found`."""
    raise NotImplementedError


def get(db: Connection, service: Service, offer_id: str) -> OfferDescription:
    """Return an offer by its id, for staff. Raises Refused `not_found`."""
    raise NotImplementedError


def describe(db: Connection, service: Service, handle: str, *, source: str) -> OfferDescription:
    """Return the offer behind a handle; hyphens and letter case do not count.

    `source` is the caller's address: wrong handles are counted by source (T67).
    Raises Refused `offer_expired` for an unknown handle, `rate_limited`.
    """
    raise NotImplementedError


def cancel(db: Connection, service: Service, offer_id: str, *, actor: str) -> None:
    """End a waiting offer; harmless when it has ended unused. Raises Refused `not_found`, `conflict` once redeemed."""
    raise NotImplementedError
