"""HTTP of the issuer room: the wallet's endpoints on the public listener, offers on the staff listener.

What is fixed for the life of a worker is built before the first request; an endpoint reads headers and body, calls
one action and wraps its result.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from idservice.access import source, staff
from idservice.database import reading, transaction
from idservice.http import FormBody, RawBody, media_type
from idservice.idempotency import Answer, answer
from idservice.issuer import authorization, credential, metadata, nonce, notification, offers, token
from idservice.issuer.offers import CreatedOffer, OfferItem, OfferState, OfferView
from idservice.problems import Refused
from idservice.service import Service

JSON = "application/json"
JWT = "application/jwt"
NO_STORE = {"Cache-Control": "no-store"}
VIEWING, OFFERING = 1, 2
"""Training levels, as for the same acts on a case (S29)."""
CACHED = {"Cache-Control": "public, max-age=300", "Vary": "Accept"}


def public_router(service: Service) -> APIRouter:
    """Return the endpoints that wallets call (OpenID4VCI 1.0)."""
    router = APIRouter(tags=["wallet protocol"])
    documents = metadata.build(service)

    @router.get("/.well-known/openid-credential-issuer")
    def issuer_metadata(request: Request) -> Response:
        """Credential issuer metadata: JSON, or signed where `Accept` is `application/jwt`."""
        if _wants_jwt(request):
            return Response(metadata.signed(service, documents), media_type=JWT, headers=CACHED)
        return Response(documents.issuer, media_type=JSON, headers=CACHED)

    @router.get("/.well-known/oauth-authorization-server")
    def server_metadata() -> Response:
        """Authorization server metadata (RFC 8414)."""
        return Response(documents.server, media_type=JSON, headers=CACHED)

    @router.get("/vci/offers/{link}")
    def offer_by_reference(link: str) -> Response:
        """The bare offer object behind a `credential_offer_uri`, while it waits."""
        with reading(service.engine) as db:
            body = offers.by_link(db, service, link)
        return Response(body, media_type=JSON, headers=NO_STORE)

    @router.post(token.PATH)
    def access_token(request: Request, body: FormBody) -> Response:
        """Redeem a pre-authorized code or a refresh token."""
        made = token.answer(service, body=body, proofs=_dpop(request), source=source(service, request))
        return Response(made, media_type=JSON, headers=NO_STORE)

    @router.post(nonce.PATH)
    def fresh_nonce() -> Response:
        """A new `c_nonce`, for anybody."""
        return Response(nonce.answer(service), media_type=JSON, headers=NO_STORE)

    @router.post(credential.PATH)
    def issue(request: Request, body: RawBody) -> Response:
        """Issue one copy for each proven key."""
        access = _authorize(service, request, credential.PATH)
        made = credential.answer(service, documents.parsed, access, _json(request, body))
        return Response(made, media_type=JSON, headers=NO_STORE)

    @router.post(notification.PATH, status_code=204)
    def notify(request: Request, body: RawBody) -> Response:
        """Hear what became of issued credentials."""
        access = _authorize(service, request, notification.PATH)
        notification.note(service, access, _json(request, body))
        return Response(status_code=204, headers=NO_STORE)

    return router


class NewOffer(BaseModel):
    """A direct offer: one credential of a type that needs no case."""

    model_config = ConfigDict(extra="forbid", strict=True)

    credential_configuration_id: Annotated[
        str, Field(max_length=64, description="As in the issuer's metadata.", examples=["official-role"])
    ]
    claims: Annotated[dict[str, object], Field(description="The dataset; what the type computes may be left out.")]
    tx_code: Annotated[bool, Field(description="Guard the offer by six digits, told to the receiver apart.")] = False


class MadeOffer(BaseModel):
    """A new offer with its secrets, shown this once."""

    id: str
    state: OfferState
    offer: Annotated[
        str, Field(description="The offer by reference: `openid-credential-offer://?credential_offer_uri=`")
    ]
    offer_by_value: Annotated[str, Field(description="The same offer with everything in the link.")]
    handle: Annotated[str, Field(description="For typing: the page is `/offer/{handle}`.")]
    tx_code: Annotated[str | None, Field(description="Six digits, where they were asked for.")] = None
    expires_at: str


class SeenOffer(BaseModel):
    """An offer as staff may see it later."""

    id: str
    state: OfferState
    types: list[str]
    expires_at: str
    tx_code_misses: int


IdempotencyKey = Annotated[str | None, Header(description="The same key gives the same answer for 24 h.")]


def staff_router(service: Service) -> APIRouter:
    """Return the registrar's endpoints for direct offers."""
    router = APIRouter(tags=["offers"])

    @router.post("/v1/offers", status_code=201)
    def create(request: Request, new: NewOffer, body: RawBody, idempotency_key: IdempotencyKey = None) -> Response:
        """Offer a credential without a case; only for types that say `direct_offer`."""
        with transaction(service.engine) as db:
            member = staff(service, request, db, roles=("registrar",), level=OFFERING)

            def act() -> Answer:
                made = _offer_directly(db, service, new, member.actor)
                return Answer(status=201, body=_made(made), secret_until=made.expires_at)

            operation = "POST /v1/offers"
            return answer(db, service, key=idempotency_key, actor=member.actor, operation=operation, body=body, act=act)

    @router.get("/v1/offers/{offer_id}")
    def read(request: Request, offer_id: str) -> Response:
        """State of an offer, its types and how many wrong codes it had."""
        with reading(service.engine) as db:
            staff(service, request, db, roles=("registrar", "approver", "auditor"), level=VIEWING)
            seen = _seen(offers.get(db, service, offer_id))
        return JSONResponse(seen, headers=NO_STORE)

    @router.post("/v1/offers/{offer_id}/cancel")
    def cancel(request: Request, offer_id: str, body: RawBody, idempotency_key: IdempotencyKey = None) -> Response:
        """End an offer that nobody has redeemed."""
        with transaction(service.engine) as db:
            member = staff(service, request, db, roles=("registrar",), level=OFFERING)

            def act() -> Answer:
                offers.cancel(db, service, offer_id, actor=member.actor)
                return Answer(status=200, body=_seen(offers.get(db, service, offer_id)))

            operation = f"POST /v1/offers/{offer_id}/cancel"
            return answer(db, service, key=idempotency_key, actor=member.actor, operation=operation, body=body, act=act)

    return router


def _offer_directly(db: Connection, service: Service, new: NewOffer, actor: str) -> CreatedOffer:
    kind = service.types.get(new.credential_configuration_id)
    if not kind.direct_offer:
        raise Refused("four_eyes_required", f"{kind.name} is offered through a case only", hint="Open a case.")
    return offers.create_offer(
        db,
        service,
        items=[OfferItem(type_name=kind.name, claims=new.claims)],
        case_id=None,
        tx_code=new.tx_code,
        holder_jkt=None,
        created_by=actor,
    )


def _made(made: CreatedOffer) -> dict[str, object]:
    body = MadeOffer(
        id=made.id,
        state="waiting",
        offer=made.uri,
        offer_by_value=made.uri_by_value,
        handle=made.handle,
        tx_code=made.tx_code,
        expires_at=_time(made.expires_at),
    )
    return body.model_dump(exclude_none=True)


def _seen(view: OfferView) -> dict[str, object]:
    seen = SeenOffer(
        id=view.id,
        state=view.state,
        types=list(view.types),
        expires_at=_time(view.expires_at),
        tx_code_misses=view.tx_code_misses,
    )
    return seen.model_dump()


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _authorize(service: Service, request: Request, path: str) -> authorization.Access:
    headers = request.headers.getlist("authorization")
    return authorization.authorize(
        service,
        authorization=headers[0] if len(headers) == 1 else None,
        proofs=_dpop(request),
        url=service.url(path),
    )


def _dpop(request: Request) -> list[str]:
    return request.headers.getlist("dpop")


def _json(request: Request, body: bytes) -> bytes:
    if media_type(request) != JSON:
        raise Refused("media_type_unsupported", "this endpoint takes JSON", hint="Send application/json.")
    return body


def _wants_jwt(request: Request) -> bool:
    """Tell whether the signed form was asked for by name: JSON is the form for everybody else (section 12.2.2)."""
    accepted = {part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")}
    return JWT in accepted and JSON not in accepted
