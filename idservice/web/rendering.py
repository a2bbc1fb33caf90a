"""Pages: one template environment for each language, and the headers that every page carries.

Templates escape by themselves; text from outside also goes through `outside` (safe_text.py). A page is never
kept by a cache, never framed, loads nothing from elsewhere and runs no script of its own text (T72).
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection

from .qr import qr_svg
from .safe_text import number, outside, visible
from .static_files import static_url
from .texts import DEFAULT_LANGUAGE, LANGUAGES, choose_language, moment, translations

TEMPLATES = Path(__file__).parent / "templates"

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "digital-credentials-get=(self), clipboard-write=(self), camera=()",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Accept, Accept-Language",
}
"""Headers of the public and verifier pages."""


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = translations(language)
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(
        language=language,
        direction=LANGUAGES[language],
        static=static_url,
        qr=qr_svg,
    )
    environment.filters.update(outside=outside, number=number, visible=visible, moment=_moment(language))
    # Newstyle: what a sentence is filled with is escaped like all else. The extension adds the method.
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def _moment(language: str) -> Any:
    return lambda at: moment(at, language)


def reader_language(connection: HTTPConnection) -> str:
    """Return the language to answer a reader in."""
    return choose_language(connection.headers.get("accept-language"))


def render(template: str, values: Mapping[str, Any], *, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text of a page."""
    return _environment(language).get_template(template).render(values)


def page(
    template: str, values: Mapping[str, Any], *, language: str = DEFAULT_LANGUAGE, status: int = 200
) -> HTMLResponse:
    """Return a page as a response with every header of `PAGE_HEADERS`."""
    text = render(template, values, language=language)
    return HTMLResponse(text, status_code=status, headers={**PAGE_HEADERS, "Content-Language": language})


def wants_json(connection: HTTPConnection) -> bool:
    """Say whether the caller is a program: it accepts JSON and does not accept HTML."""
    accepted = connection.headers.get("accept", "").lower()
    return "json" in accepted and "text/html" not in accepted
