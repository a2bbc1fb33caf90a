"""Every statement of the issuer room."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from idservice.issuer.tables import copies, credentials, issues, offers, tokens

Rows = Sequence[Row[Any]]

LAPSED_KEPT = timedelta(days=30)
"""How long the rows of a copy stay after its `exp`."""


# --- offers -------------------------------------------------------------------------------------


def add_offer(db: Connection, values: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    """Insert an offer and its credentials."""
    db.execute(insert(offers).values(**values))
    db.execute(insert(credentials), [dict(item) for item in items])


def offer(db: Connection, *, lock: bool = False, **key: Any) -> Row[Any] | None:
    """Return the offer whose column equals the one keyword; `lock` holds it until the transaction ends."""
    ((column, value),) = key.items()
    statement = select(offers).where(offers.c[column] == value)
    return db.execute(statement.with_for_update() if lock else statement).one_or_none()


def handle_taken(db: Connection, handle_hash: bytes) -> bool:
    """Tell whether a handle was given out before."""
    return db.execute(select(offers.c.id).where(offers.c.handle_hash == handle_hash)).first() is not None


def leave_waiting(db: Connection, offer_id: str, *, to: str, now: datetime) -> bool:
    """Take a waiting offer to another state and wipe its secrets; True for exactly one caller (T44, T85)."""
    changes: dict[str, Any] = {"state": to, "sealed": None}
    if to == "redeemed":
        changes["redeemed_at"] = now
    statement = update(offers).where(offers.c.id == offer_id, offers.c.state == "waiting").values(**changes)
    return db.execute(statement).rowcount == 1


def waiting_of_case(db: Connection, case_id: str) -> list[str]:
    """Return the ids of the case's offers that nobody has redeemed."""
    found = select(offers.c.id).where(offers.c.case_id == case_id, offers.c.state == "waiting")
    return list(db.execute(found).scalars())


def count_miss(db: Connection, offer_id: str, *, tries: int) -> Row[Any]:
    """Count a wrong `tx_code`; the last try kills the offer and wipes its secrets. Returns state and misses."""
    spent = offers.c.tx_code_misses + 1 >= tries
    statement = (
        update(offers)
        .where(offers.c.id == offer_id, offers.c.state == "waiting")
        .values(
            tx_code_misses=offers.c.tx_code_misses + 1,
            state=case((spent, "killed"), else_=offers.c.state),
            sealed=case((spent, None), else_=offers.c.sealed),
        )
        .returning(offers.c.state, offers.c.tx_code_misses)
    )
    return db.execute(statement).one()


def misses_of_case(db: Connection, case_id: str, *, since: datetime) -> int:
    """Return how many wrong `tx_code`s the case's offers made after `since` have had."""
    found = select(func.coalesce(func.sum(offers.c.tx_code_misses), 0)).where(
        offers.c.case_id == case_id, offers.c.created_at > since
    )
    return int(db.execute(found).scalar_one())


_MARK_ISSUED = (
    update(offers).where(offers.c.id == bindparam("offer"), offers.c.state == "redeemed").values(state="issued")
)


def mark_issued(db: Connection, offer_id: str) -> None:
    """Note that the first credential of an offer has been issued."""
    db.execute(_MARK_ISSUED, {"offer": offer_id})


# --- credentials --------------------------------------------------------------------------------


def credentials_of_offer(db: Connection, offer_id: str) -> Rows:
    """Return the credentials of an offer in the order of its items."""
    return db.execute(
        select(credentials).where(credentials.c.offer_id == offer_id).order_by(credentials.c.type, credentials.c.id)
    ).all()


def types_of_offer(db: Connection, offer_id: str) -> tuple[str, ...]:
    """Return the credential types of an offer, sorted."""
    found = select(credentials.c.type).where(credentials.c.offer_id == offer_id).order_by(credentials.c.type)
    return tuple(db.execute(found).scalars())


# What each credential request runs is built once: putting a statement together costs as much as running it.
_OF_TYPE = (
    select(credentials, offers.c.holder_jkt)
    .join(offers, offers.c.id == credentials.c.offer_id)
    .where(credentials.c.offer_id == bindparam("offer"), credentials.c.type == bindparam("type_name"))
    .with_for_update(of=credentials)
)
_PINNED = select(credentials.c.holder_thumbprint).where(
    credentials.c.offer_id == bindparam("offer"), credentials.c.holder_thumbprint.is_not(None)
)


def credential_of_type(db: Connection, offer_id: str, type_name: str) -> Row[Any] | None:
    """Return the offer's credential of a type with the offer's `holder_jkt`.

    The row is locked, so that an issue and a revocation never cross (T87).
    """
    return db.execute(_OF_TYPE, {"offer": offer_id, "type_name": type_name}).one_or_none()


def pinned_thumbprints(db: Connection, offer_id: str) -> set[str]:
    """Return the thumbprints of keys that the offer pins to one of its credentials (the `sign` key)."""
    return {str(value) for value in db.execute(_PINNED, {"offer": offer_id}).scalars()}


def named_credentials(db: Connection, *, case_id: str | None, ids: Collection[str]) -> Rows:
    """Return and lock the credentials of a case, or those named, in one order for all callers."""
    wanted = credentials.c.case_id == case_id if case_id is not None else credentials.c.id.in_(list(ids))
    return db.execute(select(credentials).where(wanted).order_by(credentials.c.id).with_for_update()).all()


def move_credentials(db: Connection, ids: Sequence[str], *, leave: Collection[str], to: str, now: datetime) -> int:
    """Take credentials from one of the states `leave` to `to`; return how many changed."""
    statement = (
        update(credentials)
        .where(credentials.c.id.in_(list(ids)), credentials.c.state.in_(list(leave)), credentials.c.state != "revoked")
        .values(state=to, changed_at=now)
    )
    return db.execute(statement).rowcount


def states_of_case(db: Connection, case_id: str) -> list[str]:
    """Return the states of a case's credentials."""
    return list(db.execute(select(credentials.c.state).where(credentials.c.case_id == case_id)).scalars())


def keep_certificate(db: Connection, credential_id: str, certificate: bytes) -> None:
    """Keep the sealed certificate chain of a `sign` key."""
    db.execute(update(credentials).where(credentials.c.id == credential_id).values(certificate=certificate))


# --- tokens -------------------------------------------------------------------------------------


def add_token(db: Connection, values: Mapping[str, Any]) -> None:
    """Insert an access or refresh token."""
    db.execute(insert(tokens).values(**values))


_TOKEN = select(tokens).where(
    tokens.c.digest == bindparam("digest"), tokens.c.kind == bindparam("kind"), tokens.c.revoked_at.is_(None)
)
_ALIVE = select(tokens.c.id).where(tokens.c.id == bindparam("token"), tokens.c.revoked_at.is_(None))


def token(db: Connection, kind: str, digest: bytes) -> Row[Any] | None:
    """Return a token that was not revoked, by the hash of its value; the caller checks its age."""
    return db.execute(_TOKEN, {"digest": digest, "kind": kind}).one_or_none()


def token_alive(db: Connection, token_id: str) -> bool:
    """Tell whether a token found earlier has not been revoked since."""
    return db.execute(_ALIVE, {"token": token_id}).first() is not None


def revoke_tokens(db: Connection, *, now: datetime, offer_id: str) -> int:
    """Revoke every token that came from an offer; return how many."""
    return db.execute(
        update(tokens).where(tokens.c.offer_id == offer_id, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount


def revoke_tokens_of_case(db: Connection, *, now: datetime, case_id: str) -> int:
    """Revoke every token of a case's earlier offers; return how many."""
    earlier = select(offers.c.id).where(offers.c.case_id == case_id)
    return db.execute(
        update(tokens).where(tokens.c.offer_id.in_(earlier), tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount


def first_jkt(db: Connection, offer_id: str) -> str | None:
    """Return the DPoP key that the offer's first token is bound to, None for a Bearer token."""
    found = select(tokens.c.jkt).where(tokens.c.offer_id == offer_id).order_by(tokens.c.created_at).limit(1)
    return db.execute(found).scalar_one_or_none()


# --- issues and copies --------------------------------------------------------------------------


_ISSUE = select(issues).where(issues.c.token_id == bindparam("token"), issues.c.identifier == bindparam("name"))
_ADD_ISSUE = insert(issues)
_ADD_COPIES = insert(copies)


def issue(db: Connection, token_id: str, identifier: str) -> Row[Any] | None:
    """Return what was issued before under one token for one identifier."""
    return db.execute(_ISSUE, {"token": token_id, "name": identifier}).one_or_none()


def copies_of_issue(db: Connection, issue_id: str) -> Rows:
    """Return the copies of an issue."""
    return db.execute(select(copies).where(copies.c.issue_id == issue_id)).all()


def add_issue(db: Connection, values: Mapping[str, Any], issued: Sequence[Mapping[str, Any]]) -> None:
    """Insert an issue and its copies."""
    db.execute(_ADD_ISSUE, dict(values))
    db.execute(_ADD_COPIES, [dict(one) for one in issued])


def live_status_ids(db: Connection, credential_ids: Sequence[str], *, since: datetime) -> list[str]:
    """Return the status entries of copies that are valid after `since`."""
    found = select(copies.c.status_id).where(
        copies.c.credential_id.in_(list(credential_ids)), copies.c.valid_until > since
    )
    return list(db.execute(found).scalars())


def note_event(db: Connection, notification_id: str, offer_id: str, event: str) -> bool:
    """Keep the latest notification of an issue that came from the offer; False if there is no such issue."""
    if len(notification_id) != 22 or not notification_id.isascii():
        return False  # never one of ours, and not every database takes every text
    of_offer = select(credentials.c.id).where(credentials.c.offer_id == offer_id)
    statement = (
        update(issues)
        .where(issues.c.notification_id == notification_id, issues.c.credential_id.in_(of_offer))
        .values(notified=event)
    )
    return db.execute(statement).rowcount == 1


# --- keeping house ------------------------------------------------------------------------------


def purge(db: Connection, *, now: datetime, today: date) -> None:
    """Forget spent access tokens, secrets of offers that ended, and datasets that nothing can be issued from.

    And copies that lapsed long ago, with the issues that held nothing else.
    """
    db.execute(delete(tokens).where(tokens.c.expires_at < now, tokens.c.kind == "access"))
    db.execute(update(offers).where(offers.c.expires_at < now, offers.c.sealed.is_not(None)).values(sealed=None))
    alive = select(tokens.c.offer_id).where(tokens.c.revoked_at.is_(None))
    waiting = select(offers.c.id).where(offers.c.state == "waiting", offers.c.expires_at >= now)
    over = or_(
        credentials.c.state == "revoked",
        credentials.c.ends_on < today,
        and_(credentials.c.offer_id.not_in(alive), credentials.c.offer_id.not_in(waiting)),
    )
    db.execute(update(credentials).where(credentials.c.dataset.is_not(None), over).values(dataset=None))
    db.execute(delete(copies).where(copies.c.valid_until < now - LAPSED_KEPT))
    empty = issues.c.id.not_in(select(copies.c.issue_id))
    db.execute(delete(issues).where(issues.c.issued_at < now - LAPSED_KEPT, empty))
