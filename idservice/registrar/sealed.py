"""Personal data of a case at rest: sealed values, and the keyed hashes by which cases are found (T65, A3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final

from did.encoding import b64url_encode, jcs
from idservice.service import Service

from .form import Form
from .names import folded

_SEARCH: Final = "case-search"


def seal(service: Service, table: str, row_id: str, value: Mapping[str, Any]) -> bytes:
    """Return a JSON object sealed for the column `sealed` of this row; it opens nowhere else."""
    return service.keys.seal(json.dumps(dict(value), ensure_ascii=False).encode(), context=_context(table, row_id))


def unseal(service: Service, table: str, row_id: str, sealed: bytes) -> dict[str, Any]:
    """Return the JSON object of a row. Raises Refused (`unavailable`) when it was changed or moved."""
    opened: dict[str, Any] = json.loads(service.keys.unseal(sealed, context=_context(table, row_id)))
    return opened


def person_mac(service: Service, form: Form) -> bytes:
    """Return the keyed hash of name and birthdate; spelling variants of one name give the same."""
    return _mac(service, "person", folded(f"{form.given_name} {form.family_name}"), form.birthdate)


def document_mac(service: Service, form: Form) -> bytes:
    """Return the keyed hash of the travel document."""
    return _mac(service, "document", form.document.issuing_country, form.document.number)


def receipt_mac(service: Service, receipt: str) -> bytes:
    """Return the keyed hash of a fee receipt."""
    return _mac(service, "receipt", receipt)


def code_mac(service: Service, code: str) -> bytes:
    """Return the keyed hash of a personal code."""
    return _mac(service, "personal-code", code)


def renewal_mac(service: Service, code: str) -> bytes:
    """Return the keyed hash of a renewal code."""
    return _mac(service, "renewal-code", code)


def payload_mac(service: Service, payload: bytes) -> bytes:
    """Return the keyed hash of a signed form, to tell the same form sent twice from another."""
    return service.keys.mac(_SEARCH, b"payload\0" + payload)


def jti_mac(service: Service, jti: str) -> bytes:
    """Return the keyed hash of a `jti`."""
    return _mac(service, "jti", jti)


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of bytes that hold enough random bits not to be guessed, base64url."""
    return b64url_encode(sha256(content).digest())


def _mac(service: Service, kind: str, *parts: str | date) -> bytes:
    return service.keys.mac(_SEARCH, jcs([kind, *(str(part) for part in parts)]))


def _context(table: str, row_id: str) -> str:
    return f"{table}.sealed:{row_id}"
