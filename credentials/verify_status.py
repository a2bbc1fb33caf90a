"""The status of a verified credential: which list, whose key, how fresh, what it says.

draft-ietf-oauth-status-list-20 section 8.3; reading a list is `status/token_status_list.py`, getting
its bytes the caller's `StatusSource`. Threat cases T35-T37.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from credentials.errors import (
    CredentialRevoked,
    CredentialSuspended,
    FetchFailed,
    StatusInvalid,
    StatusUnavailable,
)
from credentials.formats.base import Found, VerifiedCredential
from credentials.status import token_status_list
from credentials.status.token_status_list import CheckedStatusList, StatusReference, parse_reference
from credentials.trust import TrustedIssuer, find_status_key
from did.methods.base import Fetch

SPEC = "Token Status List section 8.3"
_MAX_KEPT = 16


@dataclass(frozen=True, slots=True)
class FetchedStatusList:
    """A status list token as it came, and when it was fetched (its own publication time for our own rows)."""

    token: str
    fetched_at: datetime


class StatusSource(Protocol):
    """Where status list tokens come from: rows, a cache, a guarded fetch."""

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the token published at `uri`. Raises StatusUnavailable or FetchFailed when there is none."""


class NoStatus:
    """A `StatusSource` that has no list: every credential that names one is undetermined."""

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Raise StatusUnavailable."""
        raise StatusUnavailable(f"{uri} could not be read at {now:%H:%M} UTC: there is no source of status lists here")


def check_status(credential: VerifiedCredential, *, statuses: StatusSource, fetch: Fetch, now: datetime) -> Found:
    """Return what the status list says of a credential, when that is VALID.

    Raises CredentialRevoked, CredentialSuspended, StatusInvalid, or StatusUnavailable when nothing
    fresh could be had.
    """
    if credential.status_claim is None:
        return Found("the credential names no status list", "not_run")
    reference = parse_reference(credential.status_claim)
    try:
        fetched = statuses.get(reference.uri, now=now)
        checked = _checked_list(reference.uri, fetched, credential.issuer, fetch, now)
    except FetchFailed as exc:
        raise StatusUnavailable(f"the status list could not be read: {exc.detail}") from exc
    checked.ensure_fresh(now=now, fetched_at=fetched.fetched_at)
    where = _where(reference, now - fetched.fetched_at)
    value = checked.get(reference.index)
    if value == token_status_list.INVALID:
        raise CredentialRevoked(f"revoked, {where}")
    if value == token_status_list.SUSPENDED:
        raise CredentialSuspended(f"suspended, {where}")
    if value != token_status_list.VALID:
        raise StatusInvalid(f"status {value} has no meaning here, {where}")
    return Found(where)


class _Kept(NamedTuple):
    """A list whose signature was checked for `issuer`, under certificates that hold until `until`."""

    checked: CheckedStatusList
    issuer: TrustedIssuer
    until: datetime


_kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
_lock = threading.Lock()


def _checked_list(
    uri: str, fetched: FetchedStatusList, issuer: TrustedIssuer, fetch: Fetch, now: datetime
) -> CheckedStatusList:
    """Return the list of a token; one that was checked under certificates is not read, verified and inflated again."""
    name = (uri, fetched.token)
    with _lock:
        kept = _kept.get(name)
    if kept is not None and now <= kept.until and (kept.issuer is issuer or kept.issuer == issuer):
        return kept.checked
    token = token_status_list.parse_token(fetched.token)
    key, until = find_status_key(token.jws.header, issuer, fetch=fetch, now=now)
    checked = token_status_list.check_token(token, uri=uri, key=key, now=now)
    if until is not None:
        with _lock:
            _kept[name] = _Kept(checked, issuer, until)
            while len(_kept) > _MAX_KEPT:
                _kept.popitem(last=False)
    return checked


def _where(reference: StatusReference, age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    return f"list {reference.uri}, age {minutes} min"
