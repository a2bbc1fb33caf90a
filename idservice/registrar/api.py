"""The operations of this room as its OpenAPI documents describe them: names, words, examples and house codes."""

from __future__ import annotations

from typing import Any, Final

from idservice.apidoc import Operation, Table, answer

from . import wire

_AT = "2026-11-22T12:00:00Z"
_DUE = "2026-12-22T12:00:00Z"
_NUMBER = "2026-000001"
_HASH = "Wm3nX0JjGqT1kZ8v5uYb2sLrQe7oPi4dCfHgAaBxNcM"
_ID = "pVZ1yqKxTq2m3gq0bq0mXw"
_JWS = "eyJ0eXAiOiJhcHBsaWNhdGlvbitqd3QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2lnbmF0dXJl"

_SIGNED_FORM = ("type_unexpected", "algorithm_not_allowed", "signature_invalid", "audience_mismatch")
"""What a signed application can be refused with, beside `malformed` and `too_large`."""
_TYPE_RULES = ("malformed", "claim_missing", "personal_code_invalid")
"""What the dataset of a credential can be refused with, by the rules of its type."""
_ON_CASE = ("not_found", "conflict")


def _state(state: str) -> dict[str, Any]:
    return {"number": _NUMBER, "state": state}


_CHECK: Final = {"name": "sanctions", "result": "look", "source": "as of 2026-11-22: list", "at": _AT}
_CHECKED: Final = {
    **_state("checks"),
    "checks": [{**_CHECK, "officer": "staff:Qp1xYw7ZkLm0", "details": {"hits": ["x/1"]}}],
}
_PROPOSAL: Final = {
    "id": _ID,
    "case": _NUMBER,
    "action": "approve",
    "state": "open",
    "author": "staff:Qp1xYw7ZkLm0",
    "at": _AT,
    "expires_at": "2026-11-29T12:00:00Z",
    "base_hash": _HASH,
    "content_hash": _HASH,
}
_LISTED: Final = {
    "number": _NUMBER,
    "type": "e-residency",
    "kind": "application",
    "state": "checks",
    "decision_due": _DUE,
    "created_at": _AT,
    "flags": ["second_approval"],
}

RESIDENT: Final[Table] = {
    "POST /v1/applications": Operation(
        id="apply",
        summary="Apply",
        description="Send an application: a compact JWS with typ `application+jwt`, signed by the auth key that its "
        "header carries as `jwk`, claims `aud`, `iat`, `jti`, `type`, `form`, `sign_key`. A renewal names `renews` "
        "(and proves the old auth key in `DPoP`) or `renewal_code`. The same form again gets the same case.",
        sends={"application": {"application": _JWS}},
        answers={
            201: answer(wire.Submitted, {"id": _ID, "number": _NUMBER, "state": "submitted", "decision_due": _DUE})
        },
        refuses=(*_SIGNED_FORM, "unauthenticated", "request_replayed", *_ON_CASE),
    ),
    "GET /v1/applications/{id}": Operation(
        id="followOwnCase",
        summary="Follow one's own case",
        description="State, open question, legal reason and, while one waits, the offer; proof by the auth key. An "
        "unknown id and somebody else's get the same answer.",
        access="resident",
        answers={
            200: answer(
                wire.OwnCase,
                {
                    "id": _ID,
                    "number": _NUMBER,
                    "type": "e-residency",
                    "kind": "application",
                    "state": "info_requested",
                    "decision_due": _DUE,
                    "question": "Please send a photo in which the whole face can be seen.",
                },
            )
        },
        refuses=_ON_CASE,
    ),
    "POST /v1/applications/{id}/answer": Operation(
        id="answerQuestion",
        summary="Answer an officer's question",
        description="Send a new signed form by the keys of the case; it proves the auth key itself.",
        sends={"application": {"application": _JWS}},
        answers={200: answer(wire.Answered, {"id": _ID, "number": _NUMBER, "state": "checks"})},
        refuses=(*_SIGNED_FORM, *_ON_CASE, "personal_code_invalid"),
    ),
    "POST /v1/applications/{id}/freeze": Operation(
        id="freezeOwnCase",
        summary="Freeze one's own credentials",
        description="Suspend every credential of the case at once; proof by the auth or the sign key.",
        access="resident",
        sends={"empty": {}},
        answers={200: answer(wire.OwnState, {"state": "suspended"})},
        refuses=("holder_binding_invalid", "conflict"),
    ),
    "POST /v1/applications/{id}/revoke": Operation(
        id="revokeOwnCase",
        summary="Withdraw the application, or revoke one's own credentials",
        description="For good. Proof by the auth or the sign key.",
        access="resident",
        sends={"empty": {}},
        answers={200: answer(wire.OwnState, {"state": "revoked"})},
        refuses=("holder_binding_invalid", "conflict"),
    ),
}
"""What applicants and holders do by themselves, on the public listener."""

_READING: Final[Table] = {
    "GET /v1/cases": Operation(
        id="listCases",
        summary="The queue",
        description="Cases by deadline: numbers, states and flags, no names.",
        access="staff",
        answers={200: answer(wire.CaseList, {"cases": [_LISTED], "next": None})},
        refuses=("conflict",),
    ),
    "GET /v1/cases/{number}": Operation(
        id="readCase",
        summary="One case file",
        description="Form, checks, proposals and notes of a case. Every reading is an audit row.",
        access="staff",
        answers={
            200: answer(
                wire.CaseFile,
                {
                    **{name: value for name, value in _LISTED.items() if name != "flags"},
                    "id": _ID,
                    "paid": True,
                    "checks": _CHECKED["checks"],
                    "proposals": [_PROPOSAL],
                    "application": {"sha256": _HASH, "auth_jkt": _HASH},
                    "form": {"family_name": "Tamm", "given_name": "Mari"},
                    "photo": False,
                    "notes": [],
                },
            )
        },
        refuses=_ON_CASE,
    ),
    "GET /v1/cases/{number}/photo": Operation(
        id="readPhoto",
        summary="The applicant's photo",
        description="As a data URL. Every reading is an audit row.",
        access="staff",
        answers={200: answer(wire.Photo, {"photo": "data:image/jpeg;base64,/9j/4AAQSkZJRg=="})},
        refuses=_ON_CASE,
    ),
    "GET /v1/followups": Operation(
        id="listFollowups",
        summary="Open follow-ups",
        description="Hits of the 30-day re-check that no officer has looked into: numbers and names of checks.",
        access="staff",
        answers={
            200: answer(
                wire.FollowUpList, {"followups": [{"number": _NUMBER, "checks": ["sanctions"], "opened_at": _AT}]}
            )
        },
    ),
    "GET /v1/proposals": Operation(
        id="listProposals",
        summary="What waits for a second officer",
        description="Open proposals, oldest first; no names.",
        access="staff",
        answers={200: answer(wire.ProposalList, {"proposals": [_PROPOSAL]})},
    ),
    "GET /v1/proposals/{id}": Operation(
        id="readProposal",
        summary="One proposal",
        description="With the exact content that `content_hash` is over. Every reading is an audit row.",
        access="staff",
        answers={
            200: answer(wire.ProposalFile, {**_PROPOSAL, "content": {"v": 1, "action": "approve", "case": _NUMBER}})
        },
        refuses=("not_found",),
    ),
    "GET /v1/audit": Operation(
        id="readAudit",
        summary="The audit trail",
        description="Oldest first, by officer, act or case number; ids, hashes and codes only.",
        access="staff",
        answers={
            200: answer(
                wire.AuditPage,
                {
                    "rows": [
                        {
                            "id": _ID,
                            "at": _AT,
                            "act": "case.submitted",
                            "actor": "resident",
                            "subject": f"case:{_NUMBER}",
                            "data": {"kind": "application"},
                        }
                    ],
                    "next": None,
                },
            )
        },
    ),
}

_EXAMINING: Final[Table] = {
    "POST /v1/cases/{number}/payment": Operation(
        id="recordPayment",
        summary="Record that the fee has arrived",
        description="Names the receipt; a receipt serves one case.",
        access="staff",
        keyed=True,
        sends={"receipt": {"receipt": "P-2026-000001"}},
        answers={200: answer(wire.StateOfCase, _state("paid"))},
        refuses=_ON_CASE,
    ),
    "POST /v1/cases/{number}/checks": Operation(
        id="runChecks",
        summary="Run every check",
        description="Again if need be: new results stand beside the old ones. Voids an open proposal.",
        access="staff",
        keyed=True,
        sends={"empty": {}},
        answers={200: answer(wire.Checked, _CHECKED)},
        refuses=(*_ON_CASE, "personal_code_invalid"),
    ),
    "POST /v1/cases/{number}/checks/{name}": Operation(
        id="checkByHand",
        summary="Write a result by hand, or mark one that needs a look",
        description="Registrars write results; every officer sets marks of their own: `other_person`, `same_person`, "
        "`cannot_tell` on checks about persons, `accepted`, `not_accepted` on others.",
        access="staff",
        keyed=True,
        sends={
            "mark": {"mark": "other_person"},
            "result": {"result": "failed", "source": "embassy", "note": "The passport was reported lost."},
        },
        answers={200: answer(wire.Checked, _CHECKED)},
        refuses=(*_ON_CASE, "policy_not_met"),
    ),
    "POST /v1/cases/{number}/question": Operation(
        id="askApplicant",
        summary="Ask the applicant for more",
        description="The applicant reads the question as it is. Voids an open proposal.",
        access="staff",
        keyed=True,
        sends={"question": {"question": "Please send a photo in which the whole face can be seen."}},
        answers={200: answer(wire.StateOfCase, _state("info_requested"))},
        refuses=_ON_CASE,
    ),
    "POST /v1/cases/{number}/followup": Operation(
        id="closeFollowup",
        summary="Close a follow-up",
        description="With a note of what an officer found.",
        access="staff",
        keyed=True,
        sends={"note": {"note": "Another person of the same name."}},
        answers={200: answer(wire.StateOfCase, _state("active"))},
        refuses=_ON_CASE,
    ),
}

_DECIDING: Final[Table] = {
    "POST /v1/cases/{number}/proposals": Operation(
        id="propose",
        summary="Propose an act that takes two officers",
        description="Good for 7 days or until the case is edited. `reason` is the code of a legal reason for `refuse` "
        "and `revoke`, words for `reinstate` and `extend`. `data`: `assurance_level` and `personal_code` for "
        "`approve`, `identity_checked` and `document_seen` for `reinstate`, `days` (1 to 30) for `extend`.",
        access="staff",
        keyed=True,
        sends={
            "approve": {"action": "approve", "data": {"assurance_level": "high"}},
            "refuse": {"action": "refuse", "reason": "identity_not_established"},
            "revoke": {"action": "revoke", "reason": "key_loss"},
            "reinstate": {
                "action": "reinstate",
                "reason": "The holder came in person.",
                "data": {"identity_checked": True, "document_seen": "passport KB1234567"},
            },
            "extend": {"action": "extend", "reason": "The embassy has not answered yet.", "data": {"days": 14}},
        },
        answers={
            201: answer(wire.MadeProposal, {"id": _ID, "content_hash": _HASH, "expires_at": "2026-11-29T12:00:00Z"})
        },
        refuses=(*_ON_CASE, "policy_not_met", "four_eyes_required", *_TYPE_RULES),
    ),
    "POST /v1/proposals/{id}/decision": Operation(
        id="decide",
        summary="Decide on a proposal as another officer",
        description="On exactly the content with this hash, once. `approve` does what was proposed; `refuse` and "
        "`send_back` end the proposal and leave the case as it is.",
        access="staff",
        keyed=True,
        sends={
            "approve": {"decision": "approve", "content_hash": _HASH},
            "send_back": {"decision": "send_back", "content_hash": _HASH, "reason": "The photo is of somebody else."},
        },
        answers={200: answer(wire.Decided, {**_state("approved"), "decision": "approve"})},
        refuses=(*_ON_CASE, "policy_not_met", "four_eyes_required"),
    ),
}

_HOLDING: Final[Table] = {
    "POST /v1/cases/{number}/offer": Operation(
        id="releaseOffer",
        summary="Release the one-time offer",
        description="To the person who stands there with the document. Releasing again ends the offer before. A "
        "person whose identity was not checked is turned away, and a note is kept.",
        access="staff",
        keyed=True,
        sends={"person": {"identity_checked": True, "document_seen": "passport KB1234567"}},
        answers={
            201: answer(
                wire.Released,
                {
                    "id": _ID,
                    "offer": "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fid.example%2Fvci%2Foffers%2Fx",
                    "handle": "7G4K-9QWX",
                    "tx_code": "493536",
                    "expires_at": "2026-11-22T12:15:00Z",
                },
            )
        },
        refuses=(*_ON_CASE, "policy_not_met", "four_eyes_required", *_TYPE_RULES),
    ),
    "POST /v1/cases/{number}/suspend": Operation(
        id="suspendCase",
        summary="Suspend a case by the office",
        description="Every credential of it, at once. Lifting the suspension takes two officers.",
        access="staff",
        keyed=True,
        sends={"reason": {"reason": "The passport was reported stolen."}},
        answers={200: answer(wire.StateOfCase, _state("suspended"))},
        refuses=_ON_CASE,
    ),
    "POST /v1/cases/{number}/freeze": Operation(
        id="freezeCase",
        summary="Freeze a case for a holder who called",
        description="Every credential of it, at once. Lifting the suspension takes two officers.",
        access="staff",
        keyed=True,
        sends={"reason": {"reason": "The holder called: the computer was stolen."}},
        answers={200: answer(wire.StateOfCase, _state("suspended"))},
        refuses=_ON_CASE,
    ),
    "POST /v1/cases/{number}/renewal": Operation(
        id="openRenewal",
        summary="Open a renewal",
        description="Hands out the code that the new application must carry. `expiry` is possible from 90 days before "
        "the date of expiry, the other reasons at any time.",
        access="staff",
        keyed=True,
        sends={"reason": {"reason": "key_loss"}},
        answers={
            201: answer(
                wire.RenewalOpened,
                {
                    "id": _ID,
                    "number": "2026-000002",
                    "state": "draft",
                    "renewal_code": "q0k2rHZA8mC3p5VQw1gB2g",
                    "decision_due": _DUE,
                },
            )
        },
        refuses=_ON_CASE,
    ),
    "POST /v1/staff/keys": Operation(
        id="declareKey",
        summary="Declare a key of one's own wallet",
        description="So that one is never let near a case of one's own.",
        access="staff",
        keyed=True,
        sends={"thumbprint": {"thumbprint": _HASH}},
        answers={201: answer(wire.DeclaredKey, {"thumbprint": _HASH})},
        refuses=("conflict",),
    ),
}

STAFF: Final[Table] = {**_READING, **_EXAMINING, **_DECIDING, **_HOLDING}
"""The registrar API, on the staff listener."""
