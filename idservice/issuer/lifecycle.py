"""Suspend, reinstate and revoke issued credentials: all copies at once, in the caller's transaction (T87).

Each act changes the credential rows, the status of every copy that has not lapsed, and writes one audit row.
A revoked credential stays revoked: the update names the states it may leave, and `revoked` is none of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from idservice.service import Service

CredentialState = Literal["valid", "suspended", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an act changed: credentials and copies whose state is new. Zero of both when there was nothing to do."""

    state: CredentialState
    credentials: int
    copies: int


def suspend(
    db: Connection,
    service: Service,
    *,
    actor: str,
    case_id: str | None = None,
    credential_ids: Collection[str] = (),
    reason: str = "",
) -> Changed:
    """Suspend every valid credential of the case, or those named. `reason` is a code, never free text.

    Harmless when suspended already. Raises Refused `not_found`, `credential_revoked` (conflict) if all are revoked.
    """
    raise NotImplementedError


def reinstate(
    db: Connection,
    service: Service,
    *,
    actor: str,
    case_id: str | None = None,
    credential_ids: Collection[str] = (),
    reason: str = "",
) -> Changed:
    """Lift a suspension. Raises Refused `not_found`, and `conflict` when one of them is revoked."""
    raise NotImplementedError


def revoke(
    db: Connection,
    service: Service,
    *,
    actor: str,
    case_id: str | None = None,
    credential_ids: Collection[str] = (),
    reason: str = "",
) -> Changed:
    """Revoke for good; waiting offers of the case are cancelled. Harmless when revoked already. Raises `not_found`."""
    raise NotImplementedError


def state(db: Connection, case_id: str) -> CredentialState | None:
    """Return the state of a case's credentials (revoked only if all are), None before there is one."""
    raise NotImplementedError
