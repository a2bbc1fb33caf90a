"""The `c_nonce`: self-contained, so that an endpoint open to all stores nothing (OpenID4VCI 1.0 section 7, T51).

base64url(8 bytes time in seconds || 16 random bytes || 16 bytes MAC over both). Every worker that holds the keys
accepts it for 5 minutes; once spent, its digest is kept until it would have expired anyway.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from credentials.errors import ProtocolError
from credentials.openid.credential import build_nonce_response
from did.encoding import b64url_decode, b64url_encode
from did.errors import Malformed
from idservice import single_use
from idservice.service import Service

PATH = "/vci/nonce"
LIFETIME = timedelta(minutes=5)
_SKEW = timedelta(seconds=60)
_BODY = 24
_MAC = 16


def answer(service: Service) -> bytes:
    """Return the body of the nonce endpoint. Section 7.2."""
    return build_nonce_response(fresh(service))


def fresh(service: Service) -> str:
    """Return a new `c_nonce`."""
    body = int(service.clock.now().timestamp()).to_bytes(8, "big") + secrets.token_bytes(16)
    return b64url_encode(body + _mac(service, body))


def check(service: Service, nonce: str) -> datetime:
    """Return when a `c_nonce` of ours ends; says nothing of whether it was spent.

    Raises ProtocolError `invalid_nonce` (code `nonce_mismatch`).
    """
    try:
        raw = b64url_decode(nonce, max_bytes=_BODY + _MAC)
    except Malformed as exc:
        raise _mismatch("the c_nonce is not one of ours") from exc
    body, mac = raw[:_BODY], raw[_BODY:]
    if len(raw) != _BODY + _MAC or not hmac.compare_digest(mac, _mac(service, body)):
        raise _mismatch("the c_nonce is not one of ours")
    made = datetime.fromtimestamp(int.from_bytes(body[:8], "big"), tz=UTC)
    now = service.clock.now()
    if not made - _SKEW <= now < made + LIFETIME:
        raise _mismatch("the c_nonce has expired")
    return made + LIFETIME


def spend(db: Connection, service: Service, nonce: str) -> None:
    """Take a `c_nonce` for good, in the transaction of the issue it serves.

    Raises ProtocolError `invalid_nonce` (code `request_replayed`) for one that was taken before.
    """
    if not single_use.consume(db, "c_nonce", nonce, expires_at=check(service, nonce) + _SKEW):
        raise ProtocolError(
            "invalid_nonce",
            "the c_nonce was used before",
            code="request_replayed",
            hint="Fetch a new c_nonce and prove the same keys under it.",
        )


def _mac(service: Service, body: bytes) -> bytes:
    return service.keys.mac("c-nonce", body)[:_MAC]


def _mismatch(detail: str) -> ProtocolError:
    return ProtocolError(
        "invalid_nonce",
        detail,
        code="nonce_mismatch",
        hint="Fetch a new c_nonce and prove the same keys under it.",
    )
