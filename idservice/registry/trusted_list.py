"""The signed list of issuers and agencies: rebuilt when its content changes, signed anew each hour (contract.md 4)."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from credentials.openid import purposes
from credentials.signed_list import LIFETIME, ListedAgency, ListedIssuer, build_trusted_list
from credentials.x509 import fingerprint
from did.encoding import b64_encode
from idservice.access import Agency, Purpose, all_agencies
from idservice.database import reading, transaction
from idservice.registry.rows import trusted_lists
from idservice.registry.trust import policy
from idservice.service import Service

NAME = "main"
RENEWED = timedelta(hours=1)


def token(service: Service) -> str:
    """Return the list in force, brought up to date first where it lags behind the rows or the clock."""
    with reading(service.engine) as db:
        row = db.execute(select(trusted_lists).where(trusted_lists.c.name == NAME)).one_or_none()
        current = row is not None and row.content_digest == _digest(service, db)
    if row is None or not current or row.issued_at + RENEWED <= service.clock.now():
        return refresh(service)
    return str(row.token)


def refresh(service: Service) -> str:
    """Sign the list again and return it; its sequence number grows when what it says has changed."""
    with transaction(service.engine) as db:
        found = select(trusted_lists).where(trusted_lists.c.name == NAME).with_for_update()
        row = db.execute(found).one_or_none()
        digest = _digest(service, db)
        sequence = 1 if row is None else row.sequence + (row.content_digest != digest)
        now = service.clock.now() if row is None else max(service.clock.now(), row.issued_at)
        signed = build_trusted_list(
            signer=service.keys.signer("list"),
            publisher=service.base_url,
            sequence=sequence,
            next_key=service.keys.signer("list-next").public_key,
            issuers=_issuers(service, db),
            agencies=_agencies(service, db),
            request_anchors=[service.keys.roots()["requests"]],
            now=now,
            lifetime=LIFETIME,
        )
        values = {"sequence": sequence, "content_digest": digest, "token": signed, "issued_at": now}
        if row is None:
            db.execute(insert(trusted_lists).values(name=NAME, **values))
        else:
            db.execute(update(trusted_lists).where(trusted_lists.c.name == NAME).values(**values))
    return signed


def _digest(service: Service, db: Connection) -> bytes:
    content = (_issuers(service, db), _agencies(service, db), service.keys.roots()["requests"])
    return sha256(_plain(content).encode()).digest()


def _plain(value: object) -> str:
    """Spell a value of dataclasses and collections so that equal content gives equal text."""
    if isinstance(value, frozenset):
        return "{" + ",".join(sorted(map(_plain, value))) + "}"
    if isinstance(value, tuple | list):
        return "(" + ",".join(map(_plain, value)) + ")"
    if isinstance(value, dict):
        return "[" + ",".join(sorted(f"{_plain(key)}={_plain(each)}" for key, each in value.items())) + "]"
    if isinstance(value, bytes):
        return b64_encode(value)
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is not None:
        return f"{type(value).__name__}:" + ",".join(_plain(getattr(value, name)) for name in fields)
    return repr(value)


def _issuers(service: Service, db: Connection) -> list[ListedIssuer]:
    return [
        ListedIssuer(
            id=issuer.id,
            names={"en": issuer.name},
            types=issuer.types,
            anchors=issuer.anchors,
            leaf_names=tuple(sorted(issuer.leaf_names)),
            dids=tuple(sorted(issuer.dids)),
            status_anchors=issuer.status_anchors,
            status_leaf_names=tuple(sorted(issuer.status_leaf_names)),
        )
        for issuer in policy(service, db).issuers
    ]


def _agencies(service: Service, db: Connection) -> list[ListedAgency]:
    return [_listed(service, agency) for agency in all_agencies(service, db)]


def _listed(service: Service, agency: Agency) -> ListedAgency:
    return ListedAgency(
        id=agency.id,
        names=agency.names,
        did=agency.did,
        certificates=tuple(fingerprint(der) for der in service.keys.agency_certificates(agency.id)),
        # Our verifier answers for its agencies, so every response goes to our own origin (T56).
        origins=(service.base_url,),
        purposes=tuple(map(_purpose, agency.purposes.values())),
        policy_url=agency.policy_url,
    )


def _purpose(purpose: Purpose) -> purposes.Purpose:
    return purposes.Purpose(
        id=purpose.name,
        labels=purpose.description,
        claims={vct: tuple(sorted(paths, key=repr)) for vct, paths in sorted(purpose.claims.items())},
        everything=purpose.everything,
        retention=purpose.retention,
        transaction_data_types=purpose.transaction_data_types,
    )
