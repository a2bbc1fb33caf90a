"""`Idempotency-Key` for registrar and agency POSTs: the same request again gets the same answer (contract.md 6, T86).

The kept answer is written in the transaction of the act it answers, so there is never one
without the other; a refused request keeps nothing and may be sent again. It is sealed, since it
may hold a `tx_code`, and ends after 24 h or with the secret in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final

from fastapi.responses import JSONResponse, Response
from sqlalchemy import Column, ColumnElement, Integer, LargeBinary, String, Table, and_, delete, select, update
from sqlalchemy.engine import Connection

from .database import UtcDateTime, insert_once, metadata
from .problems import Refused
from .service import Service

KEPT_FOR: Final = timedelta(hours=24)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")

idempotency_answers = Table(
    "idempotency_answers",
    metadata,
    Column("actor", String(120), primary_key=True),
    Column("key", LargeBinary(32), primary_key=True),
    Column("request", LargeBinary(32), nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an act answers: HTTP status, JSON body, and when a secret in the body ends, if there is one."""

    status: int
    body: Mapping[str, Any]
    secret_until: datetime | None = None

    def response(self) -> Response:
        """Return the answer as a response that no cache keeps."""
        return JSONResponse(dict(self.body), status_code=self.status, headers={"Cache-Control": "no-store"})


def answer(
    db: Connection,
    service: Service,
    *,
    key: str | None,
    actor: str,
    operation: str,
    body: bytes,
    act: Callable[[], Answer],
) -> Response:
    """Return the answer of `act`, or the one kept for the same `key`, in the caller's transaction.

    `actor` is who calls (`staff:<id>`, `agency:<id>`): keys of different callers never meet.
    `operation` is method and path. Of two calls at once the second waits for the first's end.

    Raises Refused: `malformed` for a key that is not 1 to 200 visible ASCII characters,
    `conflict` when the key came with another request before.
    """
    if key is None:
        return act().response()
    if _KEY.fullmatch(key) is None:
        raise Refused(
            "malformed",
            "Idempotency-Key must be 1 to 200 visible ASCII characters",
            hint="send a fresh random value, such as a UUID",
        )
    now = service.clock.now()
    digest = service.keys.mac("idempotency", f"key\0{actor}\0{key}".encode())
    # A keyed digest: the body may hold personal data, which a plain hash would not hide.
    request = service.keys.mac("idempotency", b"request\0" + operation.encode() + b"\0" + body)
    rows = idempotency_answers
    here = and_(rows.c.actor == actor, rows.c.key == digest)
    db.execute(delete(rows).where(here, rows.c.expires_at <= now))
    ends = now + KEPT_FOR
    if not insert_once(db, rows, {"actor": actor, "key": digest, "request": request, "expires_at": ends}):
        return _kept(db, service, here, request)
    made = act()
    sealed = service.keys.seal(json.dumps(dict(made.body)).encode(), context=_context(actor, digest))
    ends = min(ends, made.secret_until) if made.secret_until else ends
    db.execute(update(rows).where(here).values(status=made.status, body=sealed, expires_at=ends))
    return made.response()


def purge(db: Connection, *, now: datetime) -> int:
    """Forget kept answers that have ended; return how many."""
    return db.execute(delete(idempotency_answers).where(idempotency_answers.c.expires_at <= now)).rowcount


def _kept(db: Connection, service: Service, here: ColumnElement[bool], request: bytes) -> Response:
    row = db.execute(select(idempotency_answers).where(here)).one()
    if not compare_digest(row.request, request):
        raise Refused(
            "conflict",
            "this Idempotency-Key came with another request before",
            hint="use a fresh key for each new request",
        )
    body = json.loads(service.keys.unseal(row.body, context=_context(row.actor, row.key)))
    return Answer(status=row.status, body=body).response()


def _context(actor: str, digest: bytes) -> str:
    return f"idempotency_answers.body:{actor}:{digest.hex()}"
