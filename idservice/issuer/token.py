"""The token endpoint: pre-authorized codes and refresh tokens (OpenID4VCI 1.0 section 6; T44, T45, T49).

A refusal that must be remembered (a wrong `tx_code`, a code that came twice) is the value of its transaction, and is
raised once that has committed. The offer's row is locked while a code is judged, so that guesses queue up and the
sixth finds a dead offer, on every database.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from credentials.errors import ProtocolError
from credentials.openid.dpop import DpopProof
from credentials.openid.token import (
    GRANT_REFRESH,
    AuthorizationDetail,
    TokenRequest,
    TokenResponse,
    build_token_response,
    check_token_request,
    parse_token_request,
)
from idservice import audit, limits
from idservice.database import transaction
from idservice.issuer import offers, rows
from idservice.issuer.authorization import prove
from idservice.service import Service

PATH = "/vci/token"
ACCESS_LIFETIME = timedelta(minutes=10)
SOURCE_MISSES = 100
SOURCE_WINDOW = timedelta(minutes=10)
SUBJECT_MISSES = 15
SUBJECT_WINDOW = timedelta(hours=1)

_CLIENT_ID = re.compile(r"[\x20-\x7e]{1,200}")

Granted = Mapping[str, Sequence[str] | None]


class _Guess(ProtocolError):
    """A refusal that counts against its source: an unknown code or a wrong transaction code."""


def answer(service: Service, *, body: bytes, proofs: Sequence[str], source: str) -> bytes:
    """Answer a token request; `proofs` are its DPoP headers, `source` the caller's address.

    Raises ProtocolError as section 6.3 and RFC 9449 5 say; Refused `rate_limited`.
    """
    request = parse_token_request(body)
    if request.client_id is not None and _CLIENT_ID.fullmatch(request.client_id) is None:
        raise ProtocolError("invalid_request", "client_id is 1 to 200 visible ASCII characters")
    proof = prove(service, proofs, url=service.url(PATH))
    key = f"token:{source}"
    limits.check(service, key, limit=SOURCE_MISSES, window=SOURCE_WINDOW)
    with transaction(service.engine) as db:
        if request.grant_type == GRANT_REFRESH:
            outcome = _refresh(db, service, request, proof)
        else:
            outcome = _redeem(db, service, request, proof)
    if isinstance(outcome, _Guess):
        limits.miss(service, key, window=SOURCE_WINDOW)
    if isinstance(outcome, ProtocolError):
        raise outcome
    return build_token_response(outcome)


def _redeem(
    db: Connection, service: Service, request: TokenRequest, proof: DpopProof | None
) -> TokenResponse | ProtocolError:
    now = service.clock.now()
    offer = rows.offer(db, lock=True, code_hash=offers.digest(request.pre_authorized_code or ""))
    if offer is None:
        return _Guess("invalid_grant", _NO_OFFER, code="offer_expired", hint=_NEW_OFFER)
    state = offers.state_of(offer, now)
    if state in ("redeemed", "issued"):
        return _used_again(db, service, offer, proof)
    if state != "waiting":
        return ProtocolError("invalid_grant", _NO_OFFER, code="offer_expired", hint=_NEW_OFFER)
    # Before the tx_code, so that whoever caught an offer of a case cannot even guess.
    if offer.holder_jkt is not None and (proof is None or proof.jkt != offer.holder_jkt):
        return _other_holder("the offer belongs to a case and is redeemed only under DPoP by the key that applied")
    held = rows.credentials_of_offer(db, offer.id)
    guarded = offer.tx_code_mac is not None
    names = [one.type for one in held]
    details = check_token_request(request, tx_code_expected=guarded, configuration_ids=names)
    if guarded:
        wrong = _judge_tx_code(db, service, offer, request.tx_code or "")
        if wrong is not None:
            return wrong
    if not rows.leave_waiting(db, offer.id, to="redeemed", now=now):
        return _used_again(db, service, offer, proof)
    if offer.case_id is not None:
        rows.revoke_tokens_of_case(db, now=now, case_id=offer.case_id)
    audit.record(db, service, act="offer.redeemed", actor="wallet", subject=f"offer:{offer.id}")
    granted = _grant(held, request, details)
    refresh = _mint(db, service, "refresh", offer.id, request, proof, granted) if offer.case_id is not None else None
    access = _mint(db, service, "access", offer.id, request, proof, granted)
    return _response(access, refresh=refresh, proof=proof, granted=granted)


def _judge_tx_code(db: Connection, service: Service, offer: Row[Any], digits: str) -> ProtocolError | None:
    """Compare the transaction code; a wrong one is counted on the offer, and the last kills it (T45)."""
    if offer.case_id is not None and _subject_spent(db, service, offer.case_id):
        return ProtocolError(
            "invalid_grant", "too many wrong codes for this case", code="rate_limited", hint="Try again in an hour."
        )
    if offers.tx_code_fits(service, offer, digits):
        return None
    counted = rows.count_miss(db, offer.id, tries=offers.TX_CODE_TRIES)
    if counted.state == "killed":
        data = {"reason": "tx_code_wrong", "misses": counted.tx_code_misses}
        audit.record(db, service, act="offer.killed", actor="service", subject=f"offer:{offer.id}", data=data)
        return _Guess("invalid_grant", _NO_OFFER, code="offer_expired", hint=_NEW_OFFER)
    left = offers.TX_CODE_TRIES - counted.tx_code_misses
    return _Guess(
        "invalid_grant",
        f"the transaction code is wrong; tries left: {left}",
        code="tx_code_wrong",
        hint="Type the six digits that you were given.",
    )


def _subject_spent(db: Connection, service: Service, case_id: str) -> bool:
    return rows.misses_of_case(db, case_id, since=service.clock.now() - SUBJECT_WINDOW) >= SUBJECT_MISSES


def _used_again(db: Connection, service: Service, offer: Row[Any], proof: DpopProof | None) -> ProtocolError:
    """Refuse a code that was redeemed; unless the same DPoP key sends it twice, its tokens end with it (T44)."""
    first = rows.first_jkt(db, offer.id)
    if first is None or proof is None or proof.jkt != first:
        revoked = rows.revoke_tokens(db, now=service.clock.now(), offer_id=offer.id)
        if revoked:
            data = {"tokens": revoked}
            audit.record(db, service, act="offer.reused", actor="service", subject=f"offer:{offer.id}", data=data)
    return ProtocolError("invalid_grant", "the code was used before", code="request_replayed", hint=_NEW_OFFER)


def _refresh(
    db: Connection, service: Service, request: TokenRequest, proof: DpopProof | None
) -> TokenResponse | ProtocolError:
    row = rows.token(db, "refresh", offers.digest(request.refresh_token or ""))
    if row is None:
        return _Guess("invalid_grant", "the refresh token is unknown or over", code="offer_expired", hint=_NEW_OFFER)
    if proof is None or proof.jkt != row.jkt:
        return _other_holder("the refresh token belongs to another key")
    held = rows.credentials_of_offer(db, row.offer_id)
    details = check_token_request(request, tx_code_expected=False, configuration_ids=[one.type for one in held])
    if all(one.ends_on is not None and one.ends_on < service.clock.now().date() for one in held):
        return ProtocolError(
            "invalid_grant", "the case is over", code="credential_expired", hint="Apply for a renewal."
        )
    asked = bool(details or request.scope)
    granted: Granted = _grant(held, request, details) if asked else row.granted
    access = _mint(db, service, "access", row.offer_id, request, proof, granted)
    return _response(access, refresh=request.refresh_token, proof=proof, granted=granted)


def _grant(
    held: rows.Rows, request: TokenRequest, details: Sequence[AuthorizationDetail]
) -> dict[str, list[str] | None]:
    """Return what a token covers: identifiers where details were asked for, else whole configurations."""
    if details:
        slots = {one.type: one.slots for one in held}
        return {detail.configuration_id: _identifiers(detail.configuration_id, slots) for detail in details}
    names = [one.type for one in held]
    return dict.fromkeys([name for name in names if name in request.scope] or names)


def _identifiers(name: str, slots: Mapping[str, int]) -> list[str]:
    return [f"{name}/{slot}" for slot in range(slots[name])] or [name]


def _mint(
    db: Connection,
    service: Service,
    kind: str,
    offer_id: str,
    request: TokenRequest,
    proof: DpopProof | None,
    granted: Granted,
) -> str:
    value = secrets.token_urlsafe(32)
    now = service.clock.now()
    row = {
        "id": secrets.token_urlsafe(16),
        "kind": kind,
        "digest": offers.digest(value),
        "offer_id": offer_id,
        "jkt": None if proof is None else proof.jkt,
        "client_id": request.client_id,
        "granted": {name: None if names is None else list(names) for name, names in granted.items()},
        "created_at": now,
        "expires_at": now + ACCESS_LIFETIME if kind == "access" else None,
    }
    rows.add_token(db, row)
    return value


def _response(access: str, *, refresh: str | None, proof: DpopProof | None, granted: Granted) -> TokenResponse:
    details = tuple(
        AuthorizationDetail(configuration_id=name, identifiers=tuple(names))
        for name, names in granted.items()
        if names is not None
    )
    return TokenResponse(
        access_token=access,
        token_type="Bearer" if proof is None else "DPoP",
        expires_in=ACCESS_LIFETIME,
        refresh_token=refresh,
        authorization_details=details,
    )


def _other_holder(detail: str) -> ProtocolError:
    return ProtocolError(
        "invalid_grant", detail, code="holder_binding_invalid", hint="Use the wallet that made the application."
    )


# One text for unknown, expired, cancelled and killed: it must not tell which offers there are (T66).
_NO_OFFER = "there is no open offer for this code"
_NEW_OFFER = "Ask the issuing office for a new offer."
