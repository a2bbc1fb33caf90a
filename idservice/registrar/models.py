"""Bodies of this room's POSTs. Unknown members are refused; what words may hold is said in each field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = Annotated[str, Field(min_length=1, max_length=2000)]
Short = Annotated[str, Field(min_length=1, max_length=100)]


class Body(BaseModel):
    """Base of all bodies: strict types, no unknown members."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class Empty(Body):
    """An empty object."""


class SignedForm(Body):
    """An application: compact JWS, typ `application+jwt`."""

    application: str


class Payment(Body):
    """The fee has arrived."""

    receipt: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]


class CheckByHand(Body):
    """A result that an officer found, or an officer's mark on a result that needs a look, or both."""

    result: Literal["passed", "look", "failed"] | None = None
    source: Short | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    mark: Annotated[str, Field(max_length=16)] | None = None


class Question(Body):
    """What the applicant is asked; the applicant reads it as it is."""

    question: Words


class Proposal(Body):
    """What a first officer wants done. `reason`: a legal reason's code for refuse and revoke, words otherwise."""

    action: Literal["approve", "refuse", "revoke", "reinstate", "extend"]
    reason: Words | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class Decision(Body):
    """What a second officer decides, over exactly the content with this hash."""

    decision: Literal["approve", "refuse", "send_back"]
    content_hash: Annotated[str, Field(max_length=64)]
    reason: Annotated[str, Field(max_length=2000)] = ""


class PickUp(Body):
    """The officer compared the person with the document."""

    identity_checked: bool
    document_seen: Annotated[str, Field(max_length=100)] = ""


class Reason(Body):
    """Why, in words; kept sealed with the case."""

    reason: Words


class Renewal(Body):
    """Why a renewal is opened."""

    reason: Literal["expiry", "changed_data", "key_loss"] = "expiry"


class FollowUp(Body):
    """What an officer found when looking into a follow-up."""

    note: Words


class StaffKey(Body):
    """A key of the caller's own wallet: RFC 7638 thumbprint."""

    thumbprint: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
