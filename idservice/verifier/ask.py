"""An agency asks: its request is checked against its registration and written down (OpenID4VP 1.0 section 5; T61)."""

import secrets
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Connection

from credentials.errors import ProtocolError
from credentials.openid import purposes, request, response
from credentials.openid.dcql import Query, parse_query
from did.keys import PrivateKey
from idservice import access, audit
from idservice.idempotency import Answer
from idservice.problems import Refused
from idservice.service import Service

from . import rows
from .handles import new_handle, shown
from .presentation import REQUEST_LIFETIME, Flow, OpenRequest

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

TRANSACTION_HOLDERS = frozenset({"signing", "mandate", "board-mandate", "tax-account", "benefit-entitlement"})
"""Types whose key may confirm a transaction; a `pid` never does."""

MAX_TRANSACTIONS = 16


class Ask(BaseModel):
    """What an agency sends: a `purpose`, a `dcql_query`, or a query for one purpose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str | None = Field(default=None, max_length=80)
    dcql_query: dict[str, Any] | None = None
    flow: Flow | None = None
    redirect_uri: str | None = Field(default=None, max_length=1500)
    client_id_prefix: Literal["x509_hash", "decentralized_identifier"] = "x509_hash"
    transaction_data: list[dict[str, Any]] | None = Field(default=None, min_length=1, max_length=MAX_TRANSACTIONS)
    webhook: str | None = Field(default=None, max_length=1500)


def create(db: Connection, service: Service, agency: access.Agency, ask: Ask) -> Answer:
    """Check what is asked, write the request down and return the 201 answer.

    Raises Refused: `malformed` (query, flow, redirect, transaction data), `over_asking`.
    """
    allowed = _purposes(agency, ask.purpose)
    query = _query(ask, allowed)
    parsed = _parse(query)
    transactions = _transaction_data(service, parsed, ask.transaction_data or ())
    kinds = [one["type"] for one in ask.transaction_data or ()]
    purposes.check_purpose(parsed, [registered(one) for one in allowed], transaction_data_types=kinds)
    flow = _flow(service, agency, ask)
    now, id = service.clock.now(), secrets.token_urlsafe(16)
    values = {
        "id": id,
        "agency_id": agency.id,
        "state": "waiting",
        "purpose": ask.purpose or _covering(parsed, allowed),
        "flow": flow,
        "client_id": client_id(service, agency, ask.client_id_prefix),
        "query": query,
        "transaction_data": transactions,
        "redirect_uri": ask.redirect_uri,
        "webhook_url": _webhook(service, agency, ask.webhook),
        "extended": False,
        "created_at": now,
        "expires_at": now + REQUEST_LIFETIME,
    }
    values |= fresh(service, id)
    while not rows.add(db, {**values, "handle": new_handle()}):
        pass  # one of 2^40 is taken
    data = {"purpose": ask.purpose, "flow": flow, "prefix": ask.client_id_prefix}
    audit.record(db, service, act="presentation.requested", actor=agency.actor, subject=f"presentation:{id}", data=data)
    found = rows.find(db, now=now, id=id)
    if not isinstance(found, OpenRequest):
        raise Refused("unavailable", "the request was not kept")
    return Answer(status=201, body=describe(service, found), secret_until=found.expires_at)


def describe(service: Service, made: OpenRequest) -> dict[str, Any]:
    """Return what an agency needs to show a request: link, page, handle, words and end."""
    return {
        "id": made.id,
        "state": "waiting",
        "flow": made.flow,
        "purpose": made.purpose,
        "request": link(service, made),
        "page": service.url(f"/present/{made.handle}"),
        "handle": shown(made.handle),
        "words": made.words,
        "client_id": made.client_id,
        "expires_at": stamp(made.expires_at),
    }


def link(service: Service, made: OpenRequest) -> str:
    """Return the `openid4vp://` link of a request."""
    return request.build_request_link(
        client_id=made.client_id, request_uri=service.url(f"/vp/requests/{made.request_ref}"), method="post"
    )


def fresh(service: Service, id: str) -> dict[str, Any]:
    """Return what one asking has of its own: nonce, `state`, ids under `/vp`, and a key that decrypts one answer.

    HAIP 1.0 section 5 wants an ephemeral key per request; its private part is sealed until the request ends.
    """
    key = PrivateKey.generate("ES256")
    return {
        "request_ref": secrets.token_urlsafe(16),
        "response_ref": secrets.token_urlsafe(16),
        "nonce": secrets.token_urlsafe(32),
        "wire_state": secrets.token_urlsafe(16),
        "key_jwk": response.encryption_key(key, kid=secrets.token_urlsafe(8)),
        "key_sealed": service.keys.seal(key.export_pkcs8(), context=key_context(id)),
    }


def key_context(id: str) -> str:
    """Return what ties a sealed decryption key to its row."""
    return f"presentation_requests.key_sealed:{id}"


def client_id(service: Service, agency: access.Agency, prefix: str) -> str:
    """Return the full client identifier of an agency, with its prefix (OpenID4VP 1.0 section 5.9.3)."""
    if prefix == "decentralized_identifier":
        return request.client_id_for_did(agency.did)
    return request.client_id_for_certificate(b64decode(service.keys.agency_x5c(agency.id)[0]))


def registered(purpose: access.Purpose) -> purposes.Purpose:
    """Return a registered purpose in the form that queries are compared with."""
    return purposes.Purpose(
        id=purpose.name,
        labels=purpose.description,
        claims={kind: tuple(sorted(paths, key=str)) for kind, paths in purpose.claims.items()},
        everything=purpose.everything,
        transaction_data_types=purpose.transaction_data_types,
    )


def _purposes(agency: access.Agency, name: str | None) -> list[access.Purpose]:
    if name is None:
        return list(agency.purposes.values())
    found = agency.purposes.get(name)
    if found is None:
        raise Refused(
            "over_asking",
            "this purpose is not registered for you",
            hint=f"Name one of your purposes: {', '.join(sorted(agency.purposes)) or 'none is registered'}.",
        )
    return [found]


def _covering(query: Query, allowed: Sequence[access.Purpose]) -> str | None:
    """Return the first purpose that covers the whole query by itself, for the page and the consent screen."""
    return next((one.name for one in allowed if not purposes.over_asking(query, [registered(one)])), None)


def _query(ask: Ask, allowed: Sequence[access.Purpose]) -> Mapping[str, Any]:
    if ask.dcql_query is not None:
        return ask.dcql_query
    if ask.purpose is None:
        raise Refused("malformed", "neither purpose nor dcql_query is there", hint="Name a purpose or send a query.")
    purpose = allowed[0]
    if purpose.query is not None:
        return purpose.query
    if len(purpose.claims) != 1:
        raise Refused(
            "malformed",
            "this purpose covers several types and has no query of its own",
            hint="Send dcql_query with the purpose, and ask for what you need.",
        )
    [(vct, paths)] = purpose.claims.items()
    claims = [{"path": list(path)} for path in sorted(paths, key=str)]
    entry = {"id": "credential", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}}
    return {"credentials": [{**entry, "claims": claims} if claims else entry]}


def _parse(query: Mapping[str, Any]) -> Query:
    try:
        return parse_query(query)
    except ProtocolError as wrong:
        # The query is a member of our own API here, so the refusal has the shape of ours.
        raise Refused("malformed", f"dcql_query: {wrong.detail}", hint="See OpenID4VP 1.0, section 6.") from wrong


def _transaction_data(service: Service, query: Query, asked: Sequence[Mapping[str, Any]]) -> list[str]:
    encoded = []
    for one in asked:
        kind, ids = one.get("type"), one.get("credential_ids")
        if not isinstance(kind, str) or not isinstance(ids, list) or not ids:
            raise Refused("malformed", "transaction_data: each member has a type and a list credential_ids")
        for id in ids:
            _check_transaction_holder(service, query, id)
        members = {name: value for name, value in one.items() if name not in ("type", "credential_ids")}
        encoded.append(request.build_transaction_data(kind, ids, **members))
    return encoded


def _check_transaction_holder(service: Service, query: Query, id: object) -> None:
    entry = query.credential(id) if isinstance(id, str) else None
    if entry is None:
        raise Refused("malformed", "transaction_data: credential_ids names a credential that the query does not ask")
    if not entry.require_holder_binding:
        raise Refused("malformed", "transaction_data needs holder binding", hint="OpenID4VP 1.0, appendix B.3.3.")
    types = {kind for alternative in entry.types for kind in alternative}
    allowed = {kind.vct for kind in service.types if kind.name in TRANSACTION_HOLDERS}
    if not types or not types <= allowed:
        raise Refused(
            "malformed",
            "transaction_data: this type of credential cannot confirm a transaction",
            hint=f"Bind it to one of: {', '.join(sorted(TRANSACTION_HOLDERS))}.",
        )


def _flow(service: Service, agency: access.Agency, ask: Ask) -> Flow:
    flow = ask.flow or ("same_device" if ask.redirect_uri is not None else "cross_device")
    if (flow == "same_device") != (ask.redirect_uri is not None):
        raise Refused(
            "malformed",
            "redirect_uri belongs to the same-device flow, and that flow needs one",
            hint="Send flow same_device with a registered redirect_uri, or cross_device without.",
        )
    if ask.redirect_uri is not None and ask.redirect_uri not in agency.redirect_uris:
        _check_unregistered(service, ask.redirect_uri, "redirect_uri")
    return flow


def _webhook(service: Service, agency: access.Agency, asked: str | None) -> str | None:
    if asked is not None and asked != agency.webhook_url:
        _check_unregistered(service, asked, "webhook")
    return asked or agency.webhook_url


def _check_unregistered(service: Service, url: str, member: str) -> None:
    """Let an address that is not registered pass in dev only, and there only on this machine (contract of dev mode)."""
    try:
        parts = urlsplit(url) if url.isascii() else None
    except ValueError:  # such as an unfinished IPv6 address
        parts = None
    host = parts.netloc.rpartition("@")[2].partition(":")[0] if parts else ""
    if service.settings.dev and parts and parts.scheme in ("http", "https") and host in LOOPBACK and not parts.fragment:
        return
    raise Refused("malformed", f"{member} is not registered for you", hint="Addresses are compared letter by letter.")


def stamp(at: Any) -> str:
    """Return a time as the API writes it: RFC 3339 in UTC, whole seconds."""
    text: str = (at - timedelta(microseconds=at.microsecond)).isoformat()
    return text.replace("+00:00", "Z")
