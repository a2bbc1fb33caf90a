"""The words in which a room describes its operations for the OpenAPI documents: one row for each, in its `api.py`.

A row says what the code of a route cannot: names, examples, who may call, and every house code it can refuse with.
Parameters and pydantic bodies are read from the routes themselves. `openapi.py` puts both together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JSON = "application/json"
JWT = "application/jwt"

Access = Literal["public", "staff", "agency", "resident", "wallet"]
"""Who may call: anybody; a bearer token of staff or agency; a DPoP proof by a key of the case; an access token."""

Codes = tuple[str, ...]
Errors = Mapping[str, Codes]
"""A standard's error code -> the house codes that may stand before the colon in `error_description`."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body or an answer of one media type.

    `model` is a type that pydantic knows, or a JSON Schema as a mapping. `examples` maps a short name to a value.
    """

    model: Any
    examples: Mapping[str, Any]
    media: str = JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: `id` is its `operationId`, `answers` maps each status of success to its content.

    `body` describes a request body that the route reads by itself, `sends` gives examples for one that it declares.
    `refuses` are house codes under their own HTTP status, `refuses_as` those under another. `errors` are a standard's
    codes by HTTP status. `keyed` operations take an `Idempotency-Key`, `cached` ones answer 304.

    What every operation of a kind can refuse with (no token, a body too large, a flood) is added by `openapi.py`.
    """

    id: str
    summary: str
    description: str
    answers: Mapping[int, tuple[Content, ...]]
    access: Access = "public"
    sends: Mapping[str, Any] = field(default_factory=dict)
    body: Content | None = None
    refuses: Codes = ()
    refuses_as: Mapping[int, Codes] = field(default_factory=dict)
    errors: Mapping[int, Errors] = field(default_factory=dict)
    keyed: bool = False
    cached: bool = False


Table = Mapping[str, Operation]
"""`"GET /path/{parameter}"` -> operation."""


def answer(model: Any, example: Any, *, media: str = JSON) -> tuple[Content, ...]:
    """Return the content of an answer with one example."""
    return (Content(model, {"answer": example}, media),)


TEXT: Mapping[str, Any] = {"type": "string"}
"""Schema of an answer that is one token."""

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "number": ("Number of a case.", "2026-000001"),
    "name": ("Name: of a check of a case, or of a credential type.", "sanctions"),
    "id": ("Id, as it was given when the thing was made.", "pVZ1yqKxTq2m3gq0bq0mXw"),
    "offer_id": ("Id of an offer.", "8mC3p5VQw1gB2nq0k2rHZA"),
    "agency_id": ("Id of an agency.", "bank"),
    "version": ("Version of a credential type.", "1"),
    "list_id": ("Id of a status list.", "k5Zl0oNn5lT6Yj0nq0mXwA"),
    "link": ("Id of an offer by reference.", "mXw8mC3p5VQw1gB2nq0k2g"),
    "request_ref": ("Id of a request object.", "q0k2rHZA8mC3p5VQw1gB2g"),
    "response_ref": ("Id of the place for an answer.", "gB2nq0k2rHZA8mC3p5VQww"),
    "response_code": ("What the wallet took back to the browser, in the same-device flow.", "Zl0oNn5lT6Yj0nq0mXwAk5"),
    "state": ("Only cases in this state.", "checks"),
    "limit": ("At most so many.", "20"),
    "after": ("The last one seen: what follows it.", "2026-000001"),
    "actor": ("Only acts of this actor.", "staff:Qp1x"),
    "act": ("Only acts of this kind.", "case.approved"),
    "case": ("Only acts on the case with this number.", "2026-000001"),
    "DPoP": ("Proof by the old auth key, where the application renews a case.", "eyJ0eXAiOiJkcG9wK2p3dCJ9..."),
}
"""Words and an example for each parameter of a path or query."""
