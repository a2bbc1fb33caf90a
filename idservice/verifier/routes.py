"""HTTP of the verifier: the agency API under `/v1`, what wallets fetch and post under `/vp`. Described in api.py."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request
from fastapi.responses import Response

from credentials.openid.request import MEDIA_TYPE, parse_request_uri_post
from idservice import access, idempotency
from idservice.database import reading, transaction
from idservice.http import FormBody, RawBody, media_type
from idservice.problems import Refused
from idservice.registry import trust
from idservice.service import Service

from . import answer, collect, request_object
from .ask import Ask, create
from .check import Judge, ReadOnce, read_items

NO_STORE = {"Cache-Control": "no-store"}
MAX_ASK = 64 * 1024
"""Bytes of a request to ask: the query goes into a signed object that wallets fetch."""

_JSON = "application/json"


def public_router(service: Service) -> APIRouter:
    """Return the routes of the wallet protocol (OpenID4VP 1.0)."""
    router = APIRouter(tags=["wallet protocol"])

    @router.get("/vp/requests/{request_ref}")
    def get_request(request_ref: str) -> Response:
        """The signed request object behind a `request_uri`."""
        return _request_object(request_object.fetch(service, request_ref))

    @router.post("/vp/requests/{request_ref}")
    def post_request(request_ref: str, body: FormBody) -> Response:
        """The signed request object with the wallet's own nonce inside."""
        wallet_nonce = parse_request_uri_post(body)
        return _request_object(request_object.fetch(service, request_ref, wallet_nonce=wallet_nonce))

    @router.post("/vp/responses/{response_ref}")
    def post_response(response_ref: str, body: FormBody) -> Response:
        """Take a wallet's answer: an encrypted presentation, or an error."""
        return Response(answer.receive(service, response_ref, body), media_type=_JSON, headers=NO_STORE)

    return router


def agency_router(service: Service) -> APIRouter:
    """Return the routes of the agency API."""
    router = APIRouter(prefix="/v1", tags=["agencies"])

    @router.post("/presentation-requests", status_code=201)
    def create_request(
        request: Request,
        ask: Ask,
        body: RawBody,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Ask a person to show credentials."""
        if len(body) > MAX_ASK:
            raise Refused("too_large", f"a request to ask has at most {MAX_ASK} bytes", hint="Ask for less at once.")
        with transaction(service.engine) as db:
            agency = access.agency(service, request, db)
            return idempotency.answer(
                db,
                service,
                key=idempotency_key,
                actor=agency.actor,
                operation="POST /v1/presentation-requests",
                body=body,
                act=lambda: create(db, service, agency, ask),
            )

    @router.get("/presentation-requests/{id}")
    def read_request(id: str, request: Request, response_code: str | None = None) -> Response:
        """State, verdict and, while they are kept, claims of one of your requests."""
        with reading(service.engine) as db:
            agency = access.agency(service, request, db)
        return _json(collect.read(service, agency, id, response_code=response_code))

    @router.post("/verify")
    def verify(request: Request, body: RawBody) -> Response:
        """Judge a credential or a presentation, or many under `items`."""
        with reading(service.engine) as db:
            access.agency(service, request, db)
            policy = trust.policy(service, db)
        if media_type(request) != _JSON:
            raise Refused("media_type_unsupported", "this endpoint takes JSON")
        items, batch = read_items(body)
        statuses = ReadOnce(trust.status_source(service))
        judge = Judge(policy=policy, fetch=service.fetch, statuses=statuses, now=service.clock.now())
        verdicts = [judge.judge(item).to_json() for item in items]
        return _json({"verdicts": verdicts} if batch else verdicts[0])

    return router


def _request_object(jwt: str) -> Response:
    return Response(jwt, media_type=MEDIA_TYPE, headers=NO_STORE)


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type=_JSON, headers=NO_STORE)
