"""Legal reasons that an applicant or holder may see, and the words for each (S01, S05).

A refusal or revocation names one of these codes and nothing else, so that no officer can let
slip which list hit or what another person said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from idservice.problems import Refused

REFUSE: Final[Mapping[str, str]] = {
    "identity_not_established": "Your identity could not be established from the documents given.",
    "document_not_valid": "The travel document is not valid for this application.",
    "purpose_not_accepted": "The purpose given is not one that e-residency is granted for.",
    "false_statement": "The application holds a statement that was found to be untrue.",
    "public_order": "Granting e-residency was found to be against public order or security.",
    "already_resident": "The person already holds an e-residency or a residence right.",
    "fee_not_paid": "The state fee was not paid in time.",
    "no_answer": "A question about the application was not answered in time.",
}

REVOKE: Final[Mapping[str, str]] = {
    "holder_request": "The holder asked for it.",
    "key_loss": "The keys were lost or may be in other hands.",
    "death": "The holder has died.",
    "changed_data": "Data in the credential has changed.",
    "follow_up": "A later check found that the conditions are no longer met.",
    "wrong_issue": "The credential was issued in error.",
}

OWN: Final[Mapping[str, str]] = {
    "withdrawn": "The applicant withdrew the application.",
    "renewed": "A renewed credential has taken its place.",
    "holder_frozen": "The holder froze the credential.",
    "office_suspended": "The office suspended the credential.",
    "not_renewed": "The credential reached its date of expiry.",
}

ALL: Final[Mapping[str, str]] = {**REFUSE, **REVOKE, **OWN}


def legal_reason(action: str, reason: str | None) -> str:
    """Return the reason code for a `refuse` or `revoke`.

    Raises Refused (`malformed`) for a code that is not in the table of that action.
    """
    table = REFUSE if action == "refuse" else REVOKE
    if reason is None or reason not in table:
        raise Refused(
            "malformed",
            f"{action} needs a legal reason from the table",
            hint=f"one of: {', '.join(table)}",
        )
    return reason
