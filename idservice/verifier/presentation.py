"""A request for a presentation, as one frozen class for each part of its life.

`OpenRequest` waits for its answer (`waiting`, then `opened` once a wallet has fetched it); `EndedRequest` has
left that state for good (`answered`, `refused`, `expired`, `done`). Both share `Request`: who asks what.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from credentials.openid.session_words import session_words

OpenState = Literal["waiting", "opened"]
EndState = Literal["answered", "refused", "expired", "done"]
State = Literal["waiting", "opened", "answered", "refused", "expired", "done"]
Flow = Literal["cross_device", "same_device"]

REQUEST_LIFETIME = timedelta(minutes=5)
CLAIMS_KEPT = timedelta(minutes=10)
ROWS_KEPT = timedelta(hours=24)
"""How long an ended request (state and verdict, no claims) stays for the agency's questions and its webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is fixed when an agency asks. `handle` is for people, `id` for the agency; neither is in the other's URL."""

    id: str
    agency_id: str
    purpose: str | None
    flow: Flow
    handle: str
    client_id: str
    nonce: str
    query: Mapping[str, Any]
    redirect_uri: str | None
    webhook_url: str | None
    session_hash: bytes | None
    extended: bool
    created_at: datetime
    expires_at: datetime

    @property
    def subject(self) -> str:
        """How audit rows name this request."""
        return f"presentation:{self.id}"

    @property
    def words(self) -> str:
        """The words that both screens show."""
        return session_words(self.client_id, self.nonce)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest(Request):
    """A request that can still be answered. `request_ref` and `response_ref` are its ids under `/vp`, `wire_state`
    the `state` that an answer must bring back, `key_sealed` the private part of its one encryption key."""

    state: OpenState
    request_ref: str
    response_ref: str
    wire_state: str
    transaction_data: tuple[str, ...]
    key_jwk: Mapping[str, Any]
    key_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRequest(Request):
    """A request that is over. `verdict` holds no claims and is None unless a presentation came; `credentials_sealed`
    holds them until `claims_until`; `error` is the code of an error answer."""

    state: EndState
    ended_at: datetime
    verdict: Mapping[str, Any] | None
    error: str | None
    credentials_sealed: bytes | None = field(repr=False)
    claims_until: datetime | None
    response_code_hash: bytes | None = field(repr=False)
