"""What every message shares on the wire: forms, JSON bodies, the OAuth error shape (RFC 6749 5.2), Authorization."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlencode

from credentials.errors import IdError, ProtocolError
from did.encoding import json_object

FORM: Final = "application/x-www-form-urlencoded"
MAX_BODY_BYTES: Final = 1 << 20
MAX_PARAMETERS: Final = 64

_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ERROR_CODE: Final = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]{1,128}")
_NOT_IN_DESCRIPTION: Final = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")
_HOUSE_CODE: Final = re.compile(r"([a-z][a-z_]{2,40}): (.*)", re.DOTALL)
_TOKEN68: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,4096}=*")
_LAST_SECOND: Final = 253_402_300_799

NonceCheck = str | Callable[[str], None]
"""The one nonce that will do, or a function that raises when a nonce will not."""


def build_form(parameters: Mapping[str, str]) -> bytes:
    """Return parameters as an `application/x-www-form-urlencoded` body."""
    return urlencode(parameters).encode("ascii")


def parse_form(body: bytes | str, *, max_parameters: int = MAX_PARAMETERS) -> dict[str, str]:
    """Return the parameters of a form body or query string, empty values left out (RFC 6749 3.1).

    Unknown names are kept: they are the caller's to ignore. Raises ProtocolError `invalid_request` for a doubled name,
    bad UTF-8 or bad percent-encoding (T54).
    """
    if len(body) > MAX_BODY_BYTES:
        raise ProtocolError("invalid_request", "the form is too large", code="too_large")
    try:
        text = body.decode("ascii") if isinstance(body, bytes) else body
        if not text.isascii() or _PERCENT.search(text):
            raise ProtocolError("invalid_request", "the form is not percent-encoded as it should be")
        pairs = [pair.partition("=") for pair in text.split("&") if pair]
        if len(pairs) > max_parameters:
            raise ProtocolError("invalid_request", f"the form has more than {max_parameters} parameters")
        names = [_decoded(name) for name, _, _ in pairs]
        if len(set(names)) != len(names):
            raise ProtocolError("invalid_request", "the form has a parameter twice")
        return {name: _decoded(value) for name, (_, _, value) in zip(names, pairs, strict=True) if value}
    except UnicodeError as exc:
        raise ProtocolError("invalid_request", "the form is not UTF-8") from exc


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")


def build_json(value: object) -> bytes:
    """Return a JSON value as a body."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def parse_json(body: bytes | str, *, what: str, error: str = "invalid_request") -> dict[str, Any]:
    """Return the JSON object in a body, read strictly (T70). Raises ProtocolError `error`, naming `what`."""
    try:
        return json_object(body, max_bytes=MAX_BODY_BYTES)
    except IdError as exc:
        raise ProtocolError(error, f"{what} cannot be read: {exc.detail}") from exc


def build_error(error: ProtocolError) -> bytes:
    """Return the JSON body of an error; the description holds only characters RFC 6749 5.2 allows."""
    return build_json({"error": error.error, "error_description": describe(error)})


def describe(error: ProtocolError) -> str:
    """Return the `error_description` of an error: house code, colon, words, in the characters that are allowed."""
    return _NOT_IN_DESCRIPTION.sub("'", error.description)


def parse_error(body: bytes) -> ProtocolError:
    """Return the error in a JSON body, to be raised. What is not such a body gives `server_error`, code `malformed`."""
    try:
        value = json_object(body, max_bytes=1 << 16)
    except IdError:
        return ProtocolError("server_error", "the server answered with something else than an OAuth error")
    name, description = value.get("error"), value.get("error_description", "")
    if not isinstance(name, str) or not _ERROR_CODE.fullmatch(name) or not isinstance(description, str):
        return ProtocolError("server_error", "the server answered with something else than an OAuth error")
    return read_error(name, description)


def read_error(name: str, description: str) -> ProtocolError:
    """Return the error that `error` and `error_description` spell; the house code, if there is one, taken out."""
    found = _HOUSE_CODE.fullmatch(description[:1000])
    if found:
        return ProtocolError(name, found[2], code=found[1])
    return ProtocolError(name, description[:1000] or name)


def parse_authorization(header: str | None) -> tuple[str, str]:
    """Return the scheme in lower case (`dpop` or `bearer`) and the token of an Authorization header.

    Raises ProtocolError `invalid_token` (code `unauthenticated`). RFC 6750 2.1, RFC 9449 7.1.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() not in ("dpop", "bearer") or not _TOKEN68.fullmatch(token):
        raise ProtocolError(
            "invalid_token",
            "the Authorization header has no access token",
            code="unauthenticated",
            hint="Send the access token as Authorization: DPoP (or Bearer, where that was granted).",
        )
    return scheme.lower(), token


def text_member(
    value: Mapping[str, Any], name: str, *, what: str, error: str = "invalid_request", max_chars: int = 4096
) -> str | None:
    """Return a string member, None when absent. Raises ProtocolError `error` for another type, empty or overlong."""
    text = value.get(name)
    if text is None and name not in value:
        return None
    if not isinstance(text, str) or not text or len(text) > max_chars:
        raise ProtocolError(error, f"{name} of {what} is not a string of 1 to {max_chars} characters")
    return text


def required_text(value: Mapping[str, Any], name: str, *, what: str, error: str = "invalid_request") -> str:
    """Return a string member. Raises ProtocolError `error` when it is absent or not a string."""
    text = text_member(value, name, what=what, error=error)
    if text is None:
        raise ProtocolError(error, f"{what} has no {name}")
    return text


def text_array(
    value: Mapping[str, Any], name: str, *, what: str, error: str = "invalid_request", max_items: int = 256
) -> tuple[str, ...] | None:
    """Return an array of non-empty strings, None when absent. Raises ProtocolError `error`."""
    items = value.get(name)
    if items is None and name not in value:
        return None
    if not isinstance(items, list) or len(items) > max_items:
        raise ProtocolError(error, f"{name} of {what} is not an array of at most {max_items}")
    if not all(isinstance(item, str) and item for item in items):
        raise ProtocolError(error, f"{name} of {what} holds something else than strings")
    return tuple(items)


def time_member(value: Mapping[str, Any], name: str, *, what: str, error: str = "invalid_request") -> datetime | None:
    """Return a NumericDate member (RFC 7519 2), None when absent. Raises ProtocolError `error` for anything else."""
    if name not in value:
        return None
    seconds: Any = value[name]
    if type(seconds) not in (int, float) or not 0 <= seconds <= _LAST_SECOND:
        raise ProtocolError(error, f"{name} of {what} is not a time")
    return datetime.fromtimestamp(seconds, UTC)
