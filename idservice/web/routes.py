"""The pages that belong to no one room: `/help/errors`, and the static files."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from idservice.problems import Refused
from idservice.service import Service

from .help_texts import HELP
from .rendering import page, reader_language
from .static_files import static_router


def public_router(_service: Service) -> APIRouter:
    """Return the routes of the public listener."""
    router = APIRouter(include_in_schema=False)

    @router.get("/help/errors")
    def help_list(request: Request) -> Response:
        entries = sorted(HELP.items(), key=lambda entry: entry[1].title)
        return page("public/help_list.html", {"entries": entries}, language=reader_language(request))

    @router.get("/help/errors/{code}")
    def help_page(code: str, request: Request) -> Response:
        found = HELP.get(code)
        if found is None:
            raise Refused("not_found", "no message of this service has this code", hint="See the list of all codes.")
        return page("public/help.html", {"code": code, "help": found}, language=reader_language(request))

    router.include_router(static_router())
    return router
