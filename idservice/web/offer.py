"""The page of a credential offer, for the room that makes offers: it says how to look one up.

`/offer/{handle}` for people, and the same address as JSON for a wallet. The page never shows the `tx_code`, the
receiver or a claim.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from idservice.problems import Refused
from idservice.service import Service
from idservice.source import source as source_of

from .rendering import page, reader_language, wants_json
from .texts import mark, translations


class Offer(Protocol):
    """What a page may know of an offer; `uri` is there only while it waits."""

    @property
    def state(self) -> str:
        """`waiting`, or how it ended."""

    @property
    def types(self) -> tuple[str, ...]:
        """Names of the credential types."""

    @property
    def tx_code(self) -> bool:
        """Whether the slip with the digits is needed."""

    @property
    def expires_at(self) -> datetime:
        """When it ends."""

    @property
    def uri(self) -> str | None:
        """The `openid-credential-offer://` link."""


class Describe(Protocol):
    """How the issuer looks an offer up. Raises Refused (`offer_expired`, `rate_limited`)."""

    def __call__(self, service: Service, handle: str, *, source: str) -> Offer: ...


ENDED: Mapping[str, str] = {
    "redeemed": mark("It has been used."),
    "issued": mark("It has been used, and the credential is in a wallet."),
    "expired": mark("Its time has run out."),
    "killed": mark("Its code was typed wrong five times."),
    "cancelled": mark("The office has withdrawn it."),
}


def public_router(service: Service, describe: Describe) -> APIRouter:
    """Return the route of the offer page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/offer/{handle}")
    def offer_page(handle: str, request: Request) -> Response:
        found = describe(service, handle, source=source_of(service, request))
        if wants_json(request):
            if found.uri is None:
                raise Refused("offer_expired", "this offer is over")
            return JSONResponse({"offer": found.uri}, headers={"Cache-Control": "no-store", "Vary": "Accept"})
        language = reader_language(request)
        words: Callable[[str], str] = translations(language).gettext
        names = [_type_name(service, name, language) for name in found.types]
        values = {
            "waiting": found.uri is not None,
            "ended": words(ENDED.get(found.state, ENDED["expired"])),
            "issuer": _host(service),
            "types": names,
            "tx_code": found.tx_code,
            "uri": found.uri or "",
            "link": service.url(f"/offer/{handle}"),
            "expires_at": found.expires_at,
            "now": service.clock.now(),
        }
        return page("public/offer.html", values, language=language, status=200 if found.uri is not None else 410)

    return router


def _type_name(service: Service, name: str, language: str) -> str:
    names = service.types.get(name).names
    return names.get(language) or names.get("en", name)


def _host(service: Service) -> str:
    return service.base_url.partition("://")[2]
