"""The refusals of an operation for its OpenAPI document: every house code under its status, in the right shape."""

from collections.abc import Mapping
from typing import Any

from idservice.apidoc import JSON, Codes, Operation
from idservice.problems import PROBLEM_SCHEMA, PROBLEM_TYPE, PROBLEMS, STANDARD_PATHS

Json = dict[str, Any]

_HEADERS: Mapping[int, Json] = {
    401: {"WWW-Authenticate": {"description": "How to prove who calls.", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}},
    503: {"Retry-After": {"description": "Seconds to wait, where known.", "schema": {"type": "string"}}},
}
_EVERYWHERE: Codes = ("rate_limited", "internal", "unavailable")
_WITH_BODY: Codes = ("malformed", "too_large", "media_type_unsupported")
_BY_ACCESS: Mapping[str, Codes] = {
    "staff": ("unauthenticated", "role_missing"),
    "agency": ("unauthenticated",),
    "resident": ("unauthenticated", "request_replayed"),
}
_LATE = 408
"""The body took too long to arrive."""
_NOT_ACCEPTABLE = 406

SCHEMAS: Mapping[str, Any] = {
    "Problem": {**PROBLEM_SCHEMA, "description": "A refusal (RFC 9457)."},
    "ProtocolError": {
        "type": "object",
        "description": "A refusal of a standard's endpoint; the house code stands before the colon.",
        "required": ["error", "error_description"],
        "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    },
}


def refusals(path: str, row: Operation, *, posts: bool, asks: bool) -> dict[str, Json]:
    """Return status -> response of what an operation can refuse with; it `posts` a body, `asks` by parameters."""
    codes = [*_EVERYWHERE, *_BY_ACCESS.get(row.access, ()), *row.refuses]
    codes += _WITH_BODY if posts else ("malformed",) if asks else ()
    by_status: dict[int, set[str]] = {status: set(found) for status, found in row.refuses_as.items()}
    for code in codes:
        by_status.setdefault(PROBLEMS[code].status, set()).add(code)
    if posts:
        by_status[_LATE] = {"malformed"}
    if not path.startswith(STANDARD_PATHS):
        return {str(status): _shared_or_own(status, sorted(found)) for status, found in by_status.items()}
    errors: dict[int, dict[str, set[str]]] = {}
    for status, found in by_status.items():
        for code in found:
            errors.setdefault(status, {}).setdefault(PROBLEMS[code].oauth, set()).add(code)
    for status, named in row.errors.items():
        for error, house in named.items():
            errors.setdefault(status, {}).setdefault(error, set()).update(house)
    return {str(status): _protocol_error(status, named) for status, named in errors.items()}


def _shared_or_own(status: int, codes: list[str]) -> Json:
    name = _name(status, codes[0])
    return {"$ref": f"#/components/responses/{name}"} if len(codes) == 1 else _problem(status, codes)


def _name(status: int, code: str) -> str:
    return code if status == PROBLEMS[code].status else f"{code}.{status}"


def _problem(status: int, codes: list[str]) -> Json:
    title = "\n".join(f"- `{code}`: {PROBLEMS[code].title}." for code in codes)
    narrowed = {"properties": {"code": {"enum": codes}, "status": {"const": status}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    return _refusal(status, title, {PROBLEM_TYPE: {"schema": schema}})


def _protocol_error(status: int, named: Mapping[str, set[str]]) -> Json:
    words = "\n".join(
        f"- `{error}`: {', '.join(f'`{code}`' for code in sorted(named[error]))}." for error in sorted(named)
    )
    codes = sorted({code for found in named.values() for code in found})
    narrowed = {
        "properties": {
            "error": {"enum": sorted(named)},
            "error_description": {"pattern": f"^(?:{'|'.join(codes)}): "},
        }
    }
    schema = {"allOf": [{"$ref": "#/components/schemas/ProtocolError"}, narrowed]}
    return _refusal(status, words, {JSON: {"schema": schema}})


def _refusal(status: int, words: str, content: Json) -> Json:
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {"description": words, **headers, "content": content}


SHARED: Mapping[str, Json] = {
    _name(status, code): _problem(status, [code])
    for code, kind in PROBLEMS.items()
    for status in (kind.status, _LATE, _NOT_ACCEPTABLE)
}
"""Responses with a single house code, under `components`: most statuses of most operations have but one."""
