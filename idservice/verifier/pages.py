"""The pages of a request: `/r/{handle}`, `/present/{handle}` with its event stream, `/result/{handle}`.

They work without JavaScript and say nothing that was disclosed. A code opens the page for anyone who has it; what
acts on a request, and its result, belong to the browser that showed it first (browser.py).
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from credentials.openid.wire import parse_form
from idservice import access, audit
from idservice.database import reading, transaction
from idservice.http import FormBody
from idservice.problems import Refused
from idservice.service import Service
from idservice.source import source as source_of
from idservice.web.rendering import page, reader_language, wants_json
from idservice.web.texts import translations

from . import ask, browser, explain, rows
from .answer import refuse
from .feed import Feed
from .find import by_handle
from .handles import shown
from .presentation import REQUEST_LIFETIME, EndedRequest, OpenRequest

NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def public_router(service: Service) -> APIRouter:
    """Return the page routes of the public listener."""
    router = APIRouter(include_in_schema=False)
    feed = Feed(service)

    @router.get("/r/{handle}")
    def short_link(handle: str, request: Request) -> Response:
        found = by_handle(service, request, handle)
        if not wants_json(request):
            return RedirectResponse(f"/present/{found.handle}", status_code=303, headers=NO_STORE)
        if not isinstance(found, OpenRequest):
            raise Refused("request_expired", "this request is over")
        return JSONResponse({"request": ask.link(service, found)}, headers={**NO_STORE, "Vary": "Accept"})

    @router.get("/present/{handle}")
    def present(handle: str, request: Request) -> Response:
        return show_request(service, request, by_handle(service, request, handle))

    @router.post("/present/{handle}/more")
    def more_time(handle: str, request: Request, body: FormBody) -> Response:
        found = _from_its_page(service, request, handle, body)
        extend(service, found)
        return RedirectResponse(f"/present/{found.handle}", status_code=303, headers=NO_STORE)

    @router.post("/present/{handle}/cancel")
    def cancel(handle: str, request: Request, body: FormBody) -> Response:
        found = _from_its_page(service, request, handle, body)
        if isinstance(found, OpenRequest):
            with transaction(service.engine) as db:
                refuse(db, service, found, actor="resident", error="access_denied")
        return RedirectResponse(f"/present/{found.handle}", status_code=303, headers=NO_STORE)

    @router.get("/present/{handle}/events")
    async def events(handle: str, request: Request) -> StreamingResponse:
        found = await run_in_threadpool(by_handle, service, request, handle)
        origin = source_of(service, request)
        feed.check_room(origin)  # last: of many that came at once, none may have waited since
        headers = {**NO_STORE, "X-Accel-Buffering": "no"}
        stream = feed.follow(found.handle, found.state, origin)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    @router.get("/result/{handle}")
    def result(handle: str, request: Request) -> Response:
        found = by_handle(service, request, handle)
        if not browser.owns(found, browser.session_of(service, request)):
            hint = "Open the result in the browser that showed the request."
            raise Refused("not_found", "this result belongs to another browser, or does not exist", hint=hint)
        if not isinstance(found, EndedRequest):
            return RedirectResponse(f"/present/{found.handle}", status_code=303, headers=NO_STORE)
        return show_result(service, request, found)

    return router


def show_request(service: Service, request: Request, found: OpenRequest | EndedRequest) -> Response:
    """Return the page of a request, and tie the request to this browser if it is the first."""
    language = reader_language(request)
    session = browser.session_of(service, request) or browser.new_session()
    is_open = isinstance(found, OpenRequest)
    with reading(service.engine) as db:
        agency = access.agency_by_id(service, db, found.agency_id)
    bound = browser.owns(found, session)
    if is_open and found.session_hash is None:
        with transaction(service.engine) as db:
            bound = rows.bind_session(db, found.id, browser.session_hash(session))
    words = translations(language).gettext
    purposes = [one for name, one in agency.purposes.items() if found.purpose in (None, name)]
    groups, not_asked = explain.asked(service, found.query, language)
    values: dict[str, Any] = {
        "agency": agency.names.get(language, agency.name),
        "purpose": explain.purpose_words(purposes, language),
        "asked": groups,
        "not_asked": not_asked,
        "kept": explain.retention_words(purposes, language),
        "policy_url": agency.policy_url if (agency.policy_url or "").startswith("https://") else None,
        "state": found.state,
        "state_words": {state: words(text) for state, text in explain.STATE_WORDS.items()},
        "open": is_open,
        "bound": bound,
        "may_extend": not found.extended,
        "csrf": browser.form_token(service, found, session) if bound else "",
        "words": found.words,
        "link": service.url(f"/r/{shown(found.handle)}"),
        "request_uri": ask.link(service, found) if isinstance(found, OpenRequest) else "",
        "handle": shown(found.handle),
        "handle_plain": found.handle,
        "after": f"/result/{found.handle}" if bound else f"/present/{found.handle}",
        "expires_at": found.expires_at,
        "now": service.clock.now(),
    }
    response = page("verify/present.html", values, language=language)
    if bound:
        browser.give(service, response, session)
    return response


def extend(service: Service, found: OpenRequest | EndedRequest) -> None:
    """Give a request its one extension: five more minutes, asked anew. Raises Refused (`conflict`)."""
    ends = found.expires_at + REQUEST_LIFETIME
    anew = ask.fresh(service, found.id)
    with transaction(service.engine) as db:
        given = isinstance(found, OpenRequest) and rows.ask_again(
            db, found, now=service.clock.now(), expires_at=ends, **anew
        )
        if not given:
            raise Refused("conflict", "this request is over or has had its extension")
        audit.record(db, service, act="presentation.extended", actor="resident", subject=found.subject)


def show_result(service: Service, request: Request, found: EndedRequest) -> Response:
    """Return the explained verdict: every check in words, no disclosed value."""
    language = reader_language(request)
    with reading(service.engine) as db:
        agency = access.agency_by_id(service, db, found.agency_id)
    values = {
        **explain.outcome(found, language),
        "agency": agency.names.get(language, agency.name),
        "back": found.flow == "same_device",
        "checks": explain.check_rows(found.verdict) if found.verdict else [],
        "failures": explain.failures(found.verdict) if found.verdict else [],
    }
    return page("verify/result.html", values, language=language)


def _from_its_page(service: Service, request: Request, handle: str, body: bytes) -> OpenRequest | EndedRequest:
    found = by_handle(service, request, handle)
    token = parse_form(body).get("csrf", "")
    if not browser.form_fits(service, found, browser.session_of(service, request), token):
        raise Refused("not_found", "this form belongs to another browser", hint="Open the page of the request again.")
    return found
