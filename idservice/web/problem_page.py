"""A refusal as a page, for a reader whose browser asked for one."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from .help_texts import HELP
from .rendering import page, reader_language


def error_page(request: Request, problem: Mapping[str, Any]) -> Response:
    """Return the page of a problem document: what happened, what to do, the code and the id in the log."""
    values = {
        "help": HELP.get(problem["code"], HELP["internal"]),
        "code": problem["code"],
        "detail": problem["detail"],
        "id": problem["id"],
    }
    return page("public/problem.html", values, language=reader_language(request), status=problem["status"])
