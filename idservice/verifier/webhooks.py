"""An agency is told that its request has ended: a signed message without claims, tried for 24 hours.

The message is a JWS of type `presentation-event+jwt` by the service's metadata key, with `iss`, `aud` (the agency's
DID), `iat`, `jti` (the same at each try, for de-duplication), `id`, `state` and `verdict`. What was disclosed never
goes this way: the agency fetches it under its own token.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from credentials.jose import sign_jws
from did.errors import IdError
from idservice import access
from idservice.database import reading, transaction
from idservice.service import Service

from . import rows
from .presentation import EndState, Request

TYP = "presentation-event+jwt"
MEDIA_TYPE = "application/jwt"
TRIED_FOR = timedelta(hours=24)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
AT_ONCE = 20
"""Messages of one round: the job gives its lease back between rounds."""


def note(
    db: Connection, request: Request, *, state: EndState, verdict: Mapping[str, Any] | None, now: datetime
) -> None:
    """Write down, in the transaction that ends a request, that its agency is to be told."""
    if request.webhook_url is None:
        return
    values = {
        "id": secrets.token_urlsafe(16),
        "agency_id": request.agency_id,
        "request_id": request.id,
        "url": request.webhook_url,
        "state": state,
        "verdict": verdict,
        "attempts": 0,
        "created_at": now,
        "next_at": now,
    }
    rows.add_delivery(db, values)


def deliver(service: Service) -> None:
    """Send what is due. Each message is sent with no transaction open; a second sending does no harm."""
    now = service.clock.now()
    with reading(service.engine) as db:
        due = rows.due_deliveries(db, now=now, limit=AT_ONCE)
    for row in due:
        arrived = _send(service, row)
        with transaction(service.engine) as db:
            if arrived:
                rows.delivered(db, row.id, now=service.clock.now())
            else:
                tries = row.attempts + 1
                rows.postpone(db, row.id, attempts=tries, next_at=service.clock.now() + pause(tries))


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries: 5 s, doubled each time, an hour at most."""
    doublings: int = 2 ** min(tries - 1, 16)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


def message(service: Service, row: Any, *, audience: str) -> str:
    """Return the signed message of one delivery."""
    claims = {
        "iss": service.base_url,
        "aud": audience,
        "iat": int(service.clock.now().timestamp()),
        "jti": row.id,
        "id": row.request_id,
        "state": row.state,
        "verdict": row.verdict,
    }
    x5c = {"x5c": service.keys.x5c("metadata")}
    return sign_jws(claims, typ=TYP, signer=service.keys.signer("metadata"), header=x5c)


def _send(service: Service, row: Any) -> bool:
    try:
        with reading(service.engine) as db:
            receiver = access.agency_by_id(service, db, row.agency_id)
        body = message(service, row, audience=receiver.did).encode()
        answer = service.post(row.url, body=body, content_type=MEDIA_TYPE, max_bytes=4096)
    except IdError as failed:
        service.log.info("webhook not delivered", extra={"delivery": row.id, "code": failed.code})
        return False
    accepted: bool = 200 <= answer.status < 300
    if not accepted:
        service.log.info("webhook not accepted", extra={"delivery": row.id, "status": answer.status})
    return accepted
