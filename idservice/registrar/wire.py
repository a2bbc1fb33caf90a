"""Answers of the registrar API as its OpenAPI document shows them. What is sent is built in views and office."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

CaseState = Literal[
    "draft",
    "submitted",
    "paid",
    "checks",
    "info_requested",
    "approved",
    "refused",
    "ready",
    "active",
    "suspended",
    "revoked",
    "expired",
]
Kind = Literal["application", "renewal"]
Action = Literal["approve", "refuse", "revoke", "reinstate", "extend"]
CheckResult = Literal["passed", "look", "failed"]
OfferState = Literal["waiting", "redeemed", "issued", "expired", "killed", "cancelled"]


class Submitted(BaseModel):
    """A case that was opened by an application."""

    id: str
    number: str
    state: CaseState
    decision_due: datetime


class OwnCase(BaseModel):
    """A case as its applicant follows it; `reason` is a legal reason, `offer` a link while one waits."""

    id: str
    number: str
    type: str
    kind: Kind
    state: CaseState
    decision_due: datetime
    reason: str | None = None
    reason_text: str | None = None
    question: str | None = None
    offer: str | None = None
    date_of_expiry: date | None = None


class Answered(BaseModel):
    """A case after its applicant's answer."""

    id: str
    number: str
    state: CaseState


class OwnState(BaseModel):
    """The state after an act of the holder."""

    state: CaseState


class ListedCase(BaseModel):
    """A case in the queue; no names."""

    number: str
    type: str
    kind: Kind
    state: CaseState
    decision_due: datetime
    created_at: datetime
    flags: list[str]


class CaseList(BaseModel):
    """A page of the queue; `next` is what to send as `after` for the following one."""

    cases: list[ListedCase]
    next: str | None


class Mark(BaseModel):
    """An officer's mark on a result that needs a look."""

    officer: str
    mark: str
    at: datetime


class CheckBody(BaseModel):
    """The result of a check in force; other officers' marks only beside one's own."""

    name: str
    result: CheckResult
    source: str
    at: datetime
    officer: str
    details: dict[str, Any] | None = None
    marks: list[Mark] | None = None


class ProposalBody(BaseModel):
    """A proposal without its content."""

    id: str
    case: str
    action: Action
    state: str
    author: str
    at: datetime
    expires_at: datetime
    base_hash: str
    content_hash: str
    decided_by: str | None = None
    decided_at: datetime | None = None


class ProposalFile(ProposalBody):
    """A proposal with the exact content that `content_hash` is over."""

    content: dict[str, Any]


class ProposalList(BaseModel):
    """What waits for a second officer, oldest first."""

    proposals: list[ProposalBody]


class Note(BaseModel):
    """A note in a case."""

    kind: str
    officer: str
    at: datetime
    text: str


class SignedFormHash(BaseModel):
    """The application in force: SHA-256 of what was signed, and the thumbprint of the key that signed it."""

    sha256: str
    auth_jkt: str


class OfferOfCase(BaseModel):
    """The offer of a case."""

    id: str
    state: OfferState


class Granted(BaseModel):
    """What two officers decided to issue, as far as the form does not say it."""

    document_number: str | None = None
    date_of_issuance: date | None = None
    date_of_expiry: date | None = None
    assurance_level: str | None = None


class CaseFile(BaseModel):
    """The whole file of a case; list hits and notes only for officers who examine."""

    id: str
    number: str
    type: str
    kind: Kind
    state: CaseState
    decision_due: datetime
    created_at: datetime
    reason: str | None = None
    previous: str | None = None
    date_of_expiry: date | None = None
    paid: bool
    checks: list[CheckBody]
    proposals: list[ProposalBody]
    followup: list[str] | None = None
    application: SignedFormHash | None = None
    form: dict[str, Any] | None = None
    photo: bool | None = None
    personal_code: str | None = None
    granted: Granted | None = None
    offer: OfferOfCase | None = None
    notes: list[Note] | None = None


class Photo(BaseModel):
    """A photo as a data URL."""

    photo: str


class FollowUpItem(BaseModel):
    """An open hit of the re-check; no names."""

    number: str
    checks: list[str]
    opened_at: datetime


class FollowUpList(BaseModel):
    """Open follow-ups."""

    followups: list[FollowUpItem]


class AuditRow(BaseModel):
    """One act: who, what, on which object; ids, hashes and codes only."""

    id: str
    at: datetime
    act: str
    actor: str
    subject: str
    data: dict[str, Any]


class AuditPage(BaseModel):
    """A page of the audit trail, oldest first."""

    rows: list[AuditRow]
    next: str | None


class StateOfCase(BaseModel):
    """A case after an act."""

    number: str
    state: CaseState


class Checked(StateOfCase):
    """A case with the results in force."""

    checks: list[CheckBody]


class MadeProposal(BaseModel):
    """A new proposal; a second officer decides on exactly this `content_hash`."""

    id: str
    content_hash: str
    expires_at: datetime


class Decided(StateOfCase):
    """A case after a decision."""

    decision: Literal["approve", "refuse", "send_back"]


class Released(BaseModel):
    """A one-time offer; link and code are shown this once."""

    id: str
    offer: str
    handle: str
    tx_code: str
    expires_at: datetime


class RenewalOpened(BaseModel):
    """A renewal; the new application carries `renewal_code`, shown this once."""

    id: str
    number: str
    state: CaseState
    renewal_code: str
    decision_due: datetime


class DeclaredKey(BaseModel):
    """A key of the caller's own wallet."""

    thumbprint: str
