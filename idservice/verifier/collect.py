"""The agency reads what came of its request: state, verdict, and for ten minutes the claims."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from did.encoding import json_parse
from idservice import access, audit
from idservice.database import reading, transaction
from idservice.problems import Refused
from idservice.service import Service

from . import rows
from .answer import claims_context
from .ask import stamp
from .presentation import EndedRequest


def read(service: Service, agency: access.Agency, id: str, *, response_code: str | None = None) -> dict[str, Any]:
    """Return `{id, state, …, verdict, claims}` of one of the agency's own requests.

    In the same-device flow claims come only with the `response_code` that the wallet took back to the browser (T60).
    Reading the claims makes the request `done`; they can be read again until they are wiped. Opens transactions of
    its own, and one that writes only then: agencies ask every second.

    Raises Refused: `not_found` (also for another agency's request, T73), `access_denied` (another response code).
    """
    now = service.clock.now()
    with reading(service.engine) as db:
        found = rows.find(db, now=now, id=id)
    if found is None or found.agency_id != agency.id:
        raise Refused("not_found", "you have no request with this id")
    body: dict[str, Any] = {
        "id": found.id,
        "state": found.state,
        "flow": found.flow,
        "purpose": found.purpose,
        "verdict": None,
        "claims": None,
    }
    if not isinstance(found, EndedRequest):
        return {**body, "expires_at": stamp(found.expires_at)}
    if found.error is not None:
        body["error"] = found.error
    body["verdict"] = found.verdict
    back = _browser_is_back(found, response_code)
    if found.flow == "same_device" and not back:
        return body
    credentials = _credentials(service, found, now)
    if credentials is not None and found.verdict is not None:
        body["verdict"] = {**found.verdict, "credentials": credentials}
        body["claims"] = _claims(credentials)
    if found.state == "answered":
        with transaction(service.engine) as db:
            if rows.collected(db, found.id):
                audit.record(db, service, act="presentation.collected", actor=agency.actor, subject=found.subject)
    if back and found.state == "answered":
        body["state"] = "done"
    return body


def _browser_is_back(found: EndedRequest, response_code: str | None) -> bool:
    if found.flow != "same_device" or response_code is None or found.response_code_hash is None:
        return False
    if not compare_digest(sha256(response_code.encode()).digest(), found.response_code_hash):
        raise Refused(
            "access_denied",
            "this response code is not the one of this request",
            hint="Take it from the address to which the wallet sent this very browser; otherwise start again.",
        )
    return True


def _credentials(service: Service, found: EndedRequest, now: datetime) -> list[dict[str, Any]] | None:
    if found.credentials_sealed is None or found.claims_until is None or found.claims_until <= now:
        return None
    plain = service.keys.unseal(found.credentials_sealed, context=claims_context(found.id))
    credentials: list[dict[str, Any]] = json_parse(plain)
    return credentials


def _claims(credentials: list[Mapping[str, Any]] | list[dict[str, Any]]) -> dict[str, list[Any]]:
    claims: dict[str, list[Any]] = {}
    for one in credentials:
        claims.setdefault(str(one.get("query_id", "")), []).append(one["claims"])
    return claims
