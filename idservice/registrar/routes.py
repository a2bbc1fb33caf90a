"""HTTP of residents' own acts, on the public listener: apply, follow, answer, freeze, revoke.

Proof of possession is the signed form itself, or a DPoP proof without an access token (RFC 9449 shape).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.engine import Connection

from idservice.access import source
from idservice.database import transaction
from idservice.registry import status
from idservice.service import Service

from . import holder, intake, rows, views
from .models import Empty, SignedForm
from .staff_routes import staff_router

__all__ = ["public_router", "staff_router"]

DpopHeader = Annotated[str | None, Header(alias="DPoP", description="DPoP proof by a key of the case.")]
_NO_STORE = {"Cache-Control": "no-store"}


def public_router(service: Service) -> APIRouter:
    """Return the endpoints of applicants and holders."""
    router = APIRouter(tags=["applications"])

    @router.post("/v1/applications", status_code=201)
    def apply(request: Request, body: SignedForm, dpop: DpopHeader = None) -> Response:
        """Send an application signed by the auth key; a renewal that names the old case also proves the old key."""
        made = intake.submit(
            service, body.application, dpop=dpop, path="/v1/applications", source=source(service, request)
        )
        return JSONResponse(made.to_json(), status_code=201, headers=_NO_STORE)

    @router.get("/v1/applications/{id}")
    def follow(request: Request, id: str, dpop: DpopHeader = None) -> Response:
        """State, question and legal reason of one's own case; proof by the auth key."""
        origin = source(service, request)
        holder.guard(service, origin)
        proof = holder.prove(service, dpop, method="GET", path=f"/v1/applications/{id}")
        with transaction(service.engine) as db:
            case = holder.own_case(db, service, id, proof.jkt, source=origin)
            seen = views.for_applicant(db, service, case)
        return JSONResponse(seen, headers=_NO_STORE)

    @router.post("/v1/applications/{id}/answer")
    def answer(request: Request, id: str, body: SignedForm) -> Response:
        """Answer an officer's question by a new signed form."""
        origin = source(service, request)
        holder.guard(service, origin)
        case = intake.answer(service, id, body.application, source=origin)
        return JSONResponse({"id": case.id, "number": case.number, "state": case.state}, headers=_NO_STORE)

    @router.post("/v1/applications/{id}/freeze")
    def freeze(request: Request, id: str, body: Empty | None = None, dpop: DpopHeader = None) -> Response:  # noqa: ARG001
        """Suspend one's own credentials at once; proof by the auth or the sign key."""
        return _own_act(service, request, id, dpop, "freeze", holder.freeze)

    @router.post("/v1/applications/{id}/revoke")
    def revoke(request: Request, id: str, body: Empty | None = None, dpop: DpopHeader = None) -> Response:  # noqa: ARG001
        """Withdraw one's application, or revoke one's credentials for good; proof by the auth or the sign key."""
        return _own_act(service, request, id, dpop, "revoke", holder.revoke)

    return router


Act = Callable[[Connection, Service, rows.CaseRow], rows.CaseRow]


def _own_act(service: Service, request: Request, case_id: str, dpop: str | None, name: str, act: Act) -> Response:
    origin = source(service, request)
    holder.guard(service, origin)
    proof = holder.prove(service, dpop, method="POST", path=f"/v1/applications/{case_id}/{name}")
    with transaction(service.engine) as db:
        case = act(db, service, holder.held_case(db, service, case_id, proof.jkt, source=origin))
    status.publish_now(service)
    return JSONResponse({"state": case.state}, headers=_NO_STORE)
