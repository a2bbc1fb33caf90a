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
