"""The credential endpoint: proven keys in, one signed copy for each out (OpenID4VCI 1.0 section 8; T50, T51, T53).

Everything that needs no database is checked first. Then one transaction locks the credential's row, judges its state,
spends the `c_nonce`, takes status indexes, signs and writes issue, copies and audit rows: what was answered was
written, and what was not written was not signed for anybody (T86).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from credentials.errors import ProtocolError
from credentials.formats import FORMATS
from credentials.formats.base import IssueRequest, StatusReference
from credentials.openid.credential import (
    CredentialResponse,
    GrantedRequest,
    build_credential_response,
    check_credential_request,
    parse_credential_request,
)
from credentials.openid.key_proof import check_key_proofs
from credentials.openid.metadata import IssuerMetadata
from did.keys import PublicKey
from idservice import audit
from idservice.catalogue import CredentialType
from idservice.database import transaction
from idservice.issuer import certificate, dataset, nonce, rows
from idservice.issuer.authorization import Access, TokenRefused
from idservice.problems import Refused
from idservice.registry import status
from idservice.service import Service

PATH = "/vci/credential"
BATCH_SIZE = 10
PROOF_ALGS = ("ES256",)
FORMAT = "dc+sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A request that passed every check that needs no row."""

    access: Access
    kind: CredentialType
    identifier: str
    slot: int | None
    keys: tuple[PublicKey, ...]
    c_nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """One copy to sign: its key, status place and end."""

    key: PublicKey
    status: StatusReference
    valid_until: datetime


def answer(service: Service, metadata: IssuerMetadata, access: Access, body: bytes) -> bytes:
    """Answer a credential request under a valid access token with the copies that its keys get.

    Raises ProtocolError with the codes of section 8.3.1.2, TokenRefused.
    """
    wanted = _check(service, metadata, access, body)
    with transaction(service.engine) as db:
        response = _issue(db, service, wanted)
    return build_credential_response(response)


def _check(service: Service, metadata: IssuerMetadata, access: Access, body: bytes) -> _Wanted:
    by_identifier = {one: name for name, names in access.granted.items() for one in names or ()}
    request = check_credential_request(
        parse_credential_request(body),
        metadata=metadata,
        configuration_ids=tuple(access.granted),
        identifiers=by_identifier or None,
    )
    kind = service.types.get(request.configuration.id)
    keys, c_nonce = _prove(service, access, request)
    if kind.key_role == "sign" and len(keys) > 1:
        raise _wrong_key(f"{kind.name} has a single copy, for the sign key")
    identifier = request.identifier or kind.name
    _, _, slot = identifier.partition("/")
    return _Wanted(
        access=access,
        kind=kind,
        identifier=identifier,
        slot=int(slot) if slot else None,
        keys=keys,
        c_nonce=c_nonce,
    )


def _prove(service: Service, access: Access, request: GrantedRequest) -> tuple[tuple[PublicKey, ...], str]:
    def check_nonce(value: str) -> None:
        nonce.check(service, value)

    keys, c_nonce = check_key_proofs(
        request.proofs,
        audience=service.base_url,
        nonce=check_nonce,
        now=service.clock.now(),
        client_id=access.client_id,
        algs=PROOF_ALGS,
    )
    if c_nonce is None:
        raise ProtocolError("invalid_proof", "the proofs carry no c_nonce", code="nonce_mismatch")
    return keys, c_nonce


def _issue(db: Connection, service: Service, wanted: _Wanted) -> CredentialResponse:
    row = rows.credential_of_type(db, wanted.access.offer_id, wanted.kind.name)
    if row is None:
        raise ProtocolError("unknown_credential_configuration", "the offer does not hold this credential")
    # Under the lock, which whoever ends a case takes before it revokes tokens: the answer stays true (T87).
    if not rows.token_alive(db, wanted.access.token_id):
        raise TokenRefused("invalid_token", "the access token has been revoked")
    now = service.clock.now()
    _check_state(row, now)
    _check_keys(db, row, wanted)
    issued = rows.issue(db, wanted.access.token_id, wanted.identifier)
    known = None if issued is None else _same_copies(db, issued, wanted)
    nonce.spend(db, service, wanted.c_nonce)
    if issued is None or known is None:
        issue_id, notification_id = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        copies = _new_copies(db, service, wanted, row, now)
        _write(db, service, wanted, row, copies, ids=(issue_id, notification_id), now=now)
    else:
        notification_id, copies = issued.notification_id, known
    signed = _sign(db, service, wanted, row, [copy for copy, _ in copies])
    return CredentialResponse(credentials=signed, notification_id=notification_id)


def _check_state(row: Row[Any], now: datetime) -> None:
    """Refuse what may not be issued any more (contract 6, S05)."""
    if row.state == "revoked":
        raise _denied("credential_revoked", "the credential was revoked")
    if row.state == "suspended":
        raise _denied("credential_suspended", "the credential is suspended")
    if row.dataset is None or (row.ends_on is not None and row.ends_on < now.date()):
        raise _denied("credential_expired", "the time of the credential is over")


def _check_keys(db: Connection, row: Row[Any], wanted: _Wanted) -> None:
    """See that a pinned credential gets its pinned key, and that no other copy of a case is bound to a key with a role.

    A direct offer knows no roles: its client may use one key for everything.
    """
    thumbprints = {key.thumbprint() for key in wanted.keys}
    if row.holder_thumbprint is not None:
        if thumbprints != {row.holder_thumbprint}:
            raise _wrong_key("this credential is bound to the sign key of the application")
        return
    if row.holder_jkt is None:
        return
    if thumbprints & {row.holder_jkt, *rows.pinned_thumbprints(db, row.offer_id)}:
        raise _wrong_key("each copy needs a fresh key, neither the sign key nor the application key")


def _same_copies(db: Connection, issued: Row[Any], wanted: _Wanted) -> list[tuple[_Copy, str]]:
    """Return the copies issued before, in the order of the keys, or refuse when the keys are others (contract 6)."""
    held = {one.thumbprint: one for one in rows.copies_of_issue(db, issued.id)}
    if held.keys() != {key.thumbprint() for key in wanted.keys}:
        raise _denied("conflict", "other keys got this credential under the same access token")
    found = []
    for key in wanted.keys:
        one = held[key.thumbprint()]
        reference = StatusReference(uri=one.status_uri, index=one.status_index)
        found.append((_Copy(key=key, status=reference, valid_until=one.valid_until), str(one.status_id)))
    return found


def _new_copies(
    db: Connection, service: Service, wanted: _Wanted, row: Row[Any], now: datetime
) -> list[tuple[_Copy, str]]:
    until = _valid_until(wanted.kind, row, now)
    entries = status.allocate(db, service, len(wanted.keys), until=until)
    return [
        (_Copy(key=key, status=StatusReference(uri=entry.uri, index=entry.index), valid_until=until), entry.id)
        for key, entry in zip(wanted.keys, entries, strict=True)
    ]


def _valid_until(kind: CredentialType, row: Row[Any], now: datetime) -> datetime:
    """Return a copy's `exp`: whole days, so that it tells nothing of the hour it was made (T62)."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + kind.lifetime
    if row.ends_on is not None:
        after = datetime.combine(row.ends_on + timedelta(days=1), datetime.min.time(), tzinfo=now.tzinfo)
        until = min(until, after)
    return until


def _write(
    db: Connection,
    service: Service,
    wanted: _Wanted,
    row: Row[Any],
    copies: Sequence[tuple[_Copy, str]],
    *,
    ids: tuple[str, str],
    now: datetime,
) -> None:
    issue_id, notification_id = ids
    issue = {
        "id": issue_id,
        "token_id": wanted.access.token_id,
        "identifier": wanted.identifier,
        "credential_id": row.id,
        "notification_id": notification_id,
        "issued_at": now,
    }
    written = [
        {
            "id": secrets.token_urlsafe(16),
            "issue_id": issue_id,
            "credential_id": row.id,
            "thumbprint": copy.key.thumbprint(),
            "status_id": entry_id,
            "status_uri": copy.status.uri,
            "status_index": copy.status.index,
            "valid_until": copy.valid_until,
        }
        for copy, entry_id in copies
    ]
    rows.add_issue(db, issue, written)
    rows.mark_issued(db, row.offer_id)
    for one in written:
        # One row per copy, so that issued copies, audit rows and status indexes can be counted against each other.
        data = {"credential": row.id, "type": row.type, "status": one["status_id"], "case": row.case_id}
        audit.record(db, service, act="credential.issued", actor="wallet", subject=f"copy:{one['id']}", data=data)


def _sign(db: Connection, service: Service, wanted: _Wanted, row: Row[Any], copies: Sequence[_Copy]) -> tuple[str, ...]:
    held = dataset.unseal(service, row.id, row.dataset, slots=row.slots, ends_on=row.ends_on)
    kind = wanted.kind
    claims = dict(held.claims)
    if wanted.slot is not None and held.person is not None:
        claims["pairwise_sub"] = dataset.pairwise_sub(service, held.person, wanted.slot)
    if "certificate" in kind.per_copy:
        claims["certificate"] = certificate.chain(db, service, row, copies[0].key, claims)
    _refuse_incomplete(kind, claims)
    signer, x5c = service.keys.signer("credentials"), service.keys.x5c("credentials")
    # As many digests as the type has claims: their number does not tell whose copy lacks an optional one (T62).
    decoys = sum(len(path) == 1 and path[0] not in claims for path in kind.disclosable)
    return tuple(
        FORMATS[FORMAT].issue(
            IssueRequest(
                type=kind.vct,
                issuer=service.base_url,
                claims=claims,
                disclosable=kind.disclosable,
                holder_key=copy.key,
                valid_until=copy.valid_until,
                status=copy.status,
                x5c=x5c,
                type_integrity=kind.integrity,
                decoys=decoys,
            ),
            signer=signer,
        )
        for copy in copies
    )


def _refuse_incomplete(kind: CredentialType, claims: dict[str, Any]) -> None:
    missing = [name for name in kind.mandatory if name not in claims]
    if missing:
        raise Refused("claim_missing", f"{kind.name} lacks {', '.join(missing)}")


def _denied(code: str, detail: str) -> ProtocolError:
    hints = {
        "credential_suspended": "Ask the issuing office to lift the suspension, then refresh.",
        "conflict": "Prove the keys that you sent first, or refresh for a new access token.",
    }
    hint = hints.get(code, "Ask the issuing office for a new credential.")
    return ProtocolError("credential_request_denied", detail, code=code, hint=hint)


def _wrong_key(detail: str) -> ProtocolError:
    return ProtocolError("invalid_proof", detail, code="holder_binding_invalid", hint="Prove the key that is due.")
