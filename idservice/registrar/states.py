"""The states of a case and every way from one to another, as data (S01, S05).

A change that is not in `TRANSITIONS` cannot happen: `rows.move` writes the new state only
where the old one is in the table's list for that act.
"""

from __future__ import annotations

from typing import Final

from idservice.problems import Refused

DRAFT: Final = "draft"
SUBMITTED: Final = "submitted"
PAID: Final = "paid"
CHECKS: Final = "checks"
INFO_REQUESTED: Final = "info_requested"
APPROVED: Final = "approved"
REFUSED: Final = "refused"
READY: Final = "ready"
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
REVOKED: Final = "revoked"
EXPIRED: Final = "expired"

STATES: Final = (
    DRAFT,
    SUBMITTED,
    PAID,
    CHECKS,
    INFO_REQUESTED,
    APPROVED,
    REFUSED,
    READY,
    ACTIVE,
    SUSPENDED,
    REVOKED,
    EXPIRED,
)

UNDECIDED: Final = frozenset({DRAFT, SUBMITTED, PAID, CHECKS, INFO_REQUESTED})
"""Before the decision: here the applicant may withdraw and the decision clock runs."""

ENDED: Final = frozenset({REFUSED, REVOKED, EXPIRED})
"""Nothing leads out of these."""

HOLDING: Final = frozenset({APPROVED, READY, ACTIVE, SUSPENDED})
"""The person holds, or may at any time collect, a credential of this case."""

TRANSITIONS: Final[dict[str, dict[str, str]]] = {
    # act: {from: to}; an act that leaves the state alone lists the state itself
    "submit": {DRAFT: SUBMITTED},
    "pay": {SUBMITTED: PAID, PAID: PAID, CHECKS: CHECKS, INFO_REQUESTED: INFO_REQUESTED},
    "check": {SUBMITTED: CHECKS, PAID: CHECKS, CHECKS: CHECKS},
    "ask": {SUBMITTED: INFO_REQUESTED, PAID: INFO_REQUESTED, CHECKS: INFO_REQUESTED},
    "answer": {INFO_REQUESTED: CHECKS},
    "approve": {CHECKS: APPROVED},
    "refuse": {
        DRAFT: REFUSED,
        SUBMITTED: REFUSED,
        PAID: REFUSED,
        CHECKS: REFUSED,
        INFO_REQUESTED: REFUSED,
    },
    "withdraw": {
        DRAFT: REFUSED,
        SUBMITTED: REFUSED,
        PAID: REFUSED,
        CHECKS: REFUSED,
        INFO_REQUESTED: REFUSED,
    },
    "extend": {
        SUBMITTED: SUBMITTED,
        PAID: PAID,
        CHECKS: CHECKS,
        INFO_REQUESTED: INFO_REQUESTED,
    },
    "release": {APPROVED: READY, READY: READY},
    "activate": {READY: ACTIVE},
    "suspend": {APPROVED: SUSPENDED, READY: SUSPENDED, ACTIVE: SUSPENDED, SUSPENDED: SUSPENDED},
    # Reinstated without ever having collected: back to where an offer can be released.
    "reinstate": {SUSPENDED: ACTIVE},
    "reinstate_uncollected": {SUSPENDED: APPROVED},
    "revoke": {APPROVED: REVOKED, READY: REVOKED, ACTIVE: REVOKED, SUSPENDED: REVOKED},
    "expire": {APPROVED: EXPIRED, READY: EXPIRED, ACTIVE: EXPIRED, SUSPENDED: EXPIRED},
}


def next_state(act: str, state: str) -> str:
    """Return the state after `act` from `state`.

    Raises Refused (`conflict`) where the table has no such way; the hint names the states
    from which the act is possible.
    """
    ways = TRANSITIONS[act]
    if state not in ways:
        raise Refused(
            "conflict",
            f"a case in state {state} cannot {act.replace('_', ' ')}",
            hint=f"possible from: {', '.join(ways)}",
        )
    return ways[state]
