"""Bodies of the agency API as its OpenAPI document shows them. What is sent is built in ask, collect and check."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .presentation import Flow, State


class CheckBody(BaseModel):
    """One check of a verdict."""

    name: str
    outcome: Literal["passed", "failed", "warning", "not_run"]
    code: str | None = None
    spec: str
    detail: str
    hint: str


class CredentialBody(BaseModel):
    """One verified credential; `claims` holds what was disclosed."""

    query_id: str | None = None
    format: str
    type: str
    issuer: str
    claims: dict[str, Any]
    status: str | None
    valid_until: datetime | None


class VerdictBody(BaseModel):
    """A verdict; `credentials` is empty unless it is `valid`."""

    verdict: Literal["valid", "invalid", "undetermined"]
    code: str | None = None
    checks: list[CheckBody]
    credentials: list[CredentialBody]


class VerdictsBody(BaseModel):
    """The verdicts of a batch, in the order of its items."""

    verdicts: list[VerdictBody]


class MadeBody(BaseModel):
    """A new request: `request` for wallets, `page` for people, `words` for both screens."""

    id: str
    state: Literal["waiting"]
    flow: Flow
    purpose: str | None
    request: str
    page: str
    handle: str
    words: str
    client_id: str
    expires_at: datetime


class ReadBody(BaseModel):
    """What came of a request; `claims` maps credential query ids to claims, null once they are gone."""

    id: str
    state: State
    flow: Flow
    purpose: str | None
    expires_at: datetime | None = None
    verdict: VerdictBody | None
    claims: dict[str, list[dict[str, Any]]] | None
    error: str | None = None


class VerifyItem(BaseModel):
    """Either `credential`, or `presentation` with `nonce` and `audience`."""

    model_config = ConfigDict(extra="forbid")

    credential: str | None = None
    presentation: str | dict[str, list[str]] | None = None
    nonce: str | None = None
    audience: str | None = None
    dcql_query: dict[str, Any] | None = None


class VerifyBatch(BaseModel):
    """Many at once."""

    model_config = ConfigDict(extra="forbid")

    items: list[VerifyItem] = Field(min_length=1, max_length=200)
