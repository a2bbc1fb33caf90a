"""The browser that a request's page belongs to: a cookie of its own, and a token for the forms on the page (T60).

The first browser that shows a page is the one that may cancel, ask for more time and see the result. The database
holds a hash of the cookie only.
"""

import secrets
from hashlib import sha256
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie

from starlette.requests import HTTPConnection
from starlette.responses import Response

from did.encoding import b64url_encode
from idservice.service import Service

from .presentation import Request

MAX_COOKIE = 64


def _name(service: Service) -> str:
    # The prefix makes a browser refuse the cookie from a subdomain or over plain http, which dev uses.
    return "__Host-present" if service.base_url.startswith("https://") else "present"


def session_of(service: Service, connection: HTTPConnection) -> str | None:
    """Return the session value that a browser sent."""
    try:
        cookie = SimpleCookie(connection.headers.get("cookie", "")).get(_name(service))
    except CookieError:
        return None
    return cookie.value if cookie is not None and 0 < len(cookie.value) <= MAX_COOKIE else None


def new_session() -> str:
    """Return a fresh session value."""
    return secrets.token_urlsafe(16)


def give(service: Service, response: Response, session: str) -> None:
    """Set the cookie. `Lax`: it must come along when an agency's page sends the reader here."""
    secure = service.base_url.startswith("https://")
    response.set_cookie(_name(service), session, path="/", secure=secure, httponly=True, samesite="lax")


def session_hash(session: str) -> bytes:
    """Return what is stored of a session."""
    return sha256(session.encode()).digest()


def owns(request: Request, session: str | None) -> bool:
    """Say whether a request's page belongs to the browser with this session."""
    if session is None or request.session_hash is None:
        return False
    return compare_digest(session_hash(session), request.session_hash)


def form_token(service: Service, request: Request, session: str) -> str:
    """Return the token that a form on this page of this browser must bring (T75)."""
    return b64url_encode(service.keys.mac("presentation-form", f"{request.id}\0{session}".encode()))


def form_fits(service: Service, request: Request, session: str | None, token: str) -> bool:
    """Say whether a form comes from the page of the browser that the request belongs to."""
    if session is None or not owns(request, session):
        return False
    return compare_digest(form_token(service, request, session), token)
