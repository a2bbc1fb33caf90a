"""Status lists for the wallet's own checks: fetched whole, kept inside the seal, never one credential asked (T64)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from credentials.errors import StatusUnavailable
from credentials.status.token_status_list import MAX_COMPRESSED_BYTES, MEDIA_TYPE, parse_token
from credentials.verify import FetchedStatusList
from did.errors import FetchFailed, IdError
from wallet_cli.model import CachedText

if TYPE_CHECKING:
    from wallet_cli.session import Session

MAX_TOKEN_BYTES: Final = MAX_COMPRESSED_BYTES * 2
DEFAULT_TTL: Final = timedelta(minutes=5)


class CachedStatuses:
    """A `StatusSource`: the kept list while it is younger than its `ttl`, else a fresh one, else the kept one.

    Whether a kept one is still good enough is the verification's to say (past `exp` or twice `ttl`).
    """

    def __init__(self, session: "Session", *, renew: bool = False) -> None:
        self._session = session
        self._renew = renew
        self._fetched: set[str] = set()

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the list at `uri`. Raises StatusUnavailable when there is none and none can be fetched."""
        kept = self._session.wallet.statuses.get(uri)
        if kept is not None and uri not in self._fetched and (self._renew or not _young(kept, now)):
            kept = self._fetch(uri, now) or kept
        if kept is None:
            kept = self._fetch(uri, now)
        if kept is None:
            raise StatusUnavailable("the status list could not be fetched")
        return FetchedStatusList(token=kept.body, fetched_at=kept.fetched_at)

    def _fetch(self, uri: str, now: datetime) -> CachedText | None:
        self._fetched.add(uri)
        try:
            fetched = self._session.client.fetch(uri, accept=MEDIA_TYPE, max_bytes=MAX_TOKEN_BYTES)
            if fetched.status != 200:
                return None
            text = fetched.body.decode("ascii")
            parse_token(text)
        except (FetchFailed, IdError, UnicodeDecodeError):
            return None
        self._session.wallet.statuses[uri] = CachedText(body=text, fetched_at=now)
        return self._session.wallet.statuses[uri]


def _young(kept: CachedText, now: datetime) -> bool:
    try:
        token = parse_token(kept.body)
    except IdError:
        return False
    ttl = token.ttl or DEFAULT_TTL
    alive = token.expires_at is None or now < token.expires_at
    return alive and kept.fetched_at <= now < kept.fetched_at + ttl


def age(session: "Session", uri: str) -> timedelta | None:
    """How old the kept list at `uri` is; None when none is kept."""
    kept = session.wallet.statuses.get(uri)
    return None if kept is None else session.now() - kept.fetched_at
