"""A wallet answers at `response_uri` (OpenID4VP 1.0 section 8).

What cannot be decrypted or read, or brings another `state`, leaves the request as it was. What can be read ends it,
by one conditional write that only one of any number of answers wins; only then is the wallet told the verdict.
Verification runs with no transaction open, since it may fetch a status list.
"""

import secrets
from hashlib import sha256
from typing import Any

from sqlalchemy.engine import Connection

from credentials.errors import ProtocolError
from credentials.openid import response
from credentials.openid.dcql import parse_query
from credentials.openid.haip import RESPONSE_MODE
from credentials.verdict import Verdict
from credentials.verify import Expected, verify_vp_token
from did.encoding import jcs
from did.keys import PrivateKey
from idservice import audit
from idservice.database import reading, transaction
from idservice.registry import trust
from idservice.service import Service
from idservice.web.help_texts import HELP

from . import rows, webhooks
from .ask import key_context
from .presentation import CLAIMS_KEPT, EndState, OpenRequest

KNOWN_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "vp_formats_not_supported",
        "invalid_request_uri_method",
        "invalid_transaction_data",
        "wallet_unavailable",
    }
)
"""Error codes of OpenID4VP 1.0 section 8.5; any other word a wallet sends is kept as `invalid_request`."""


def receive(service: Service, response_ref: str, body: bytes) -> bytes:
    """Take a wallet's answer and return the JSON that it gets with 200.

    Raises ProtocolError `invalid_request`: unreadable (request untouched), over, or a presentation that does not hold.
    """
    posted = response.parse_response(body)
    now = service.clock.now()
    with reading(service.engine) as db:
        found = _open(db, service, response_ref)
        policy = trust.policy(service, db)
    key = PrivateKey.from_pkcs8(service.keys.unseal(found.key_sealed, context=key_context(found.id)))
    answer = response.check_response(
        posted,
        response_mode=RESPONSE_MODE,
        state=found.wire_state,
        keys={str(found.key_jwk["kid"]): key},
    )
    if answer.vp_token is None:
        error = answer.error if answer.error in KNOWN_ERRORS else "invalid_request"
        return _end(service, found, state="refused", values={"error": error}, verdict=None)
    expected = Expected(
        nonce=found.nonce,
        audience=found.client_id,
        query=parse_query(found.query),
        transaction_data=found.transaction_data,
    )
    verdict = verify_vp_token(
        {query_id: list(presentations) for query_id, presentations in answer.vp_token.items()},
        expected=expected,
        policy=policy,
        fetch=service.fetch,
        statuses=trust.status_source(service),
        now=now,
    )
    return _end(service, found, state="answered", values=_kept(service, found, verdict), verdict=verdict)


def refuse(db: Connection, service: Service, found: OpenRequest, *, actor: str, error: str) -> bool:
    """End an open request without a presentation; False when it was over already."""
    values = {"error": error}
    return _write(db, service, found, state="refused", values=values, actor=actor, verdict=None)


def claims_context(id: str) -> str:
    """Return what ties sealed claims to their row."""
    return f"presentation_requests.credentials_sealed:{id}"


def _open(db: Connection, service: Service, response_ref: str) -> OpenRequest:
    found = rows.find(db, now=service.clock.now(), response_ref=response_ref)
    if isinstance(found, OpenRequest):
        return found
    if found is None:
        raise ProtocolError("invalid_request", "there is no request at this address", code="not_found")
    if found.state == "expired":
        raise ProtocolError("invalid_request", "the request has run out", code="request_expired")
    raise ProtocolError("invalid_request", "the request has its answer already", code="request_replayed")


def _kept(service: Service, found: OpenRequest, verdict: Verdict) -> dict[str, Any]:
    """Return what is written of a verdict: the checks in the open, the credentials sealed and only if valid."""
    members = verdict.to_json()
    credentials = members.pop("credentials")
    values: dict[str, Any] = {"verdict": {**members, "credentials": []}}
    if verdict.verdict == "valid":
        values["credentials_sealed"] = service.keys.seal(jcs(credentials), context=claims_context(found.id))
        values["claims_until"] = service.clock.now() + CLAIMS_KEPT
    return values


def _end(
    service: Service, found: OpenRequest, *, state: EndState, values: dict[str, Any], verdict: Verdict | None
) -> bytes:
    redirect_uri = None
    if found.redirect_uri is not None and (verdict is None or verdict.verdict == "valid"):
        code = secrets.token_urlsafe(16)
        values["response_code_hash"] = sha256(code.encode()).digest()
        joint = "&" if "?" in found.redirect_uri else "?"
        redirect_uri = f"{found.redirect_uri}{joint}response_code={code}"
    with transaction(service.engine) as db:
        if not _write(db, service, found, state=state, values=values, actor="wallet", verdict=verdict):
            _open(db, service, found.response_ref)  # raises: somebody answered first, or time ran out
            raise ProtocolError("invalid_request", "the request was asked anew", code="request_expired")
    if verdict is not None and verdict.verdict != "valid":
        # "<house code>: …" tells the wallet which check failed; the agency has every check in its verdict.
        code = verdict.code or "malformed"
        words = HELP[code].title if code in HELP else "The presentation was not accepted"
        raise ProtocolError("invalid_request", words, code=code)
    return response.build_response_answer(redirect_uri=redirect_uri)


def _write(
    db: Connection,
    service: Service,
    found: OpenRequest,
    *,
    state: EndState,
    values: dict[str, Any],
    actor: str,
    verdict: Verdict | None,
) -> bool:
    now = service.clock.now()
    if not rows.end(db, found, state=state, now=now, **values):
        return False
    outcome = {"verdict": verdict.verdict, "code": verdict.code} if verdict else {"error": values["error"]}
    data = {"agency": found.agency_id, **outcome}
    audit.record(db, service, act=f"presentation.{state}", actor=actor, subject=found.subject, data=data)
    webhooks.note(db, found, state=state, verdict=values.get("verdict"), now=now)
    return True
