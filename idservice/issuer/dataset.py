"""The dataset behind a credential: completed by its type when the offer is made, sealed, opened for each issue.

Computed claims (dates, document numbers) are fixed at the offer, so that every refill says the same. What differs
from copy to copy, `pairwise_sub` and `certificate`, is added when a copy is made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from did.encoding import b64url_encode, jcs
from idservice.catalogue import CredentialType
from idservice.problems import Refused
from idservice.service import Service

SLOTS = 64
"""Pairwise slots of one person (contract: 0 to 63)."""

_ENDS = ("date_of_expiry", "valid_until")
"""Claims that hold the last day of the administrative validity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What is known of one credential before its copies: `claims`, the `person` behind `pairwise_sub`, `slots`."""

    claims: Mapping[str, Any]
    person: str | None
    slots: int
    ends_on: date | None


def prepare(
    service: Service, kind: CredentialType, claims: Mapping[str, Any], *, person: str | None, slots: int | None
) -> Dataset:
    """Complete and check the claims of a credential by the rules of its type.

    Raises Refused: `malformed` (a claim that is unknown, of another kind, or ours to fill in, or a validity that is
    over), `claim_missing`, `personal_code_invalid`.
    """
    today = service.clock.now().date()
    completed = kind.complete(claims, today=today)
    ends_on = _last_day(completed)
    if ends_on is not None and ends_on < today:
        raise Refused("malformed", "the last day of validity has passed", hint="Give a later date.")
    known = person if person is not None else completed.get("personal_administrative_number")
    if slots is None:
        slots = SLOTS if known is not None and "pairwise_sub" in kind.per_copy else 0
    return Dataset(claims=completed, person=known, slots=slots, ends_on=ends_on)


def seal(service: Service, credential_id: str, dataset: Dataset) -> bytes:
    """Return the dataset as it lies in the row of its credential."""
    plain = json.dumps({"claims": dict(dataset.claims), "person": dataset.person}, ensure_ascii=False)
    return service.keys.seal(plain.encode(), _context(credential_id))


def unseal(service: Service, credential_id: str, sealed: bytes, *, slots: int, ends_on: date | None) -> Dataset:
    """Return the dataset that lies in the row of a credential."""
    plain = json.loads(service.keys.unseal(sealed, _context(credential_id)))
    return Dataset(claims=plain["claims"], person=plain["person"], slots=slots, ends_on=ends_on)


def pairwise_sub(service: Service, person: str, slot: int) -> str:
    """Return the pseudonym of a person in one slot: HMAC-SHA-256 under a secret of the issuer (contract 3)."""
    return b64url_encode(service.keys.mac("pairwise", jcs([person, slot])))


def _last_day(claims: Mapping[str, Any]) -> date | None:
    for name in _ENDS:
        value = claims.get(name)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value[:10])
            except ValueError as exc:
                raise Refused("malformed", f"{name} is not a date") from exc
    return None


def _context(credential_id: str) -> str:
    return f"issuer_credentials.dataset:{credential_id}"
