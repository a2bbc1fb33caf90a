"""The only place where the rooms are joined: the public app, the staff app, and both as one for development."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from idservice import answers
from idservice.background import Job
from idservice.guard import Guard
from idservice.issuer import jobs as issuer_jobs
from idservice.issuer import offers
from idservice.issuer import routes as issuer_routes
from idservice.registrar import jobs as registrar_jobs
from idservice.registrar import routes as registrar_routes
from idservice.registry import jobs as registry_jobs
from idservice.registry.routes import health_router
from idservice.registry.routes import public_router as registry_router
from idservice.service import Service
from idservice.verifier import pages as verifier_pages
from idservice.verifier import routes as verifier_routes
from idservice.verifier import upkeep as verifier_upkeep
from idservice.web import offer as offer_pages
from idservice.web import routes as web_routes
from idservice.web.problem_page import error_page


def public_routers(service: Service) -> list[APIRouter]:
    """Return the routers of the public listener, one audience at a time: wallets, agencies, people."""
    # The busiest first: a request is compared with each route in turn.
    return [
        issuer_routes.public_router(service),
        verifier_routes.agency_router(service),
        verifier_routes.public_router(service),
        registry_router(service),
        health_router(service),
        registrar_routes.public_router(service),
        verifier_pages.public_router(service),
        offer_pages.public_router(service, offers.describe),
        web_routes.public_router(service),
    ]


def staff_routers(service: Service) -> list[APIRouter]:
    """Return the routers of the staff listener."""
    return [issuer_routes.staff_router(service), registrar_routes.staff_router(service)]


def all_jobs(service: Service) -> list[Job]:
    """Return the background work of every room."""
    rooms = (registry_jobs, issuer_jobs, verifier_upkeep, registrar_jobs)
    return [job for room in rooms for job in room.jobs(service)]


def create_public_app(service: Service) -> ASGIApp:
    """Return the app of the public listener: wallet protocols, agency API, public pages, residents' own acts."""
    return _app(service, public_routers(service))


def create_staff_app(service: Service) -> ASGIApp:
    """Return the app of the staff listener: registrar API and console (threat model B2)."""
    return _app(service, [health_router(service), *staff_routers(service)])


def create_app(service: Service) -> ASGIApp:
    """Return both on one port; refused outside dev by `serve`."""
    return _app(service, [*public_routers(service), *staff_routers(service)])


def _app(service: Service, routers: Iterable[APIRouter]) -> ASGIApp:
    app = FastAPI(title="OpenResidency", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.error_page = error_page
    answers.install(app, service)
    for router in routers:
        app.include_router(router)
    return Guard(app, service)
